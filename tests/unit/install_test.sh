#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# install_test.sh TOP BUILD
#
# What "make install" leaves is enough for others: the examples build against
# it with pkg-config, shared and static, and from C++, and the headers need
# nothing of the source tree. BUILD is the library's build directory.
set -eu

top=$1
build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

passed=0
failed=0

# name, command...
try()
{
	name=$1
	shift
	if "$@" >"$scratch/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $name"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$scratch/log"
		echo "not ok $((passed + failed)) - $name"
	fi
}

# Not the make that runs this test, nor its flags
unset MAKEFLAGS MAKELEVEL MFLAGS
root=$scratch/root
export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
# A shared library is found here as ldconfig would find it there.
export LD_LIBRARY_PATH="$root/usr/lib"

compile_cxx()
{
	# shellcheck disable=SC2046 # flags are words
	printf '#include <hpdma.h>\nint main() { return !*hpdma_version(); }\n' |
		${CXX:-c++} -std=c++11 -Wall -Wextra -Wpedantic -Werror \
			-x c++ - -o "$scratch/cxx" \
			$(pkg-config --cflags --libs libhpdma) &&
		"$scratch/cxx"
}

compile_static()
{
	# shellcheck disable=SC2046
	${CC:-cc} -std=c11 -o "$scratch/static" "$top/examples/hello.c" \
		$(pkg-config --cflags libhpdma) "$root/usr/lib/libhpdma.a"
}

version_agrees()
{
	grep -q "^PACKAGE_VERSION=\"$(pkg-config --modversion libhpdma)\"$" \
		"$top/dkms.conf"
}

soname_is_right()
{
	readelf -d "$root/usr/lib/libhpdma.so" |
		grep -q 'SONAME.*\[libhpdma\.so\.0\]'
}

# 1 and not 127: it runs, and finds no module (or finds one, and is content).
hello_runs()
{
	status=0
	"$scratch/examples/hello" || status=$?
	[ "$status" -le 1 ]
}

echo 1..7
try "the library is installed" make -C "$top/lib" O="$build" install \
	DESTDIR="$root" PREFIX=/usr
try "the examples build with pkg-config" make -C "$top/examples" \
	O="$scratch/examples" WERROR=-Werror
try "an example runs with the shared library" hello_runs
try "an example builds with the static library" compile_static
try "a C++ program builds and runs" compile_cxx
try "pkg-config knows the version" version_agrees
try "the shared library has its name" soname_is_right
echo "# $passed passed, $failed failed"
[ "$failed" -eq 0 ]
