#!/usr/bin/env bash
# A Docker engine where none runs: Debian, as root, without systemd or a terminal.
#
#   test/docker/engine.sh start DIR   installs what is missing and starts dockerd, unless one answers
#   test/docker/engine.sh stop  DIR   ends the dockerd that start has started; no other
#
# DIR keeps dockerd's log (dockerd.log) and, while it is ours, its process id
# (dockerd.pid). Images and containers lie where dockerd keeps them by default.
set -euo pipefail
# shellcheck source=test/until.sh
. "$(dirname "${BASH_SOURCE[0]}")/../until.sh"

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
answers() { docker info > /dev/null 2>&1; }
alive() { [ -s "$dir/dockerd.pid" ] && kill -0 "$(cat "$dir/dockerd.pid")" 2> /dev/null; }
gone() { ! alive; }
up_or_gone() { answers || gone; }

install_missing() {
	if command -v dockerd > /dev/null && command -v iptables > /dev/null && command -v docker > /dev/null; then return; fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends docker.io iptables > /dev/null
}

[ $# -eq 2 ] || usage
mkdir -p "$2"
dir="$(cd "$2" && pwd)"

case "$1" in
start)
	if answers; then exit 0; fi
	install_missing
	setsid dockerd < /dev/null > "$dir/dockerd.log" 2>&1 &
	echo $! > "$dir/dockerd.pid"
	if ! until_within 60 up_or_gone || ! answers; then
		echo "the Docker engine does not answer; the end of $dir/dockerd.log:" >&2
		tail -n 20 "$dir/dockerd.log" >&2
		exit 1
	fi
	;;
stop)
	if alive; then
		kill "$(cat "$dir/dockerd.pid")"
		until_within 60 gone || { echo "the Docker engine does not stop" >&2; exit 1; }
	fi
	rm -f "$dir/dockerd.pid"
	;;
*) usage ;;
esac
