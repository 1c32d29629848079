// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many buffers, and how many bytes of them, each user has, and the limits
 * that the administrator sets. RLIMIT_MEMLOCK is no meter: who has
 * CAP_IPC_LOCK, and on new kernels who has no limit, is not counted there.
 *
 * A user who has buffers has a record; it goes with the last of them.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/hpdma.h>

#include "quota.h"

/**
 * struct hpdma_quota_user - what one user has
 * @node: In the table
 * @uid: Who
 * @bytes: Of all buffers
 * @buffers: How many; never 0 while the lock is free
 */
struct hpdma_quota_user {
	struct hlist_node node;
	kuid_t uid;
	u64 bytes;
	u64 buffers;
};

static unsigned long long quota_bytes;
module_param(quota_bytes, ullong, 0644);
MODULE_PARM_DESC(
	quota_bytes,
	"Bytes of buffers that a user without CAP_SYS_RESOURCE may have (default 0: no limit)");

static unsigned int quota_buffers;
module_param(quota_buffers, uint, 0644);
MODULE_PARM_DESC(
	quota_buffers,
	"Buffers that a user without CAP_SYS_RESOURCE may have (default 0: no limit)");

static DEFINE_HASHTABLE(users, 6);
static DEFINE_SPINLOCK(users_lock);

/**
 * hpdma_quota_caller - the user whom calls of this thread charge
 *
 * The real user, as for RLIMIT_MEMLOCK.
 */
kuid_t hpdma_quota_caller(void)
{
	return current_user()->uid;
}

static struct hpdma_quota_user *find(kuid_t uid)
{
	struct hpdma_quota_user *user;

	hash_for_each_possible(users, user, node, __kuid_val(uid)) {
		if (uid_eq(user->uid, uid))
			return user;
	}
	return NULL;
}

static bool exceeds(u64 used, u64 more, u64 limit)
{
	return limit && (more > limit || used > limit - more);
}

/* One more buffer for a user who may have no record yet; under the lock. */
static int check_limits(const struct hpdma_quota_user *user, u64 bytes,
			u32 *reason)
{
	if (exceeds(user ? user->bytes : 0, bytes, READ_ONCE(quota_bytes))) {
		*reason = HPDMA_REASON_QUOTA_BYTES;
		return -ENOSPC;
	}
	if (exceeds(user ? user->buffers : 0, 1, READ_ONCE(quota_buffers))) {
		*reason = HPDMA_REASON_QUOTA_BUFFERS;
		return -ENOSPC;
	}
	return 0;
}

/**
 * hpdma_quota_charge - count one more buffer of the caller's user
 * @bytes: Its bytes
 * @out: Set to the user's record, valid until it is uncharged
 * @reason: Set where errno does not say enough
 *
 * CAP_SYS_RESOURCE is not limited, but counted.
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int hpdma_quota_charge(u64 bytes, struct hpdma_quota_user **out, u32 *reason)
{
	/* A question, not an attempt: nothing for the audit log. */
	bool limited = !ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	struct hpdma_quota_user *user, *fresh;
	kuid_t uid = hpdma_quota_caller();
	int ret = 0;

	/* Only the user's first buffer needs it. */
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;
	fresh->uid = uid;

	spin_lock(&users_lock);
	user = find(uid);
	if (limited)
		ret = check_limits(user, bytes, reason);
	if (ret)
		goto out;
	if (!user) {
		user = fresh;
		fresh = NULL;
		hash_add(users, &user->node, __kuid_val(uid));
	}
	user->bytes += bytes;
	user->buffers++;
	*out = user;
out:
	spin_unlock(&users_lock);
	kfree(fresh);
	return ret;
}

/**
 * hpdma_quota_uncharge - a buffer has gone
 * @user: Who was charged for it
 * @bytes: As charged
 */
void hpdma_quota_uncharge(struct hpdma_quota_user *user, u64 bytes)
{
	bool last;

	spin_lock(&users_lock);
	user->bytes -= bytes;
	last = !--user->buffers;
	if (last)
		hash_del(&user->node);
	spin_unlock(&users_lock);
	if (last)
		kfree(user);
}

/**
 * hpdma_quota_uid - who was charged
 * @user: His record
 */
kuid_t hpdma_quota_uid(const struct hpdma_quota_user *user)
{
	return user->uid;
}

/**
 * hpdma_quota_read - the limits, and what the caller's user has
 * @state: Filled in
 */
void hpdma_quota_read(struct hpdma_quota_state *state)
{
	const struct hpdma_quota_user *user;

	*state = (struct hpdma_quota_state){
		.max_bytes = READ_ONCE(quota_bytes),
		.max_buffers = READ_ONCE(quota_buffers),
	};
	spin_lock(&users_lock);
	user = find(hpdma_quota_caller());
	if (user) {
		state->bytes = user->bytes;
		state->buffers = user->buffers;
	}
	spin_unlock(&users_lock);
}
