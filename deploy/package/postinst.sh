#!/bin/sh
# After the package's files are in place: the user, the modes, and systemd's notice. A
# processor that runs is restarted, which hands its work over; none is started that
# was not, for its configuration has to be written first.
set -e
case "$1" in
configure) upgraded="$2" ;; # Debian: the version before, if any
1) upgraded= ;;             # RPM: how many there are now
2) upgraded=yes ;;
*) exit 0 ;;
esac
root="${DPKG_ROOT:-}"
if command -v systemd-sysusers > /dev/null; then
	systemd-sysusers ${root:+--root="$root"} bank-processor.conf
fi
if command -v systemd-tmpfiles > /dev/null; then
	systemd-tmpfiles ${root:+--root="$root"} --create bank-processor.conf
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if [ -n "$upgraded" ]; then systemctl try-restart bank-processor.service; fi
fi
