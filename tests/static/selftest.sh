#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Can the checks fail? Each case plants one violation into a small tree that is
# clean, and expects the check to say "not ok" with the name given. A check that
# cannot fail is worth nothing, so a new one brings its case.
. "$(dirname "$0")/common.sh"

PROJECT=$ROOT
CLEAN=$SCRATCH/clean
TREE=$SCRATCH/tree

# The project's own uAPI, its man page and format, in a tree of few files
make_clean_tree()
{
	cp -a "$HERE/clean" "$CLEAN"
	mkdir -p "$CLEAN/uapi/linux"
	cp "$PROJECT/uapi/linux/hpdma.h" "$CLEAN/uapi/linux"
	mkdir -p "$CLEAN/docs/man/examples"
	cp "$PROJECT"/docs/man/hpdma.4 "$PROJECT"/docs/man/man3.* \
		"$CLEAN/docs/man"
	cp "$PROJECT/docs/man/examples/hpdma.c" "$CLEAN/docs/man/examples"
	cp "$PROJECT/.clang-format" "$CLEAN"
	cp "$PROJECT/lib/Makefile" "$CLEAN/lib"
}

# check: run it over the tree; its output in $SCRATCH/out
run_over()
{
	HPDMA_ROOT=$1 MODULE_BUILD_DIR=${BUILD_DIR:-} \
		HPDMA_CACHE=$CACHE bash "$HERE/$2.sh" >"$SCRATCH/out" 2>&1
}

expect_clean()
{
	if run_over "$CLEAN" "$1" && ! grep -q '^not ok' "$SCRATCH/out"; then
		ok "$1 passes over a clean tree"
	else
		not_ok "$1 passes over a clean tree" "$(cat "$SCRATCH/out")"
	fi
}

# check, part of the name of the result, file, line: append the line to the
# file in a copy of the clean tree, and expect that result to be a failure
plant()
{
	local check=$1 name=$2 file=$3 line=$4

	rm -rf "$TREE"
	cp -a "$CLEAN" "$TREE"
	mkdir -p "$(dirname "$TREE/$file")"
	printf '%b\n' "$line" >>"$TREE/$file"
	expect_failure "$check" "$name" "$line"
}

# The same with a sed command that changes the file
change()
{
	local check=$1 name=$2 file=$3 command=$4

	rm -rf "$TREE"
	cp -a "$CLEAN" "$TREE"
	sed -i "$command" "$TREE/$file"
	if cmp -s "$TREE/$file" "$CLEAN/$file"; then
		not_ok "$check finds $command" "it changes nothing in $file"
		return
	fi
	expect_failure "$check" "$name" "$command"
}

expect_failure()
{
	local check=$1 name=$2 what=$3

	if grep -q SKIP "$SCRATCH/clean.$check" &&
		grep "$name" "$SCRATCH/clean.$check" | grep -q SKIP; then
		skip "$check finds: $what" "it is skipped"
	elif run_over "$TREE" "$check"; then
		not_ok "$check finds: $what" "$(cat "$SCRATCH/out")"
	elif grep '^not ok' "$SCRATCH/out" | grep -qF -- "$name"; then
		ok "$check finds: $what"
	else
		not_ok "$check finds: $what" "fails elsewhere" \
			"$(cat "$SCRATCH/out")"
	fi
}

layers_cases()
{
	plant layers 'module: includes point down' module/check.c \
		'#include "buffer.h"'
	plant layers 'module: includes point down' module/span.c \
		'#include "mapoff.h"'
	plant layers 'module: includes point down' module/stray.c 'int x;'
	plant layers 'pure layers' module/check.c '#include <linux/hpdma.h>'
	plant layers 'uAPI structs' module/buffer.c 'struct hpdma_ioc_info i;'
	plant layers 'kernel versions' module/main.c \
		'#if LINUX_VERSION_CODE > 1\n#endif'
	plant layers 'compat does not know' module/compat/compat.h \
		'#include "check.h"'
	plant layers 'lib: includes point down' lib/src/sys.c '#include "buf.h"'
	plant layers 'floor 1' lib/src/buf.c '#include "heap.h"'
	plant layers 'where it is needed only' lib/src/heap.c \
		'#include <linux/hpdma.h>'
	plant layers 'system calls' lib/src/buf.c \
		'int f(void) { return ioctl(1, 2, 3); }'
	plant layers 'prints or exits' lib/src/buf.c \
		'void f(void) { exit(1); }'
	plant layers 'ring and heap' lib/src/heap.c '#include "ring.h"'
	plant layers 'public headers do not' lib/include/hpdma.h \
		'#include <linux/hpdma.h>'
}

floor_cases()
{
	plant floor 'builds alone' lib/src/buf.c '#include "heap.h"'
	plant floor 'no symbol undefined' lib/src/buf.c \
		'int hpdma_ring_x(void);\nint hpdma_buf_length(void) { return hpdma_ring_x(); }'
}

# A folder that has lost its files is not one that passes.
empty_case()
{
	rm -rf "$TREE"
	cp -a "$CLEAN" "$TREE"
	rm -rf "${TREE:?}/lib"
	expect_failure layers 'lib has files to check' 'an empty folder'
}

