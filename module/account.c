// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charges memory to RLIMIT_MEMLOCK of a user, as io_uring does, and keeps the
 * module's own counters. A charge remembers the user, so whoever releases the
 * memory uncharges the one who was charged.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "account.h"

static atomic64_t counters[HPDMA_COUNTERS];

static const char *const names[HPDMA_COUNTERS] = {
	[HPDMA_COUNT_CONTEXTS] = "contexts",
	[HPDMA_COUNT_DEVICE_FILES] = "device_files",
	[HPDMA_COUNT_BUFFERS] = "buffers",
	[HPDMA_COUNT_BUFFER_BYTES] = "buffer_bytes",
	[HPDMA_COUNT_MAPPINGS] = "mappings",
	[HPDMA_COUNT_PARKED] = "parked",
};

/**
 * hpdma_account_charge - charge the calling process's user
 * @charge: Zeroed memory
 * @bytes: How much
 *
 * Charged once for a whole buffer: the kernel's helper adds two pages of slack
 * to each call. CAP_IPC_LOCK is not limited and not charged.
 *
 * Return: 0, or -ENOSPC if RLIMIT_MEMLOCK does not allow it.
 */
int hpdma_account_charge(struct hpdma_charge *charge, u64 bytes)
{
	return mm_account_pinned_pages(&charge->pin, bytes) ? -ENOSPC : 0;
}

/**
 * hpdma_account_uncharge - end a charge
 * @charge: Charged, or zeroed memory
 */
void hpdma_account_uncharge(struct hpdma_charge *charge)
{
	mm_unaccount_pinned_pages(&charge->pin);
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
