#!/usr/bin/env bash
# An image with the port and the variables of the public apicurio-registry-mem, for
# where no image can be pulled: from Maven Central's jars (pom.xml names the
# version) on the base of ../docker/base.sh. Needs a Docker engine, root,
# debootstrap, Java and Maven. Does nothing where the image is there.
# Prints the image's name, to be used as REGISTRY_IMAGE.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
version="$(sed -n 's|.*<apicurio.version>\(.*\)</apicurio.version>.*|\1|p' "$here/pom.xml")"

# The name holds what the image is made of, so that a change is a new image.
content="$(cat "$here/../docker/base.sh" "$here"/{pom.xml,Dockerfile,build.sh,package.sh,src/main/resources/application.properties} | sha256sum | cut -c1-12)"
image="bank-processor/registry:$version-$content"
if docker image inspect "$image" > /dev/null 2>&1; then echo "$image"; exit; fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$here/package.sh" > "$work/home" &
packaging=$!
base="$("$here/../docker/base.sh")"
wait "$packaging"
home="$(cat "$work/home")"
cp "$here/Dockerfile" "$work"
ln "$home/registry-runner.jar" "$work" 2> /dev/null || cp "$home/registry-runner.jar" "$work"
cp -r "$home/lib" "$work/lib"
DOCKER_BUILDKIT=0 docker build -q --build-arg BASE="$base" -t "$image" "$work" > /dev/null 2> "$work/err" || { cat "$work/err" >&2; exit 1; }
echo "$image"
