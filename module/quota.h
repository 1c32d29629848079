/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_QUOTA_H
#define HPDMA_QUOTA_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct hpdma_quota_user;

/**
 * struct hpdma_quota_state - the limits, and what a user has of them
 * @max_bytes: Bytes of buffers that a user may have; 0: no limit
 * @max_buffers: Buffers that a user may have; 0: no limit
 * @bytes: Bytes of buffers that this user has
 * @buffers: Buffers that this user has
 */
struct hpdma_quota_state {
	u64 max_bytes;
	u64 max_buffers;
	u64 bytes;
	u64 buffers;
};

kuid_t hpdma_quota_caller(void);
int hpdma_quota_charge(u64 bytes, struct hpdma_quota_user **out, u32 *reason);
void hpdma_quota_uncharge(struct hpdma_quota_user *user, u64 bytes);
kuid_t hpdma_quota_uid(const struct hpdma_quota_user *user);
void hpdma_quota_read(struct hpdma_quota_state *state);

#endif
