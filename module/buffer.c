// SPDX-License-Identifier: GPL-2.0-only
/*
 * A buffer: memory, the charge for it, and the dma-buf that is its file.
 * Everyone who holds a buffer holds that file (areas of a hugetlb buffer hold
 * the hugetlbfs file, which the dma-buf holds too), so the file's count is the
 * buffer's count and hpdma_buffer_release() is the only way pages go back.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "buffer.h"
#include "caching.h"
#include "export.h"
#include "trace.h"

/* The memory goes back. */
static void give_back(struct hpdma_buffer *buffer)
{
	struct hpdma_memory *memory = &buffer->memory;

	hpdma_registry_remove(&buffer->registered);
	/* Nobody was told of one that never became complete. */
	if (buffer->registered.serial)
		trace_hpdma_buffer_release(buffer);
	memory->backing->put(memory);
	hpdma_account_uncharge(&buffer->charge);
	hpdma_account_count(HPDMA_COUNT_BUFFERS, -1);
	hpdma_account_count(HPDMA_COUNT_BUFFER_BYTES, -(s64)memory->length);
	hpdma_spans_free(&memory->spans);
	put_pid(buffer->creator);
	mutex_destroy(&memory->sync.lock);
	kfree(buffer);
}

static bool is_held(const struct hpdma_linger *linger)
{
	const struct hpdma_memory *memory =
		&container_of(linger, struct hpdma_buffer, linger)->memory;

	return memory->backing->is_held(memory);
}

static void release_late(struct hpdma_linger *linger)
{
	give_back(container_of(linger, struct hpdma_buffer, linger));
}

static void hpdma_buffer_release(struct hpdma_buffer *buffer)
{
	struct hpdma_memory *memory = &buffer->memory;

	if (memory->write_combine)
		hpdma_caching_restore(memory);
	if (!memory->backing->is_held || !memory->backing->is_held(memory)) {
		give_back(buffer);
		return;
	}
	buffer->linger.is_held = is_held;
	buffer->linger.release = release_late;
	hpdma_linger_add(&buffer->linger);
}

static void memory_last_put(struct hpdma_memory *memory)
{
	hpdma_buffer_release(container_of(memory, struct hpdma_buffer, memory));
}

/* The last run may be shorter only where the length is not a multiple. */
static bool has_long_runs(const struct hpdma_memory *memory, u64 min)
{
	const struct hpdma_spans *spans = &memory->spans;

	if (hpdma_spans_shortest(spans) < min)
		return false;
	return !min || memory->length % min ||
	       spans->array[spans->count - 1].length >= min;
}

/* What a backing got by chance, or by the caller's memory policy, is checked. */
static int verify(const struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	const struct hpdma_spans *spans = &memory->spans;

	if (wish->node != NUMA_NO_NODE && memory->node != wish->node)
		wish->reason = HPDMA_REASON_NODE;
	else if (hpdma_spans_last(spans) > wish->last_address)
		wish->reason = HPDMA_REASON_ADDRESS;
	else if (wish->alignment &&
		 spans->array[0].addr & (wish->alignment - 1))
		wish->reason = HPDMA_REASON_SEGMENT;
	else if (!has_long_runs(memory, wish->min_segment))
		wish->reason = HPDMA_REASON_SEGMENT;
	else
		return 0;
	return -ENOMEM;
}

/* While nobody can map it. */
static int set_caching(struct hpdma_memory *memory)
{
	int ret;

	if (!memory->write_combine)
		return 0;
	ret = hpdma_caching_combine(memory);
	if (ret)
		memory->write_combine = false;
	return ret;
}

/* It is complete: give it a number, and let others know of it. */
static void announce(struct hpdma_buffer *buffer)
{
	hpdma_registry_add(&buffer->registered);
	buffer->memory.serial = buffer->registered.serial;
	if (buffer->memory.backing->pins)
		trace_hpdma_buffer_pin(buffer);
	trace_hpdma_buffer_create(buffer);
}

