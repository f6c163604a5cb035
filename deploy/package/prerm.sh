#!/bin/sh
# Before the package's files go. An upgrade leaves the processor running.
set -e
case "$1" in
remove | 0) ;; # Debian, and RPM's number of those that stay
*) exit 0 ;;
esac
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
	systemctl disable --now bank-processor.service
fi
