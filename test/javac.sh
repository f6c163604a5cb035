#!/usr/bin/env bash
# Compiles the Java programs of a directory, whose pom.xml names what they are built
# on, and prints the class path to run them with. Needs a JDK of Java 17 or newer, and
# Maven the first time. What has not changed since the last time is not done again.
#
#   test/javac.sh SOURCES OUT
set -euo pipefail
here="$(cd "$1" && pwd)"
mkdir -p "$2"
out="$(cd "$2" && pwd)"

if ! cmp -s "$here/pom.xml" "$out/pom.xml"; then
	rm -rf "$out/jars" "$out/sources"
	mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$out/jars" >&2
	cp "$here/pom.xml" "$out/pom.xml"
fi
if ! cmp -s <(cat "$here"/*.java) "$out/sources"; then
	rm -rf "$out/classes"
	javac -Xlint:all,-processing,-path -Werror --release 17 -cp "$out/jars/*" -d "$out/classes" "$here"/*.java >&2
	cat "$here"/*.java > "$out/sources"
fi
printf '%s\n' "$out/classes:$out/jars/*"