/**
 * hpdma_buffer_create - get memory and make it a buffer
 * @backing: Where from
 * @wish: What; its @reason is set where the call fails
 * @out: Set to the buffer, which the caller holds; untouched on failure
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_buffer_create(const struct hpdma_backing_ops *backing,
			struct hpdma_wish *wish, struct hpdma_buffer **out)
{
	struct hpdma_buffer *buffer;
	struct dma_buf *dmabuf;
	int ret;

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	buffer->memory.backing = backing;
	buffer->memory.length = wish->length;
	buffer->memory.spans.boundary = wish->boundary;
	buffer->memory.write_combine = wish->write_combine;
	buffer->memory.last_put = memory_last_put;
	buffer->creator = get_pid(task_tgid(current));
	hpdma_registry_init(&buffer->registered);
	hpdma_sync_init(&buffer->memory.sync);

	ret = hpdma_account_charge(&buffer->charge, backing->cost(wish),
				   &wish->reason);
	if (ret)
		goto err_buffer;
	ret = backing->get(&buffer->memory, wish);
	if (ret)
		goto err_charge;
	hpdma_account_count(HPDMA_COUNT_BUFFERS, 1);
	hpdma_account_count(HPDMA_COUNT_BUFFER_BYTES, wish->length);

	/* From here on the buffer goes the way of a buffer nobody holds. */
	ret = set_caching(&buffer->memory);
	if (ret)
		goto err_memory;
	ret = verify(&buffer->memory, wish);
	if (!ret)
		ret = hpdma_spans_seal(&buffer->memory.spans);
	if (ret)
		goto err_memory;
	dmabuf = hpdma_export_create(&buffer->memory);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_memory;
	}
	buffer->dmabuf = dmabuf;
	announce(buffer);
	*out = buffer;
	return 0;

err_memory:
	hpdma_export_let_go(&buffer->memory);
	return ret;
err_charge:
	hpdma_account_uncharge(&buffer->charge);
err_buffer:
	put_pid(buffer->creator);
	kfree(buffer);
	return ret;
}

void hpdma_buffer_get(struct hpdma_buffer *buffer)
{
	get_dma_buf(buffer->dmabuf);
}

/* The memory may go later than this returns: the last fput() is deferred. */
void hpdma_buffer_put(struct hpdma_buffer *buffer)
{
	dma_buf_put(buffer->dmabuf);
}

/**
 * hpdma_buffer_of - the buffer that a dma-buf is the file of
 * @dmabuf: Any dma-buf; the caller holds it, and with it the buffer
 *
 * Return: the buffer, or NULL if it is another driver's dma-buf.
 */
struct hpdma_buffer *hpdma_buffer_of(struct dma_buf *dmabuf)
{
	struct hpdma_memory *memory = hpdma_export_memory(dmabuf);

	return memory ? container_of(memory, struct hpdma_buffer, memory) :
			NULL;
}

/**
 * hpdma_buffer_get_shared - the dma-buf by which others know a buffer
 * @buffer: The buffer, not a registered one
 *
 * That of an import is the other driver's own: whoever gets it can tell that it
 * is the same memory, and needs neither us nor a second mapping of it.
 *
 * Return: a dma-buf, with a reference for the caller.
 */
struct dma_buf *hpdma_buffer_get_shared(struct hpdma_buffer *buffer)
{
	struct dma_buf *dmabuf = buffer->memory.foreign;

	if (!dmabuf)
		dmabuf = buffer->dmabuf;
	get_dma_buf(dmabuf);
	return dmabuf;
}

/**
 * hpdma_buffer_sync - maintain the CPU's caches
 * @buffer: The buffer
 * @offset: First byte, checked
 * @length: Bytes, checked
 * @for_cpu: The CPU is to see what devices wrote, not the other way round
 * @reason: Set where errno does not say enough
 *
 * Return: 0, or of an import -errno of the contract.
 */
int hpdma_buffer_sync(struct hpdma_buffer *buffer, u64 offset, u64 length,
		      bool for_cpu, u32 *reason)
{
	struct hpdma_memory *memory = &buffer->memory;

	if (memory->foreign)
		return hpdma_backing_import_sync(memory, for_cpu, reason);
	if (for_cpu)
		hpdma_sync_for_cpu(&memory->sync, offset, length,
				   DMA_BIDIRECTIONAL);
	else
		hpdma_sync_for_device(&memory->sync, offset, length,
				      DMA_BIDIRECTIONAL);
	return 0;
}