padding_cases()
{
	local header=uapi/linux/hpdma.h

	change padding 'no hole' $header \
		's/^\t__u32 out_reason;/&\n\t__aligned_u64 out_gap;/'
	change padding 'the same layout' $header \
		's/^\t__aligned_u64 addr;/\tunsigned long addr;/'
	change padding 'members are' $header \
		's/^\t__aligned_u64 addr;/\t__u64 addr;/'
	change padding 'structs start with' $header \
		's/^\t__u32 flags;/\t__u32 options;/'
	change padding 'its own number' $header \
		's/_IO(HPDMA_IOC_TYPE, 0x03)/_IO(HPDMA_IOC_TYPE, 0x02)/'
	change padding 'plain _IO' $header \
		's/_IO(HPDMA_IOC_TYPE, 0x03)/_IOR(HPDMA_IOC_TYPE, 3, int)/'
}

header_cases()
{
	plant headers 'compiles alone as c99' uapi/linux/hpdma.h 'struct s { bool b; };'
	plant headers 'compiles alone as C++' uapi/linux/hpdma.h 'int f(int class);'
	plant headers 'includes nothing but' uapi/linux/hpdma.h '#include <linux/fs.h>'
	plant headers 'compiles alone as C' lib/include/hpdma.h 'int f(size_t n);'
	plant symbols 'exports no symbol' module/main.c 'EXPORT_SYMBOL_GPL(x);'
	plant kernel-doc 'documented' lib/include/hpdma.h \
		'int hpdma_close(int fd);'
	plant kernel-doc 'documented' uapi/linux/hpdma.h 'struct hpdma_x {\n};'
	plant kernel-doc 'kernel-doc is right' uapi/linux/hpdma.h \
		'/**\n * struct hpdma_x - x\n */\nstruct hpdma_x {\n\tint a;\n};'
}

manpage_cases()
{
	local page=docs/man/hpdma.4

	plant manpage 'mandoc finds nothing' $page '.NOSUCH macro'
	plant manpage 'every constant' uapi/linux/hpdma.h \
		'#define HPDMA_IOC_STRAY _IO(HPDMA_IOC_TYPE, 0x7f)'
	change manpage 'every constant' $page 's/HPDMA_REASON_SEALS//g'
	change manpage 'every constant' $page 's/HPDMA_ALLOC_SCATTER//g'
	change manpage 'every errno' $page 's/ERANGE//g'
	change manpage 'every struct' $page 's/__s32 pid;/__u32 pid;/'
	change manpage 'every struct' uapi/linux/hpdma.h \
		's/^\t__u32 out_devfn;/\t__u32 out_function;/'
	plant manpage 'not there' $page 'HPDMA_IOC_GONE'
	plant manpage 'every knob' module/main.c \
		'module_param(stray, int, 0444);'
	plant manpage 'every knob' module/main.c \
		'TRACE_EVENT(hpdma_stray, TP_PROTO(void));'
	plant manpage 'every function' lib/include/hpdma/stray.h \
		'HPDMA_API int hpdma_stray(void);'
	plant manpage 'an example' lib/include/hpdma/stray.h '/* */'
	change manpage 'the example compiles' $page 's/map\.buf_id = /map.id = /'
}

symbol_case()
{
	BUILD_DIR=$SCRATCH/objects
	mkdir -p "$BUILD_DIR"
	echo 'int stray; int hpdma_check_it; static int own;' |
		gcc -w -x c -c -o "$BUILD_DIR/check.o" -
	plant symbols 'symbols are named' module/check.c '/* with objects */'
	BUILD_DIR=
}

style_cases()
{
	plant style checkpatch module/check.c 'int *  f(void) ;'
	plant style 'clang-format: lib' lib/src/buf.c 'int  x;'
	# shellcheck disable=SC2016 # a script in quotes
	plant style shellcheck tests/x.sh '#!/bin/sh\n# SPDX-License-Identifier: MIT\necho $1'
	plant style codespell lib/src/buf.c '/* t''eh */'
	change style 'has its licence' lib/src/buf.c '1d'
	change style "module's licence" module/check.c '1s/GPL-2.0-only/MIT/'
	change style 'licence of lib' lib/src/buf.c '1s/MIT/GPL-2.0-only/'
	plant version 'dkms.conf alone' module/main.c '/* 0.0.77 */'
	change version 'three numbers' dkms.conf '/PACKAGE_VERSION/d'
	plant version 'dkms can read' dkms.conf 'CLEAN="make clean"'
	plant version 'dkms can read' dkms.conf 'BUILD_EXCLUSIVE_KERNEL="^5"'
	plant version 'dkms can read' dkms.conf 'if ['
}

sparse_cases()
{
	plant sparse 'without a warning' module/check.c \
		'int stray(void) { return 0; }'
	plant sparse 'without a warning' module/check.c \
		'#include <linux/types.h>\n__le32 hpdma_check_x(u32 x);\n__le32 hpdma_check_x(u32 x) { return x; }'
	plant sparse 'without a warning' module/check.c 'broken'
}

make_clean_tree
for check in layers floor padding headers symbols kernel-doc manpage style version sparse; do
	expect_clean $check
	cp "$SCRATCH/out" "$SCRATCH/clean.$check"
done
layers_cases
floor_cases
empty_case
padding_cases
header_cases
manpage_cases
symbol_case
style_cases
sparse_cases
finish
