/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_SNAPSHOT_H
#define HPDMA_SNAPSHOT_H

#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/hpdma.h>

struct hpdma_buffer;

/**
 * struct hpdma_snapshot - a buffer as it was a moment ago
 * @serial: Its number
 * @length: Bytes
 * @page_size: Bytes of one page
 * @backing: enum hpdma_backing of the uAPI
 * @node: NUMA node, or NUMA_NO_NODE
 * @segments: Physical runs
 * @uid: User who is charged
 * @pid: Process that made it, in the PID namespace of who looks; 0 if it is gone
 *	or not in it
 * @comm: Its name; empty if it is gone
 * @ids: Ids in all open files
 * @mappings: Device mappings that hold it
 * @state: Bits of enum hpdma_buf_state
 * @name: Its name, if who looks may open it; else all zeroes
 *
 * No address.
 */
struct hpdma_snapshot {
	u64 serial;
	u64 length;
	u64 page_size;
	u32 backing;
	int node;
	u32 segments;
	kuid_t uid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	u32 ids;
	u32 mappings;
	u32 state;
	u8 name[HPDMA_NAME_SIZE];
};

u32 hpdma_snapshot_state(const struct hpdma_buffer *buffer);
unsigned int hpdma_snapshot_take(u64 *after, const kuid_t *owner,
				 struct hpdma_snapshot *array,
				 unsigned int room);

#endif
