// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charges memory to RLIMIT_MEMLOCK of a user, as io_uring does, and to his
 * quota, and keeps the module's own counters. A charge remembers the user, so
 * whoever releases the memory uncharges the one who was charged.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/hpdma.h>

#include "account.h"

static atomic64_t counters[HPDMA_COUNTERS];

static const char *const names[HPDMA_COUNTERS] = {
	[HPDMA_COUNT_CONTEXTS] = "contexts",
	[HPDMA_COUNT_DEVICE_FILES] = "device_files",
	[HPDMA_COUNT_BUFFERS] = "buffers",
	[HPDMA_COUNT_BUFFER_BYTES] = "buffer_bytes",
	[HPDMA_COUNT_MAPPINGS] = "mappings",
	[HPDMA_COUNT_PARKED] = "parked",
	[HPDMA_COUNT_QUARANTINED] = "quarantined",
	[HPDMA_COUNT_NAMES] = "names",
	[HPDMA_COUNT_RESERVE_USED] = "reserve_used",
};

/*
 * The kernel's helper adds two pages to what it is asked for, in case that is
 * not aligned. So it is asked for two less: what it charges is then exact, except
 * that a single page counts as two. Nothing is charged for nothing.
 */
static u64 ask_for(u64 bytes)
{
	const u64 added = 2 * PAGE_SIZE;

	if (!bytes)
		return 0;
	return bytes > added ? bytes - added : 1;
}

/**
 * hpdma_account_charge - charge the calling process's user for a buffer
 * @charge: Zeroed memory
 * @bytes: How much; 0: the buffer alone
 * @reason: Set where errno does not say enough
 *
 * CAP_IPC_LOCK is neither limited by RLIMIT_MEMLOCK nor charged to it;
 * CAP_SYS_RESOURCE is not limited by the quota.
 *
 * Return: 0, -ENOSPC if a limit does not allow it, or -ENOMEM.
 */
int hpdma_account_charge(struct hpdma_charge *charge, u64 bytes, u32 *reason)
{
	int ret;

	ret = hpdma_quota_charge(bytes, &charge->user, reason);
	if (ret)
		return ret;
	if (mm_account_pinned_pages(&charge->pin, ask_for(bytes))) {
		hpdma_quota_uncharge(charge->user, bytes);
		memset(charge, 0, sizeof(*charge));
		*reason = HPDMA_REASON_MEMLOCK;
		return -ENOSPC;
	}
	charge->bytes = bytes;
	return 0;
}

/**
 * hpdma_account_uncharge - end a charge
 * @charge: Charged
 */
void hpdma_account_uncharge(struct hpdma_charge *charge)
{
	mm_unaccount_pinned_pages(&charge->pin);
	hpdma_quota_uncharge(charge->user, charge->bytes);
	memset(charge, 0, sizeof(*charge));
}

/**
 * hpdma_account_count - change a counter
 * @counter: Which
 * @change: By how much
 */
void hpdma_account_count(enum hpdma_counter counter, s64 change)
{
	atomic64_add(change, &counters[counter]);
}

/**
 * hpdma_account_counted - read a counter
 * @counter: Which
 */
s64 hpdma_account_counted(enum hpdma_counter counter)
{
	return atomic64_read(&counters[counter]);
}

/**
 * hpdma_account_name - what a counter is called in debugfs
 * @counter: Which
 */
const char *hpdma_account_name(enum hpdma_counter counter)
{
	return names[counter];
}
