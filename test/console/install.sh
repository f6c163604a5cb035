#!/usr/bin/env bash
# Installs what the browser tests drive Chromium with, and prints where Node.js finds it.
# Needs Node.js 18 or newer with npm, and Chromium: Debian's packages nodejs, npm and
# chromium. What is there already is not fetched again.
#
#   test/console/install.sh [OUT]
set -euo pipefail
packages=(playwright-core@1.65.1 axe-core@4.14.1)

out="${1:-$(cd "$(dirname "$0")/../.." && pwd)/out/browser}"
for program in node npm; do
	command -v "$program" >/dev/null || { echo "$program is missing: apt-get install nodejs npm" >&2; exit 1; }
done
mkdir -p "$out"
if [ "$(cat "$out/installed" 2>/dev/null)" != "${packages[*]}" ]; then
	npm install --prefix "$out" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error --save-exact "${packages[@]}" >&2
	printf '%s' "${packages[*]}" > "$out/installed"
fi
printf '%s\n' "$out/node_modules"
