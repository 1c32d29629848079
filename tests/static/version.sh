#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms.conf is the one place that knows the version; and it is one that dkms
# can read.
. "$(dirname "$0")/common.sh"

VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)

# A history tells of versions, and so do the "Since:" lines of an API.
check_single()
{
	local pattern="(^|[^0-9.])${VERSION//./\\.}([^0-9.]|\$)"

	# shellcheck disable=SC2046
	result "the version is in dkms.conf alone" "$(
		grep -IHnE "$pattern" $(project_files '*' . | grep -v \
			-e '^dkms\.conf$' -e '^CHANGELOG' -e '^debian/changelog$') |
			grep -v 'Since:')"
}

# dkms sources its configuration, with these set.
read_conf()
{
	# shellcheck disable=SC2016 # for the inner shell
	env -i bash -eu -c '
		kernelver=6.1.0 kernel_source_dir=/src dkms_tree=/dkms arch=x
		. ./dkms.conf
		for name in PACKAGE_NAME PACKAGE_VERSION AUTOINSTALL \
			BUILT_MODULE_NAME DEST_MODULE_LOCATION MAKE; do
			[ -n "${!name}" ] || echo "$name is not set"
		done
		[ "$PACKAGE_NAME" = hpdma ] || echo "PACKAGE_NAME: $PACKAGE_NAME"
		# dkms 3 warns about these.
		for name in CLEAN REMAKE_INITRD; do
			[ -z "${!name:-}" ] || echo "$name is deprecated"
		done
		for kernel in 5.10.0-46-amd64 6.1.0-56-amd64 \
			6.12.117+deb13-amd64 7.2.13+deb14-amd64; do
			[[ $kernel =~ ${BUILD_EXCLUSIVE_KERNEL:-.} ]] ||
				echo "$kernel is excluded"
		done
		for kernel in 4.19.0-27-amd64 5.4.0 5.9.0-1-amd64; do
			! [[ $kernel =~ ${BUILD_EXCLUSIVE_KERNEL:-^$} ]] ||
				echo "$kernel, too old, is not excluded"
		done' 2>&1 || echo "dkms.conf: exit status $?"
}

if [[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
	ok "dkms.conf has a version of three numbers"
	check_single
else
	not_ok "dkms.conf has a version of three numbers" "it has '$VERSION'"
fi
result "dkms can read dkms.conf" "$(read_conf)"
finish
