#!/usr/bin/env bash
# Compiles ParallelConsumer.java and prints the class path to run it with.
#
# PARALLELCONSUMER_OUT   where jars and classes are kept (out/parallelconsumer)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
exec "$here/../../test/javac.sh" "$here" "${PARALLELCONSUMER_OUT:-$here/../../out/parallelconsumer}"
