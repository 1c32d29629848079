#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# matrix-image.sh ROOT STAGE: run by mmdebstrap inside kernel.sh when a build root is
# complete. Writes STAGE/release, the kernel release of the root's headers, and
# downloads the packages of that kernel's image to STAGE.
#
# Here because only mmdebstrap's hooks have the configuration with which apt,
# running outside, works on the root's package lists: no network in the chroot.

set -eu

root=$1
stage=$2
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG

# shellcheck disable=SC2016 # for dpkg-query
release=$(chroot "$root" dpkg-query -W -f '${Depends}' linux-headers-amd64 |
	grep -o 'linux-headers-[0-9][^ ,]*')
release=${release#linux-headers-}
echo "$release" > "$stage/release"

# The kernel and its modules are one package up to 6.12, and several since;
# all of them bear the release in their names.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests \
	--no-conflicts --no-breaks --no-replaces --no-enhances \
	"linux-image-$release" | grep -E '^linux-[a-z-]+-[0-9]' |
	grep -F -- "-$release" | grep -v -e -headers- -e -kbuild- | sort -u)
cd "$stage"
# shellcheck disable=SC2086 # a list of names
apt-get -qq -o APT::Sandbox::User=root download $packages
