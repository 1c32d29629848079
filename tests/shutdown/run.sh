#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh GUEST_FILES: bus mastering of a device that is in use goes off when the
# machine is powered off. Seen from outside, by what is written into the device's
# command register, for inside nobody is left to look.

set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${HPDMA_BUILD:-${here%/tests/*}/build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp -r "$1" "$scratch/files"
gcc -std=c11 -Wall -Wextra -Werror -static -D_DEFAULT_SOURCE \
	-I "${here%/tests/*}/lib/include" -o "$scratch/files/usr/bin/hold" \
	"$here/hold.c" "$build/lib/libhpdma.a"
"${here%/*}/vm/run.sh" --kernel stock --suite "$here/guest.sh" \
	--files "$scratch/files" --powers-off --qemu "-device edu,addr=2" \
	--qemu "-device edu,addr=3" \
	--qemu "-trace enable=pci_cfg_write,file=$scratch/trace"

# The second word names the function, the third the register.
masters()
{
	sed -nE "s/^.*pci_cfg_write edu [^ ]*$1\.0 @0x4 <- (0x[0-9a-f]+).*/\1/p" \
		"$scratch/trace" | while read -r value; do
		echo $((value >> 2 & 1))
	done
}

passed=0 failed=0
# slot, what is expected of its bits, name
check()
{
	local seen

	seen=$(masters "$1" | uniq | paste -sd' ')
	if [[ $seen =~ $2 ]]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $3"
	else
		failed=$((failed + 1))
		echo "# bus mastering was: $seen"
		echo "not ok $((passed + failed)) - $3"
	fi
}

check 02 '1 0$' "a device in use does not master the bus when the power goes"
check 03 '^0?$' "one that nobody used never did"
echo "shutdown: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
