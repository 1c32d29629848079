#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel does when hpdmactl asks: see fake_kernel.c. Works on the tree
# in $FAKE_ROOT. $FAKE_ERRNO lists failures to play, as REQUEST=NUMBER, where
# REQUEST is insert, remove, unlink or the last part of the path written to.
set -u
cd "$FAKE_ROOT" || exit 5

PCI=sys/bus/pci

play_failure()
{
	local failure

	for failure in ${FAKE_ERRNO:-}; do
		[ "${failure%=*}" != "$1" ] || exit "${failure#*=}"
	done
}

# function, driver
attach()
{
	ln -sfn "../../drivers/$2" "$PCI/devices/$1/driver"
	[ "$2" = hpdma ] || return 0
	mkdir -p sys/class/hpdma/hpdma0
	ln -sfn "../../../bus/pci/devices/$1" sys/class/hpdma/hpdma0/device
	echo "${FAKE_TRANSLATED:-1}" >sys/class/hpdma/hpdma0/translated
	echo "${FAKE_REMAPPED:-1}" >sys/class/hpdma/hpdma0/irq_remapped
	echo "${FAKE_ALONE:-1}" >sys/class/hpdma/hpdma0/alone
	echo 0 >sys/class/hpdma/hpdma0/holders
	[ -n "${FAKE_NO_NODE:-}" ] || : >dev/hpdma0
}

detach()
{
	rm -rf "$PCI/devices/$1/driver" sys/class/hpdma/hpdma0 dev/hpdma0
}

# What drivers_probe does: the driver that is named, or the one that knows it
probe()
{
	local driver

	driver=$(cat "$PCI/devices/$1/driver_override")
	[ "$driver" != "(null)" ] || driver=$(cat "$PCI/devices/$1/native")
	[ -z "$driver" ] || [ ! -d "$PCI/drivers/$driver" ] ||
		attach "$1" "$driver"
}

insert()
{
	local option

	mkdir -p sys/module/hpdma/parameters $PCI/drivers/hpdma
	: >$PCI/drivers/hpdma/bind
	: >$PCI/drivers/hpdma/unbind
	echo 1.2.3 >sys/module/hpdma/version
	echo N >sys/module/hpdma/parameters/allow_unsafe
	echo -1 >sys/module/hpdma/parameters/phys_gid
	for option in $1; do
		echo "${option#*=}" >"sys/module/hpdma/parameters/${option%%=*}"
	done
	: >dev/hpdma
}

echo "$*" >>requests
case $1 in
insert)
	play_failure insert
	insert "$2"
	;;
remove)
	play_failure remove
	rm -rf sys/module/hpdma $PCI/drivers/hpdma sys/class/hpdma dev/hpdma
	;;
unlink) play_failure unlink ;;
write)
	play_failure "${2##*/}"
	case $2 in
	*/driver_override)
		driver=${3%$'\n'}
		echo "${driver:-(null)}" >".$2"
		;;
	*/drivers_probe) probe "$3" ;;
	*/bind)
		driver=${2%/bind}
		attach "$3" "${driver##*/}"
		;;
	*/unbind) detach "$3" ;;
	*) exit 1 ;;
	esac
	;;
esac
