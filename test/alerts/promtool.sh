#!/usr/bin/env bash
# Prints where promtool is: the machine's, or Debian's, unpacked into out/promtool. The
# package itself is not installed, for it would start a Prometheus.
#
#   PROMTOOL=$(test/alerts/promtool.sh) go test ./test/alerts
set -euo pipefail
out="$(cd "$(dirname "$0")/../.." && pwd)/out/promtool"
if command -v promtool; then exit; fi
if [ ! -x "$out/usr/bin/promtool" ]; then
	command -v apt-get > /dev/null || { echo "promtool is missing: install Prometheus' tools" >&2; exit 1; }
	mkdir -p "$out"
	work="$(mktemp -d)"
	fetch() { (cd "$work" && apt-get -o APT::Sandbox::User=root download -qq prometheus >&2); }
	fetch 2> /dev/null || { apt-get update -qq >&2 && fetch; } # no list of packages yet
	dpkg -x "$work"/prometheus_*.deb "$out"
	rm -rf "$work"
fi
printf '%s\n' "$out/usr/bin/promtool"
