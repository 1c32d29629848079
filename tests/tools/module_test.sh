# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# load and unload, and the program itself

new_machine
run
check "no command is wrong usage" exits 2
run --help
check "help names every command" succeeds_saying "hpdmactl unbind PCI_ADDRESS"
run bind --help
check "each command has its help" succeeds_saying "Usage: hpdmactl bind"
run --version
check "the version is that of dkms.conf" succeeds_saying "hpdmactl $(
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")"
run frobnicate
check "an unknown command is wrong usage" exits 2
run load --frobnicate
check "an unknown option of load is wrong usage" exits 2

run load
check "load: not installed" fails_with "not in /lib/modules" \
	"make && sudo make install"
check "load: not installed, by dkms" fails_with "cannot load" "dkms install"
check "load: no headers to build with" fails_with "headers of this kernel" \
	"apt install linux-headers-$(uname -r)"
run load --path "$SCRATCH/none.ko"
check "load: no such file" fails_with "there is no file" "make  #"

if command -v depmod >/dev/null; then
	install_module
	run load
	check "load: by name" succeeds_saying "hpdma 1.2.3 loaded"
	check "load: shows the parameters" says "allow_unsafe=N phys_gid=-1"
	run load
	check "load: again" succeeds_saying "is loaded already"
	run load allow_unsafe=1
	check "load: again with other parameters" fails_with \
		"other parameters" \
		"hpdmactl unload && hpdmactl load allow_unsafe=1"
	run load allow_unsafe=n
	check "load: again with the same parameters" exits 0
else
	skip "load: by name" "no depmod"
fi

new_machine
make_module_file "$(uname -r)"
run load --path "$SCRATCH/hpdma.ko" allow_unsafe=Y phys_gid=7
check "load: a file with parameters" succeeds_saying \
	"allow_unsafe=Y phys_gid=7"

new_machine
run load --path "$SCRATCH/hpdma.ko" allow_unsave=1
check "load: a parameter that is not there" exits 2
check "load: says which there are" says "allow_unsafe:Let"
check "load: does not try then" asked_nothing
FAKE_ERRNO=insert=126 run load --path "$SCRATCH/hpdma.ko" # ENOKEY
check "load: not signed" fails_with "signed modules only" "mokutil --import"
FAKE_ERRNO=insert=129 run load --path "$SCRATCH/hpdma.ko" # EKEYREJECTED
check "load: signed by a stranger" fails_with "signed modules only" \
	"mokutil --import"
FAKE_ERRNO=insert=1 run load --path "$SCRATCH/hpdma.ko" # EPERM
check "load: no right" fails_with CAP_SYS_MODULE "sudo hpdmactl load"
echo "none [integrity] confidentiality" \
	>"$MACHINE/sys/kernel/security/lockdown"
FAKE_ERRNO=insert=1 run load --path "$SCRATCH/hpdma.ko"
check "load: locked down" fails_with "signed modules only" "mokutil --import"
echo 1 >"$MACHINE/proc/sys/kernel/modules_disabled"
FAKE_ERRNO=insert=1 run load --path "$SCRATCH/hpdma.ko"
check "load: modules disabled" fails_with modules_disabled reboot
FAKE_ERRNO=insert=2 run load --path "$SCRATCH/hpdma.ko" # ENOENT
check "load: an unknown symbol" fails_with "lacks something" \
	"dmesg | grep 'hpdma: Unknown symbol'"
FAKE_ERRNO=insert=22 run load --path "$SCRATCH/hpdma.ko" # EINVAL
check "load: a bad value" fails_with "bad value" "dmesg | grep hpdma"
FAKE_ERRNO=insert=12 run load --path "$SCRATCH/hpdma.ko" # ENOMEM
check "load: any other failure" fails_with "Cannot allocate memory" dmesg
FAKE_ERRNO=insert=8 run load --path "$SCRATCH/hpdma.ko" # ENOEXEC
check "load: another configuration" fails_with "another configuration" \
	"make && sudo make install"
make_module_file 5.4.0-made-up
FAKE_ERRNO=insert=8 run load --path "$SCRATCH/hpdma.ko"
check "load: another kernel" fails_with "built for kernel 5.4.0-made-up" \
	"dkms install"
echo text >"$SCRATCH/text.ko"
FAKE_ERRNO=insert=8 run load --path "$SCRATCH/text.ko"
check "load: not a module" fails_with "is not a kernel module" "make"

new_machine
run unload
check "unload: not loaded" succeeds_saying "hpdma is not loaded"
load_module
FAKE_ERRNO=remove=1 run unload
check "unload: no right" fails_with CAP_SYS_MODULE "sudo hpdmactl unload"
FAKE_ERRNO=remove=11 run unload # EAGAIN
check "unload: held by nobody seen" fails_with "not seen here" \
	"sudo hpdmactl unload"
add_process 100 opener /dev/hpdma
add_process 101 mapper "" "77 /dev/hpdma0"
add_process 102 sharer /dmabuf:
printf 'pos:\t0\nexp_name:\thpdma\n' >"$MACHINE/proc/102/fdinfo/3"
add_process 103 stranger /dmabuf:
printf 'pos:\t0\nexp_name:\tudmabuf\n' >"$MACHINE/proc/103/fdinfo/3"
add_process 104 keeper "" "55 /dmabuf:"
mkdir -p "$MACHINE/sys/kernel/debug/dma_buf"
printf '00004096\t00000002\t00080005\t00000002\thpdma\t00000055\t<none>\n' \
	>"$MACHINE/sys/kernel/debug/dma_buf/bufinfo"
add_process 105 other /dev/hpdma_not
FAKE_ERRNO=remove=11 run unload
check "unload: held by an open file" fails_with "process 100 (opener)" \
	"kill 100"
check "unload: held by a mapping" fails_with "process 101 (mapper)" "kill 101"
check "unload: held by a buffer's descriptor" fails_with \
	"process 102 (sharer)" "kill 102"
check "unload: held by a buffer's mapping" fails_with \
	"process 104 (keeper)" "kill 104"
check "unload: nobody else is accused" eval \
	'! says "process 103" && ! says "process 105"'
FAKE_BUFFERS=5 FAKE_ERRNO=remove=11 run unload
check "unload: held by a persistent name" fails_with \
	"persistent name frames keeps a buffer" "hpdmactl unlink frames"
check "unload: a name that a shell would not read" says \
	"fix: hpdmactl unlink \$'\\x61\\x3b\\x62\\x27\\x63'"
check "unload: a name that is not seen" says "buffer 5 has a persistent name"
check "unload: no name that would go by itself" eval '! says 31mb'
FAKE_BUFFERS=5 FAKE_NO_RIGHT=1 FAKE_ERRNO=remove=11 run unload
check "unload: one's own persistent name" fails_with \
	"persistent name frames keeps a buffer" "hpdmactl unlink frames"
mkdir -p "$MACHINE/sys/kernel/debug/hpdma"
printf 'mappings 0\nquarantined 4096\n' \
	>"$MACHINE/sys/kernel/debug/hpdma/stats"
FAKE_ERRNO=remove=11 run unload
check "unload: held by quarantine" fails_with "4 KiB are in quarantine" reboot
rm -r "$MACHINE/sys/kernel/debug/hpdma"
bind_function "$EDU"
FAKE_ERRNO=remove=11 run unload
check "unload: names what is bound" says "bound: /dev/hpdma0 $EDU"
run unload
check "unload: done" succeeds_saying "hpdma unloaded"
check "unload: names what stays reserved" says "hpdmactl unbind $EDU"
