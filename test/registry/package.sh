#!/usr/bin/env bash
# Makes Apicurio Registry runnable from Maven Central's jars: pom.xml names the
# version, Quarkus' Maven plugin puts it together. Needs Java 17 or newer and Maven.
# Does nothing where it is done. Prints the directory, which holds registry-runner.jar
# and lib/.
#
# REGISTRY_HOME   where it is kept (out/registry)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
home="${REGISTRY_HOME:-$here/../../out/registry}"
made_of="$(cat "$here/pom.xml" "$here/src/main/resources/application.properties" | sha256sum | cut -c1-12)"
if [ "$(cat "$home/made-of" 2> /dev/null)" != "$made_of" ]; then
	rm -rf "$home"
	mkdir -p "$home"
	cp -r "$here/pom.xml" "$here/src" "$home"
	mvn -q -B -f "$home/pom.xml" package >&2
	cp "$home/target/registry-runner.jar" "$home"
	mv "$home/target/lib" "$home/lib"
	rm -rf "$home/target" "$home/src" "$home/pom.xml"
	echo "$made_of" > "$home/made-of"
fi
cd "$home" && pwd
