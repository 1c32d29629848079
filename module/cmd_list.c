// SPDX-License-Identifier: GPL-2.0-only
/* HPDMA_IOC_LIST: who holds what. */
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "cmd.h"
#include "context.h"
#include "quota.h"
#include "snapshot.h"

/* How many are looked at before the caller gets them. */
#define CHUNK 16

/* The last field of the entry's first version. */
#define MIN_ENTRY offsetofend(struct hpdma_list_entry, name)

static void describe(struct hpdma_list_entry *entry,
		     const struct hpdma_snapshot *snapshot)
{
	*entry = (struct hpdma_list_entry){
		.serial = snapshot->serial,
		.length = snapshot->length,
		.page_size = snapshot->page_size,
		.backing = snapshot->backing,
		.node = snapshot->node,
		.segments = snapshot->segments,
		.uid = from_kuid_munged(current_user_ns(), snapshot->uid),
		.pid = snapshot->pid,
		.ids = snapshot->ids,
		.mappings = snapshot->mappings,
		.state = snapshot->state,
	};
	memcpy(entry->name, snapshot->name, sizeof(entry->name));
}

/* To a caller whose entries may be those of another version. */
static int copy_entry(u8 __user *to, u32 size,
		      const struct hpdma_snapshot *snapshot)
{
	struct hpdma_list_entry entry;
	u32 known = min_t(u32, size, sizeof(entry));

	describe(&entry, snapshot);
	if (copy_to_user(to, &entry, known) ||
	    clear_user(to + known, size - known))
		return -EFAULT;
	return 0;
}

static int fill(struct hpdma_ioc_list *arg, const kuid_t *owner,
		struct hpdma_snapshot *chunk)
{
	u8 __user *to = u64_to_user_ptr(arg->entries);
	u32 done = 0, want, got, i;
	u64 after = arg->after;
	int ret;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		want = min_t(u32, arg->count - done, CHUNK);
		got = hpdma_snapshot_take(&after, owner, chunk, want);
		for (i = 0; i < got; i++) {
			ret = copy_entry(to, arg->entry_size, &chunk[i]);
			if (ret)
				return ret;
			to += arg->entry_size;
		}
		done += got;
	} while (got == want && done < arg->count);
	arg->out_count = done;
	return 0;
}

int hpdma_cmd_list(struct hpdma_call *call)
{
	struct hpdma_ioc_list *arg = &call->arg.list;
	const kuid_t caller = hpdma_quota_caller();
	bool all = arg->flags & HPDMA_LIST_ALL;
	struct hpdma_snapshot *chunk;
	int ret;

	if (!arg->count || arg->entry_size < MIN_ENTRY ||
	    arg->entry_size > PAGE_SIZE)
		return -EINVAL;
	if (all && !call->context->may_list_all) {
		call->reason = HPDMA_REASON_LIST_RIGHT;
		return -EPERM;
	}
	/* First, so that a struct that cannot be written leaves the array alone. */
	if (put_user(arg->out_count,
		     &((struct hpdma_ioc_list __user *)call->user)->out_count))
		return -EFAULT;
	chunk = kmalloc_array(CHUNK, sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	ret = fill(arg, all ? NULL : &caller, chunk);
	kfree(chunk);
	return ret ? ret : hpdma_ioctl_respond(call);
}
