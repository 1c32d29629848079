#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# install_test.sh TOP BUILD
#
# What "make install" leaves is enough for others: the examples build against
# it with pkg-config, shared and static, and from C++, and the headers need
# nothing of the source tree. So do the examples of the man pages, and they run; one
# says 77 if this machine lacks what it needs. BUILD is the library's build directory.
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

# header: its page, with its example
page_is_installed()
{
	page=hpdma_$1
	[ "$1" != hpdma ] || page=libhpdma
	grep -q '^\.Sh EXAMPLES' "$root/usr/share/man/man3/$page.3"
}

pages_are_installed()
{
	for header in "$root"/usr/include/hpdma.h \
		"$root"/usr/include/hpdma/*.h; do
		page_is_installed "$(basename "$header" .h)" || {
			echo "$header has no page, or no example"
			return 1
		}
	done
}

# Neither the source tree nor GNU C nor macros of the C library are needed.
example_runs()
{
	# shellcheck disable=SC2046
	${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror \
		-o "$scratch/example" "$1" \
		$(pkg-config --cflags --libs libhpdma) || return
	status=0
	HPDMA_BACKEND=plain "$scratch/example" || status=$?
	[ "$status" -eq 77 ] || return "$status"
	# Where there is a backend, only these may lack something.
	[ "$backend" -ne 0 ] ||
		grep -qE 'device_open|create_phys|buf_publish' "$1"
}

examples=$(ls "$top"/docs/man/examples/*.c)
# shellcheck disable=SC2086
echo 1..$((8 + $(echo $examples | wc -w)))
try "the library is installed" make -C "$top/lib" O="$build" install \
	DESTDIR="$root" PREFIX=/usr
try "the examples build with pkg-config" make -C "$top/examples" \
	O="$scratch/examples" WERROR=-Werror
try "an example runs with the shared library" hello_runs
try "an example builds with the static library" compile_static
try "a C++ program builds and runs" compile_cxx
try "pkg-config knows the version" version_agrees
try "the shared library has its name" soname_is_right
try "each header has a man page with an example" pages_are_installed
backend=1
example_runs "$top/docs/man/examples/context.c" >/dev/null 2>&1 && backend=$status
for example in $examples; do
	try "man page example $(basename "$example") compiles and runs" \
		example_runs "$example"
done
echo "# $passed passed, $failed failed"
[ "$failed" -eq 0 ]
