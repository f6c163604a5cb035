#!/usr/bin/env bash
# Compiles the Java clients of this directory and prints the class path to run them
# with.
#
# INTEROP_OUT   where jars and classes are kept (out/interop)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
exec "$here/../javac.sh" "$here" "${INTEROP_OUT:-$here/../../out/interop}"
