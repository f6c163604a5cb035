#!/usr/bin/env bash
# Compiles the subscriber and prints the class path to run it with:
#
#   java -cp "$(examples/subscriber-java/build.sh)" Subscriber --brokers 127.0.0.1:9092
#
# EXAMPLE_OUT   where jars and classes are kept (out/subscriber-java)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
exec "$here/../../test/javac.sh" "$here" "${EXAMPLE_OUT:-$here/../../out/subscriber-java}"
