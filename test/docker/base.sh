#!/usr/bin/env bash
# The image that the test images stand on: Debian with a Java 17 runtime, made by
# debootstrap, so that no image registry is needed. Needs root and debootstrap.
# Does nothing where the image is there. Prints the image's name.
#
# DEBIAN_MIRROR   where the packages come from (debootstrap's default)
set -euo pipefail
suite=bookworm
packages=openjdk-17-jre-headless,ca-certificates

# The name holds what the image is made of, so that a change here is a new image.
image="bank-processor/test-base:$(sha256sum "$0" | cut -c1-12)"
if docker image inspect "$image" > /dev/null 2>&1; then echo "$image"; exit; fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
root="$work/root"
if ! debootstrap --variant=minbase --include="$packages" "$suite" "$root" \
	${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} > "$work/log" 2>&1; then
	echo "debootstrap failed; the end of its log:" >&2
	tail -n 20 "$work/log" >&2
	exit 1
fi
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/usr/share/{doc,man,locale,info,lintian}/*
tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$image" > /dev/null
echo "$image"
