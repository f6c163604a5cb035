#!/usr/bin/env bash
# The tests of this directory with all that they need: makes the tools (tools.sh), and
# asks for a Docker engine, docker-compose, dpkg and systemd-analyze. KAFKA_IMAGE and
# REGISTRY_IMAGE choose the images of compose. Arguments go to `go test`.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
"$here/tools.sh"
cd "$here/../.."
exec go test -count 1 -timeout 10m "$@" ./test/deploy
