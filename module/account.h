/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_ACCOUNT_H
#define HPDMA_ACCOUNT_H

#include <linux/skbuff.h>
#include <linux/types.h>

#include "quota.h"

/**
 * struct hpdma_charge - what one buffer was charged
 * @pin: To RLIMIT_MEMLOCK: the user, held until the charge ends, and how many
 *	pages
 * @user: To the quota: the user
 * @bytes: To the quota
 */
struct hpdma_charge {
	struct mmpin pin;
	struct hpdma_quota_user *user;
	u64 bytes;
};

/**
 * enum hpdma_counter - what the module counts of itself
 * @HPDMA_COUNT_CONTEXTS: Open files of /dev/hpdma
 * @HPDMA_COUNT_DEVICE_FILES: Open files of /dev/hpdmaN
 * @HPDMA_COUNT_BUFFERS: Buffers
 * @HPDMA_COUNT_BUFFER_BYTES: Their lengths
 * @HPDMA_COUNT_MAPPINGS: Mappings that hold a buffer
 * @HPDMA_COUNT_PARKED: Those among them whose file has gone
 * @HPDMA_COUNT_QUARANTINED: Bytes of memory in quarantine, which nobody frees
 * @HPDMA_COUNT_NAMES: Names
 * @HPDMA_COUNT_RESERVE_USED: Bytes of the reserve that buffers use
 * @HPDMA_COUNTERS: How many counters there are
 *
 * All are 0 when nobody uses the module: tests compare them before and after.
 */
enum hpdma_counter {
	HPDMA_COUNT_CONTEXTS,
	HPDMA_COUNT_DEVICE_FILES,
	HPDMA_COUNT_BUFFERS,
	HPDMA_COUNT_BUFFER_BYTES,
	HPDMA_COUNT_MAPPINGS,
	HPDMA_COUNT_PARKED,
	HPDMA_COUNT_QUARANTINED,
	HPDMA_COUNT_NAMES,
	HPDMA_COUNT_RESERVE_USED,
	HPDMA_COUNTERS,
};

int hpdma_account_charge(struct hpdma_charge *charge, u64 bytes, u32 *reason);
void hpdma_account_uncharge(struct hpdma_charge *charge);

void hpdma_account_count(enum hpdma_counter counter, s64 change);
s64 hpdma_account_counted(enum hpdma_counter counter);
const char *hpdma_account_name(enum hpdma_counter counter);

#endif
