#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The layer rule of docs/design.md: includes point down only, and inside a
# layer only to what is listed earlier. Each line below is a layer, bottom
# first; a name stands for NAME.c and NAME.h, and a file may always include its
# own header. A new file needs a place here before it can be checked.
#
# KUnit tests and the like that are built from module/ are looked at as well.
. "$(dirname "$0")/common.sh"

MODULE_LAYERS='
compat
check span mapoff place iova
quota account sync table backing pinned contig_buddy contig_scan reserve contig_pieces contig_hunt backing_hugetlb backing_contig backing_user backing_file backing_import caching
object linger trace registry export buffer name snapshot vector event domain device reset stop dmamap_import dmamap_caller dmamap quarantine tracepoints
context lifecycle devfile devirq
mmap cmd cmd_* ioctl bar fdinfo
chardev devnode pci debugfs attribute
main
'
# Layers, counted from 0, that may see the constants of the uAPI, and those
# that may see its structs and commands
LAYER_CONSTANTS=2
LAYER_STRUCTS=5

LIB_LAYERS='
sys
util error policy version
backend pools places names_hold names
context
find
device control
buf
backend_file backend_*
alloc receive share
dma event process
iova iova_* poller
misuse annotate lock
memzone_table memzone_extent memzone_index memzone_set memzone_grow memzone memzone_walk
ring_view ring ring_*
heap heap_check heap_extent heap_chunk heap_slab heap_thread heap_shared heap_info heap_block heap_create
mempool_holder mempool_lock mempool_store mempool_stack mempool mempool_shared mempool_*
pktbuf
domain_page domain_map domain_zone domain_lost domain_slot domain domain_*
'
# Floor 2 is in common.sh.
LIB_UAPI='sys util error version backend_module backend_module_share device control dma event'

# Sets where to the "layer position" of a file, or to nothing if the table has no
# place for it. A variable: this is asked a thousand times, and a process is slow.
place()
{
	local table=$1 name=$2 layer=0 position=0 line entry

	where=''
	set -f
	while read -r line; do
		[ -n "$line" ] || continue
		for entry in $line; do
			position=$((position + 1))
			# shellcheck disable=SC2254 # the entry is a pattern
			case $name in
			$entry)
				where="$layer $position"
				break 2
				;;
			esac
		done
		layer=$((layer + 1))
	done <<<"$table"
	set +f
}

# file: the headers of the project it includes, as it writes them
own_includes()
{
	sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$1"
}

# table, file: complain about each include that does not point down
includes_up()
{
	local table=$1 file=$2 mine own header name where

	name_file "$file"
	own=$name
	place "$table" "$own"
	mine=$where
	if [ -z "$mine" ]; then
		echo "$file: has no place in the table of $0"
		return
	fi
	for header in $(own_includes "$file"); do
		case $header in
		linux/*) continue ;; # the uAPI: looked at on its own
		compat/*) continue ;; # the lowest layer
		hpdma.h | hpdma/*) continue ;; # the public API likewise
		esac
		name_file "$header"
		[ "$name" != "$own" ] || continue
		place "$table" "$name"
		if [ -z "$where" ]; then
			echo "$file: $header has no place in the table of $0"
		elif [ "${where#* }" -ge "${mine#* }" ]; then
			echo "$file: includes $header, which is not below it"
		fi
	done
}

check_module()
{
	local files file layer found name where upward='' uapi='' structs=''

	missing_files module '*.c' && return
	files=$(project_files '*.[ch]' module | grep -v ^module/compat/)
	for file in $files; do
		found=$(includes_up "$MODULE_LAYERS" "$file")
		upward+=${found:+$found$'\n'}
		name_file "$file"
		place "$MODULE_LAYERS" "$name"
		layer=${where%% *}
		[ -n "$layer" ] || continue
		if [ "$layer" -lt "$LAYER_CONSTANTS" ]; then
			found=$(grep -Hn 'include.*linux/hpdma\.h' "$file")
			uapi+=${found:+$found$'\n'}
		fi
		if [ "$layer" -lt "$LAYER_STRUCTS" ]; then
			found=$(grep_code '\b(hpdma_ioc_|HPDMA_IOC_)\w+' \
				"$file")
			structs+=${found:+$found$'\n'}
		fi
	done
	result "module: includes point down" "$upward"
	result "module: pure layers do not know the uAPI" "$uapi"
	result "module: uAPI structs are known to ioctl layers only" "$structs"
	# shellcheck disable=SC2086
	result "module: kernel versions are known to compat only" "$(
		grep_code '\b(LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_\w+)\b' \
			$files)"
	result "module: compat does not know the module" "$(
		for file in $(project_files '*.[ch]' module/compat); do
			own_includes "$file" | grep -v -e ^compat -e / |
				while read -r header; do
					[ ! -e "module/$header" ] ||
						echo "$file: includes $header"
				done
		done)"
}

SYSTEM_CALLS='open|openat|close|read|pread|write|pwrite|ioctl|mmap|munmap'
SYSTEM_CALLS+='|mremap|mprotect|madvise|mbind|set_mempolicy|get_mempolicy'
SYSTEM_CALLS+='|poll|ppoll|select|epoll_\w+|eventfd\w*|memfd_create|ftruncate'
SYSTEM_CALLS+='|fallocate|socket|sendmsg|recvmsg|fopen|popen|system|syscall'
SYSTEM_CALLS+='|fork|kill|dup|dup2|dup3|fcntl|flock|unlink|shm_open|stat|fstat'

check_lib()
{
	local files file name found upward='' floors='' uapi='' sources

	missing_files lib '*.c' && return
	files=$(project_files '*.[ch]' lib/src)
	for file in $files; do
		name_file "$file"
		found=$(includes_up "$LIB_LAYERS" "$file")
		upward+=${found:+$found$'\n'}
		if ! on_floor2 "$file"; then
			found=$(grep -HnE \
				"include.*[\"</](${LIB_FLOOR2// /|})(_\w+)?\.h" \
				"$file")
			floors+=${found:+$found$'\n'}
		fi
		case " $LIB_UAPI " in
		*" $name "*) ;;
		*)
			found=$(grep -Hn 'include.*linux/hpdma\.h' "$file")
			uapi+=${found:+$found$'\n'}
			;;
		esac
	done
	sources=$(echo "$files" | grep -v -x -e lib/src/sys.c)
	result "lib: includes point down" "$upward"
	result "lib: floor 1 does not know floor 2" "$floors"
	result "lib: the uAPI is known where it is needed only" "$uapi"
	# Not a member (sys->open) nor part of a longer name (hpdma_open)
	# shellcheck disable=SC2086
	result "lib: only sys.c makes system calls" "$(
		grep_code "(?<![\\w.>*])($SYSTEM_CALLS)\\s*\\(" $sources)"
	# shellcheck disable=SC2086
	result "lib: nothing prints or exits" "$(
		grep_code '(?<![\w.>*])(v?f?printf|puts|fputs|perror|_?exit|abort)\s*\(' \
			$files)"
	result "lib: ring and heap do not know each other" "$(
		grep -Hn 'include.*[/"]heap[a-z_]*\.h' lib/src/ring* \
			lib/include/hpdma/ring* 2>/dev/null
		grep -Hn 'include.*[/"]ring[a-z_]*\.h' lib/src/heap* \
			lib/include/hpdma/heap* 2>/dev/null)"
	# shellcheck disable=SC2046
	result "lib: public headers do not include the uAPI" "$(
		grep -HnE 'include.*(linux/hpdma\.h|uapi)' \
			$(project_files '*.h' lib/include))"
}

check_module
check_lib
finish
