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

load_module phys_gid=44
echo 8 >"$MACHINE/$NODE0/hugepages-2048kB/nr_hugepages"
echo 5 >"$MACHINE/$NODE0/hugepages-2048kB/free_hugepages"
run status
check "status: the version" succeeds_saying "1.2.3"
check "status: the parameters" says "allow_unsafe=N phys_gid=44"
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
	"/dev/hpdma0  $EDU [1234:11e8] node 0 IOVA holders 0"
check "status: statistics" says "  buffers 3"
echo 0 >"$MACHINE/sys/class/hpdma/hpdma0/translated"
run status
check "status: an unconfined device" succeeds_saying "PHYS"
check "status: and what opening it needs" says CAP_SYS_RAWIO

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
