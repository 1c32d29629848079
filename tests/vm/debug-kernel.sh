#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.sh: builds the debug kernel (see debug.config) from Debian's
# kernel source package and prints its facts. About 7 minutes on two cores, once
# for each version of the source, of the fragment and of this recipe.
#
# debug-kernel.sh --check CONFIG: only compares the file CONFIG with the
# fragment.

set -eu
# shellcheck source=cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

PACKAGE=linux-source-6.1
TARBALL=/usr/src/$PACKAGE.tar.xz
FRAGMENT=$HPDMA_VM/debug.config

# check_config CONFIG: kconfig silently drops an option whose dependencies are
# not met, and a KASAN kernel without KASAN finds nothing. Every line of the
# fragment must hold.
check_config()
{
	local line option bad=

	while read -r line; do
		case $line in
		CONFIG_*=*)
			option=${line%%=*}
			grep -qxF "$line" "$1" && continue
			;;
		"# CONFIG_"*" is not set")
			option=${line#\# }
			option=${option%% *}
			grep -q "^$option=" "$1" || continue
			;;
		"" | "#"*)
			continue
			;;
		*)
			option="unreadable:$line"
			;;
		esac
		bad="$bad $option"
	done < "$FRAGMENT"
	[ -z "$bad" ] || die "not as debug.config wants them:$bad"
}

# What a module build and a test need; the objects and sources are 2 GB more.
keep()
{
	local path

	for path in .config Makefile Kbuild Kconfig Module.symvers System.map \
		vmlinux modules.builtin modules.builtin.modinfo modules.order \
		include scripts certs/signing_key.pem certs/signing_key.x509 \
		arch/x86/boot/bzImage arch/x86/include arch/x86/Makefile \
		arch/x86/Makefile.um arch/x86/Makefile_32.cpu \
		arch/x86/Kconfig tools/objtool/objtool \
		tools/include/uapi tools/testing/kunit \
		tools/testing/selftests/kselftest.h \
		tools/testing/selftests/kselftest_harness.h; do
		if [ -e "$1/$path" ]; then
			(cd "$1" && cp -a --parents "$path" "$2")
		fi
	done
	find "$2" \( -name '*.o' -o -name '.*.cmd' \) -delete
}

build()
{
	local stage=$1 work=$1/work src

	mkdir "$work"
	note "unpacking $TARBALL"
	tar -xf "$TARBALL" -C "$work"
	src=$work/$PACKAGE

	make -s -C "$src" KCONFIG_ALLCONFIG="$FRAGMENT" allnoconfig
	# Before the build as well: seven minutes are long for a typing error.
	check_config "$src/.config"
	note "building the debug kernel (about 7 minutes on two cores)"
	make -s -C "$src" -j"$(nproc)" \
		KBUILD_BUILD_USER=hpdma KBUILD_BUILD_HOST=test \
		LOCALVERSION=-hpdma-debug bzImage modules \
		> "$stage/build.log" 2>&1 || {
		tail -n 40 "$stage/build.log"
		die "the kernel build failed"
	}
	check_config "$src/.config"

	mkdir "$stage/build"
	keep "$src" "$stage/build"
	cat "$src/include/config/kernel.release" > "$stage/release"
	rm -rf "$work"
}

if [ "${1-}" = --check ]; then
	check_config "$2"
	exit 0
fi

need_file "$TARBALL" "$PACKAGE"
need gcc gcc
need make make
need flex flex
need bison bison
need bc bc
need zstd zstd
need xz xz-utils
need_file /usr/include/libelf.h libelf-dev
need_file /usr/include/openssl/evp.h libssl-dev

version=$(dpkg-query -W -f '${Version}' "$PACKAGE")
hash=$({ cat "$FRAGMENT"; declare -f build keep; } | sha256sum | cut -c1-12)
entry=debug-$version-$hash
cache_make "$entry" build

KDIR=$HPDMA_CACHE/$entry/build
check_config "$KDIR/.config"
# Everything is built in; there are no modules.
facts IMAGE="$KDIR/arch/x86/boot/bzImage" KDIR="$KDIR" MODDIR= \
	RELEASE="$(cat "$HPDMA_CACHE/$entry/release")" BUILD=
