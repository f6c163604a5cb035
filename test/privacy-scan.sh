#!/usr/bin/env bash
# Searches the output of a test run for the made-up people that the tests are
# about, and for the simulator's secrets: none of it may be printed.
#
#   go test -race -v ./... 2>&1 | test/privacy-scan.sh
#
# It passes its input on, and exits 1 and shows the lines if it finds any. The
# names of tests and subtests are ours, and are not looked at.
set -euo pipefail
export LC_ALL=C
canaries="$(dirname "$0")/privacy-canaries.txt"
copy="$(mktemp)"
trap 'rm -f "$copy"' EXIT
tee "$copy"

looked_at() { grep -avE '^ *(=== (RUN|PAUSE|CONT|NAME)|--- (PASS|FAIL|SKIP):)' "$1"; }

# A search that can find nothing proves nothing.
if ! printf 'level=WARN msg="no customer 10000000146"\n' | grep -aqiFf "$canaries"; then
	echo "privacy scan: the search finds nothing at all" >&2
	exit 2
fi
if [ ! -s "$copy" ]; then
	echo "privacy scan: there is nothing to search" >&2
	exit 2
fi
if found="$(looked_at "$copy" | grep -aniFf "$canaries")"; then
	printf '\nprivacy scan: personal data or a secret was printed:\n%s\n' "$found" >&2
	exit 1
fi
printf 'privacy scan: %d lines, clean\n' "$(wc -l < "$copy")"
