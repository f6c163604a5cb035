#!/bin/sh
# Before the package's files go: an upgrade leaves the processor running.
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl disable --now bank-processor.service
fi
