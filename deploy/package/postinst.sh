#!/bin/sh
# After the package's files are in place: the user, the modes, and systemd's notice. A
# processor that runs is restarted, which hands its work over; none is started that
# was not, for its configuration has to be written first.
set -e
if [ "$1" != configure ]; then exit 0; fi
if command -v systemd-sysusers > /dev/null; then
	systemd-sysusers bank-processor.conf
fi
if command -v systemd-tmpfiles > /dev/null; then
	systemd-tmpfiles --create bank-processor.conf
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if [ -n "$2" ]; then systemctl try-restart bank-processor.service; fi
fi
