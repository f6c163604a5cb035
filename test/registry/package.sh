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

# fetch_side_by_side fills Maven's repository. Maven asks for one pom after the other,
# which takes minutes for a thousand; parts of what is needed are asked for at once.
# What is left out here is fetched by the build.
fetch_side_by_side() {
	local part=0 modules="" dependency group artifact version
	while read -r line; do
		part=$((part + 1))
		mkdir -p "$1/$part"
		modules+="<module>$part</module>"
		{
			echo "<project><modelVersion>4.0.0</modelVersion><parent><groupId>bankprocessor.test</groupId><artifactId>registry</artifactId><version>1</version></parent>"
			echo "<artifactId>part-$part</artifactId><packaging>pom</packaging><dependencies>"
			for dependency in $line; do
				IFS=: read -r group artifact version <<< "$dependency"
				echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId>${version:+<version>$version</version>}<exclusions><exclusion><groupId>com.github.everit-org.json-schema</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
			done
			echo "</dependencies></project>"
		} > "$1/$part/pom.xml"
	done <<- 'PARTS'
		io.apicurio:apicurio-registry-schema-util-provider
		io.apicurio:apicurio-registry-utils-kafka io.apicurio:apicurio-registry-utils-import-export io.sentry:sentry
		io.apicurio:apicurio-tenant-manager-client io.apicurio:apicurio-registry-protobuf-schema-utilities
		io.quarkus:quarkus-oidc-deployment
		io.quarkus:quarkus-resteasy-jackson-deployment io.quarkus:quarkus-rest-client-jackson-deployment
		io.quarkus:quarkus-jdbc-h2-deployment io.quarkus:quarkus-undertow-deployment
		io.quarkus:quarkus-smallrye-fault-tolerance-deployment io.quarkus:quarkus-scheduler-deployment
		io.quarkus:quarkus-micrometer-registry-prometheus-deployment io.quarkus:quarkus-smallrye-health-deployment
		io.quarkus.platform:quarkus-maven-plugin:${quarkus.version}
	PARTS
	sed -e '/<build>/,/<\/build>/d' -e "s|<dependencies>|&|; s|<version>1</version>|&<packaging>pom</packaging><modules>$modules</modules>|" \
		-e '/^  <dependencies>/,/^  <\/dependencies>/d' "$here/pom.xml" > "$1/pom.xml"
	mvn -q -B -T 9 -f "$1/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:resolve > /dev/null 2>&1 || true
}

if [ "$(cat "$home/made-of" 2> /dev/null)" != "$made_of" ]; then
	rm -rf "$home"
	mkdir -p "$home/parts"
	fetch_side_by_side "$home/parts"
	cp -r "$here/pom.xml" "$here/src" "$home"
	mvn -q -B -f "$home/pom.xml" package >&2
	cp "$home/target/registry-runner.jar" "$home"
	mv "$home/target/lib" "$home/lib"
	rm -rf "$home/target" "$home/src" "$home/pom.xml" "$home/parts"
	echo "$made_of" > "$home/made-of"
fi
cd "$home" && pwd
