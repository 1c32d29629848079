// SPDX-License-Identifier: GPL-2.0-only
/*
 * What buffers there are, copied: whoever tells it to somebody may take his
 * time, and holds nothing meanwhile.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "buffer.h"
#include "name.h"
#include "registry.h"
#include "snapshot.h"

/**
 * struct room - where to put snapshots
 * @owner: Whose buffers, or NULL for everybody's
 * @array: The place
 * @count: How many are there
 * @size: How many can be
 */
struct room {
	const kuid_t *owner;
	struct hpdma_snapshot *array;
	unsigned int count;
	unsigned int size;
};

/* The number of a process that is gone may be another's by now. */
static void describe_creator(struct hpdma_snapshot *snapshot, struct pid *pid)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task) {
		snapshot->pid = pid_nr_ns(pid, task_active_pid_ns(current));
		get_task_comm(snapshot->comm, task);
	}
	rcu_read_unlock();
}

static u32 state_of(const struct hpdma_buffer *buffer, u8 *name)
{
	u32 state = hpdma_name_show(buffer, name);

	if (buffer->memory.write_combine)
		state |= HPDMA_BUF_WRITE_COMBINE;
	if (buffer->memory.reserve)
		state |= HPDMA_BUF_RESERVE;
	if (atomic_read(&buffer->quarantined))
		state |= HPDMA_BUF_QUARANTINED;
	return state;
}

/**
 * hpdma_snapshot_state - bits of enum hpdma_buf_state
 * @buffer: Held by the caller
 */
u32 hpdma_snapshot_state(const struct hpdma_buffer *buffer)
{
	return state_of(buffer, NULL);
}

static bool add(struct hpdma_registered *entry, void *arg)
{
	const struct hpdma_buffer *buffer =
		container_of(entry, struct hpdma_buffer, registered);
	const struct hpdma_memory *memory = &buffer->memory;
	kuid_t uid = hpdma_quota_uid(buffer->charge.user);
	struct room *room = arg;
	struct hpdma_snapshot *snapshot;

	if (room->owner && !uid_eq(uid, *room->owner))
		return true;
	if (room->count == room->size)
		return false;
	snapshot = &room->array[room->count++];
	*snapshot = (struct hpdma_snapshot){
		.serial = entry->serial,
		.length = memory->length,
		.page_size = memory->page_size,
		.backing = memory->backing->kind,
		.node = memory->node,
		.segments = memory->spans.count,
		.uid = uid,
		.ids = atomic_read(&buffer->ids),
		.mappings = atomic_read(&buffer->mappings),
	};
	snapshot->state = state_of(buffer, snapshot->name);
	describe_creator(snapshot, buffer->creator);
	return true;
}

/**
 * hpdma_snapshot_take - see what buffers there are
 * @after: Those with a greater serial; moved on, to call again for more
 * @owner: Only buffers for which this user is charged; NULL: all
 * @array: Filled in, in the order of the serials
 * @room: How many fit it
 *
 * Return: how many there are in @array; fewer than @room: there are no more.
 */
unsigned int hpdma_snapshot_take(u64 *after, const kuid_t *owner,
				 struct hpdma_snapshot *array,
				 unsigned int room)
{
	struct room in = { .owner = owner, .array = array, .size = room };

	while (hpdma_registry_walk(after, add, &in) && in.count < room) {
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return in.count;
}
