#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's udev with hpdma's rules, inside the machine: who may open which node, and
# a link that stays with the PCI function whatever number its node has.

n=0
BY_PATH=/dev/hpdma-by-path

# name, condition as a command...
check()
{
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		find /dev/hpdma* -exec ls -ld {} + | sed 's/^/# /'
	fi
}

# The numbers of nodes follow the order.
bind_in_order()
{
	for function; do
		hpdmactl bind "$function" > /dev/null || exit 1
	done
	udevadm settle
}

unbind()
{
	for function; do
		hpdmactl unbind --no-probe "$function" > /dev/null || exit 1
	done
	udevadm settle
}

node_of()
{
	basename /sys/bus/pci/devices/"$1"/hpdma/hpdma*
}

# function: its link leads to its node
leads()
{
	[ "$(readlink -f "$BY_PATH/$1")" = "/dev/$(node_of "$1")" ]
}

# The README's first program does more than open() it.
says_iova()
{
	readme1 "$1" | grep -q IOVA
}

links()
{
	find $BY_PATH -type l 2> /dev/null | wc -l
}

mkdir -p /etc /run/udev
echo root:x:0:0:root:/:/bin/sh > /etc/passwd
printf 'root:x:0:\nhpdma:x:777:\n' > /etc/group
systemd-udevd --daemon || exit 1

edus=
for device in /sys/bus/pci/devices/*; do
	[ "$(cat "$device/vendor" "$device/device" | tr '\n' :)" != \
		0x1234:0x11e8: ] || edus="$edus ${device##*/}"
done
# shellcheck disable=SC2086 # they are words
set -- $edus
[ $# -ge 2 ] || {
	echo "not ok 1 - this machine has no two edu devices"
	exit 1
}

hpdmactl load --path /hpdma.ko > /dev/null || exit 1
udevadm settle
check "memory is for its group" [ "$(stat -c '%a %u %g' /dev/hpdma)" = "660 0 777" ]

bind_in_order "$1" "$2"
first=$(node_of "$1")
check "a device is for root" [ "$(stat -c '%a %u %g' "/dev/$first")" = "600 0 0" ]
check "each function has its link" leads "$1"
check "and the other one, too" leads "$2"
check "there is no other link" [ "$(links)" -eq 2 ]
check "the library opens a link" says_iova "$BY_PATH/$1"

unbind "$1" "$2"
check "the links go with the devices" [ "$(links)" -eq 0 ]
bind_in_order "$2" "$1"
check "the same function has another node now" [ "$(node_of "$1")" != "$first" ]
check "which its link leads to" leads "$1"
check "as does that of the other one" leads "$2"

unbind "$1" "$2"
hpdmactl unload > /dev/null
udevadm control --exit
echo "1..$n"
