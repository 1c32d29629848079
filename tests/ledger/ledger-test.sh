# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The ledger's own test: it must notice each kind of thing left behind, must wait
# for what is merely late, and must not cry when all is well. Needs /bin/leaker;
# run by selftest.sh.

n=0

# expect STATUS REGEX COMMAND...: the ledger around COMMAND must end so.
expect()
{
	want=$1
	regex=$2
	shift 2
	n=$((n + 1))
	ledger -- "$@" > /tmp/out 2>&1
	got=$?
	if [ "$got" -eq "$want" ] && { [ -z "$regex" ] || grep -qE "$regex" /tmp/out; } &&
	   { [ -n "$regex" ] || [ ! -s /tmp/out ]; }; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*: status $got, wanted $want with '$regex'"
		sed 's/^/#   /' /tmp/out
	fi
	# So that the next one starts from rest.
	rm -f /dev/hugepages/left
	echo 64 > /proc/sys/vm/nr_hugepages
	sleep 1
}

echo 1..9
expect 0 '' true
expect 3 '' sh -c 'exit 3'
expect 137 '' sh -c 'kill -9 $$'
expect 70 'all.hugepages-2048kB.free_hugepages: 64 -> 63' \
	fallocate -l 2097152 /dev/hugepages/left
expect 70 'node0.hugepages-2048kB.nr_hugepages: 64 -> 60' \
	sh -c 'echo 60 > /proc/sys/vm/nr_hugepages'
expect 70 'meminfo.Mlocked: 0 -> 256' leaker mlock 5000
sleep 5
expect 70 'vmstat.pinned_pages: 0 -> 64' leaker pin 5000
sleep 5
expect 0 '' leaker pin 500
# A leak does not hide the command's own failure, nor the other way round.
expect 3 'free_hugepages: 64 -> 63' \
	sh -c 'fallocate -l 2097152 /dev/hugepages/left; exit 3'
