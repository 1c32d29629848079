# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# list and unlink

# The fields of the buffer with this serial, with one blank between them
row()
{
	awk -v serial="$1" '$1 == serial { $1 = $1; print }' "$SCRATCH/out"
}

new_machine
run list -x
check "list: an unknown option" exits 2
run list
check "list: without the module" fails_with "not loaded" "hpdmactl load"
load_module
run list
check "list: nothing" succeeds_saying "no buffers of yours"
FAKE_BUFFERS=3 run list
check "list: a table" succeeds_saying "SERIAL KIND"
check "list: what the module says" [ "$(row 1)" = \
	"1 hugetlb 1M 4K 1 1 1000 401 7 2 frames (persistent)" ]
check "list: a name without surprises" [ "$(row 2)" = \
	"2 user 2M 2M 1 2 1000 402 7 2 a\\x9b31mb" ]
check "list: what is not known" [ "$(row 3)" = \
	"3 import 3M 4K - - 1000 - 7 2 (quarantined)" ]
for n in 63 64 65 200; do
	FAKE_BUFFERS=$n run list -a
	check "list: all $n of them, once" [ "$(awk '$1 ~ /^[0-9]+$/ { print $1 }' \
		"$SCRATCH/out" | sort -nu | wc -l)/$(wc -l <"$SCRATCH/out")" = \
		"$n/$((n + 1))" ]
done
FAKE_NO_RIGHT=1 run list -a
check "list: of everybody, without the right" fails_with CAP_SYS_ADMIN \
	"sudo hpdmactl list -a"
FAKE_NO_RIGHT=1 FAKE_BUFFERS=1 run list
check "list: one's own need no right" succeeds_saying frames
FAKE_NO_INFO=1 run list
check "list: an older module" fails_with "cannot list" \
	"hpdmactl unload && hpdmactl load"
rm "$MACHINE/dev/hpdma"
run list
check "list: no node" fails_with "cannot open /dev/hpdma" "mount -t devtmpfs"

new_machine
run unlink
check "unlink: no name" exits 2
run unlink one two
check "unlink: two names" exits 2
run unlink frames
check "unlink: without the module" fails_with "not loaded" "hpdmactl load"
load_module
run unlink ""
check "unlink: an empty name" exits 2
run unlink "$(printf '%064d' 0)"
check "unlink: a name that is too long" eval 'exits 2 && says "1 to 63 bytes"'
check "unlink: has asked for nothing so far" asked_nothing
run unlink "$(printf '%063d' 0)"
check "unlink: the longest name" succeeds_saying "no name any more"
rm "$MACHINE/requests"
run unlink frames
check "unlink: done" succeeds_saying "frames is no name any more"
check "unlink: asked the module" grep -qx "unlink frames " "$MACHINE/requests"
FAKE_ERRNO=unlink=2 run unlink frames # ENOENT
check "unlink: no such name" fails_with "no name frames" \
	"sudo hpdmactl list -a"
FAKE_ERRNO=unlink=1 run unlink frames # EPERM
check "unlink: another user's" fails_with "another user's" \
	"sudo hpdmactl unlink frames"
FAKE_ERRNO=unlink=22 run unlink a/b # EINVAL
check "unlink: not a name" exits 2
FAKE_ERRNO=unlink=12 run unlink frames # ENOMEM
check "unlink: any other failure" fails_with "Cannot allocate memory" dmesg
FAKE_NO_INFO=1 run unlink frames
check "unlink: an older module" fails_with "knows no names" \
	"hpdmactl unload && hpdmactl load"
