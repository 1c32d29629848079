# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# status

NODE0=sys/devices/system/node/node0/hugepages

new_machine
run status now
check "status: takes no argument" exits 2
run status
check "status: not loaded" fails_with "not loaded" "hpdmactl load"
check "status: no huge page" fails_with "no huge page is reserved" \
	"echo 512 > /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"

load_module "phys_gid=44 reserve=(null)"
echo 8 >"$MACHINE/$NODE0/hugepages-2048kB/nr_hugepages"
echo 5 >"$MACHINE/$NODE0/hugepages-2048kB/free_hugepages"
run status
check "status: the version" succeeds_saying "1.2.3"
check "status: the parameters" says "allow_unsafe=N phys_gid=44"
check "status: a parameter that was not given" says "reserve=none"
check "status: what the module can do" says "contig hugetlb"
check "status: what this user may see" says "hidden from this user"
check "status: the huge pages" says "2 MiB pages: 8, of them 5 free"
check "status: no advice where there are some" eval '! says "fix:"'
check "status: nothing bound" says "none; hpdmactl bind"

bind_function "$EDU"
mkdir -p "$MACHINE/sys/kernel/debug/hpdma"
echo "buffers 3" >"$MACHINE/sys/kernel/debug/hpdma/stats"
run status
check "status: what is bound" succeeds_saying \
	"/dev/hpdma0  $EDU [1234:11e8] node 0 IOVA group 4 holders 0"
check "status: statistics" says "  buffers 3"
check "status: what it can" says "can: reset not at all, MSI 1, MSI-X 5"
check "status: nobody uses it" eval '! says "now:"'
# TRANSLATED, IRQ_REMAPPED, INTX, ALONE; FUNCTION and FLR; CALLER_IOVA; MSI-X
FAKE_DEVICE="15 3 2 3 5 0 0" run status
check "status: what else it can" says "can: reset by FLR, MSI 1, MSI-X 5, INTx"
check "status: how it is used" says \
	"now: mode caller-iova, 48 address bits, MSI-X x 5"
check "status: nothing is wrong with it" eval '! says "/dev/hpdma0 "waits &&
	! says stopped && ! says quarantine && ! says woken'
FAKE_DEVICE="27 1 1 0 0 2 0" run status
check "status: another way to reset" says "can: reset somehow"
check "status: a machine that was suspended" says "/dev/hpdma0 waits"
check "status: and how often" says \
	"mode kernel-iova, 48 address bits, no interrupt, woken up 2 times"
FAKE_DEVICE="43 0 0 0 0 0 8192" run status
check "status: a device that does not stop" says "hpdma0 could not be stopped"
check "status: and what it may reach" says "may still reach 8 KiB"
FAKE_NO_INFO=1 run status
check "status: a device that does not answer" says "IOVA group 4 holders 0"
echo 0 >"$MACHINE/sys/class/hpdma/hpdma0/translated"
run status
check "status: an unconfined device" succeeds_saying "PHYS"
check "status: and what opening it needs" says CAP_SYS_RAWIO
check "status: which is not done for a look" eval '! says "can:"'
echo 1 >"$MACHINE/sys/class/hpdma/hpdma0/holders"
run status
check "status: unless somebody has done it already" says "can:"

FAKE_NO_INFO=1 run status
check "status: a module of another version" fails_with "does not answer" \
	"hpdmactl unload && hpdmactl load"
rm "$MACHINE/dev/hpdma"
run status
check "status: no node" fails_with "cannot open /dev/hpdma" \
	"mount -t devtmpfs"
: >"$MACHINE/dev/hpdma"
chmod 0 "$MACHINE/dev/hpdma"
# Root may open everything, so it steps down, to where others may look.
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$SCRATCH"
	cp "$BUILD/hpdmactl" "$SCRATCH"
	status=0
	# shellcheck disable=SC2034 # for expect.sh
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$SCRATCH/hpdmactl" --sysroot "$MACHINE" status \
		>"$SCRATCH/out" 2>&1 || status=$?
else
	run status
fi
check "status: not in the group" fails_with "not in the group hpdma" \
	"sudo usermod -aG hpdma"
