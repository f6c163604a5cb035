#!/usr/bin/env bash
# One schema registry (Apicurio, Confluent's API under /apis/ccompat/v7) on
# loopback, from package.sh. It keeps its schemas in memory.
#
#   test/registry/registry.sh run   DIR [PORT]   in the foreground
#   test/registry/registry.sh start DIR [PORT]   in the background, and waits until it serves
#   test/registry/registry.sh stop  DIR
#
# DIR keeps the log (log) and the process id (pid). PORT is 8081 if not given.
#
# REGISTRY_HEAP   the registry's heap (256m)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=test/until.sh
. "$here/../until.sh"

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

[ $# -ge 2 ] || usage
verb="$1" port="${3:-8081}"
mkdir -p "$2"
dir="$(cd "$2" && pwd)"

alive() { [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2> /dev/null; }
serving() { ! alive || grep -q 'Listening on' "$dir/log"; }
gone() { ! alive; }

java_main() {
	QUARKUS_HTTP_HOST=127.0.0.1 HTTP_PORT="$port" exec java -Xmx"${REGISTRY_HEAP:-256m}" -jar "$home/registry-runner.jar"
}

case "$verb" in
run | start)
	if alive; then echo "a registry is already running on $dir" >&2; exit 1; fi
	home="$("$here/package.sh")"
	;;&
run)
	echo $$ > "$dir/pid"
	java_main
	;;
start)
	(trap '' HUP; java_main) < /dev/null > "$dir/log" 2>&1 &
	echo $! > "$dir/pid"
	if ! until_within 60 serving || ! alive; then
		echo "the registry does not serve; the end of $dir/log:" >&2
		tail -n 20 "$dir/log" >&2
		exit 1
	fi
	;;
stop)
	if alive; then
		kill "$(cat "$dir/pid")"
		until_within 30 gone || { echo "the registry does not stop" >&2; exit 1; }
	fi
	rm -f "$dir/pid"
	;;
*) usage ;;
esac
