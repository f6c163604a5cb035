#!/usr/bin/env bash
# An image with the layout and the environment of the public apache/kafka, for
# where no image can be pulled: from Maven Central's jars (../kafka/pom.xml names
# the version) on the base of ../docker/base.sh. Needs a Docker engine, root,
# debootstrap, Java and Maven. Does nothing where the image is there.
# Prints the image's name, to be used as KAFKA_IMAGE.
#
# What of the public image is not here: the command line tools of its module
# kafka-tools (kafka-topics.sh and the like), and what they alone need.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
pom="$here/../kafka/pom.xml"
version="$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$pom")"

# The name holds what the image is made of, so that a change is a new image.
content="$({ cat "$pom" "$here/../docker/base.sh"; find "$here" -type f -print0 | LC_ALL=C sort -z | xargs -0 cat; } |
	sha256sum | cut -c1-12)"
image="bank-processor/kafka:$version-$content"
if docker image inspect "$image" > /dev/null 2>&1; then echo "$image"; exit; fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$here/../kafka/broker.sh" jars > "$work/jars" &
fetching=$!
base="$("$here/../docker/base.sh")"
wait "$fetching"
cp -r "$(cat "$work/jars")" "$work/libs"

cp -r "$here"/{Dockerfile,archive.sh,bin,config,docker} "$work"
DOCKER_BUILDKIT=0 docker build -q --build-arg BASE="$base" -t "$image" "$work" > /dev/null 2> "$work/err" || { cat "$work/err" >&2; exit 1; }
echo "$image"
