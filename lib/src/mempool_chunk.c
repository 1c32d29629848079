// SPDX-License-Identifier: MIT
/*
 * The memory of a pool: chunks that come, are cut into objects, and go.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mempool.h"
#include "util.h"

/* What a page-sized allocation is aligned to; one of huge pages' size to those. */
#define PAGE 4096
#define HUGE (2 << 20)

struct mempool_chunk *mempool_chunk_of(const struct hpdma_mempool *pool,
				       const void *object)
{
	struct mempool_chunk *chunk;
	uint64_t offset, slots;

	/* Acquire: a chunk in the list is written. */
	chunk = __atomic_load_n(&pool->chunks, __ATOMIC_ACQUIRE);
	for (; chunk; chunk = chunk->next) {
		/*
		 * Of the chunk of an object that is out neither changes. Acquire:
		 * where another chunk comes, its @first is not older than its
		 * @slots.
		 */
		slots = __atomic_load_n(&chunk->slots, __ATOMIC_ACQUIRE);
		offset = (uintptr_t)object -
			 __atomic_load_n(&chunk->first, __ATOMIC_RELAXED);
		if (offset % pool->layout.stride == 0 &&
		    offset / pool->layout.stride < slots)
			return chunk;
	}
	return NULL;
}

static void *slot(const struct hpdma_mempool *pool,
		  const struct mempool_span *span, uint64_t i)
{
	return (void *)(span->first + i * pool->layout.stride);
}

/* The address of an object that is all at consecutive ones, else NO_IOVA. */
static uint64_t address_of(const struct hpdma_mempool *pool,
			   const struct hpdma_mempool_memory *memory,
			   const void *object, enum hpdma_kind *kind)
{
	const uint64_t offset = memory->dma_offset +
				((uintptr_t)object - (uintptr_t)memory->mem);
	uint64_t addr, length;

	if (hpdma_dma_addr_at(memory->dma, offset, &addr, &length, kind) ||
	    length < pool->object_size)
		return HPDMA_MEMPOOL_NO_IOVA;
	return addr;
}

/* Writes the heads; @span's objects are counted. */
static void write_heads(struct hpdma_mempool *pool,
			const struct hpdma_mempool_memory *memory,
			struct mempool_span *span, enum hpdma_kind *kind)
{
	struct mempool_head *head;
	uint64_t i;

	for (i = 0; i < span->slots; i++) {
		head = mempool_head(slot(pool, span, i));
		head->iova = HPDMA_MEMPOOL_NO_IOVA;
		head->state = MEMPOOL_FREE;
		head->mark = MEMPOOL_MARK;
		if (memory->dma)
			head->iova = address_of(pool, memory, head + 1, kind);
		if (memory->dma && head->iova == HPDMA_MEMPOOL_NO_IOVA)
			head->mark = MEMPOOL_HOLE;
		else
			span->objects++;
	}
}

/* Cut memory into slots: the first object where the alignment lets it. */
static int cut(const struct hpdma_mempool *pool,
	       const struct hpdma_mempool_memory *memory, uint64_t max,
	       struct mempool_span *span)
{
	const struct mempool_layout *layout = &pool->layout;
	uint64_t lost;

	if ((uintptr_t)memory->mem > UINTPTR_MAX - memory->length ||
	    !round_up((uintptr_t)memory->mem + layout->lead, layout->align,
		      &lost))
		return -EINVAL;
	span->first = lost;
	span->stride = layout->stride;
	lost -= (uintptr_t)memory->mem + layout->lead;
	if (memory->length < lost)
		return -ERANGE;
	span->slots = (memory->length - lost) / layout->stride;
	if (span->slots > max)
		span->slots = max;
	return span->slots ? 0 : -ERANGE;
}

/* With the pool's lock. A free one, or one more; not yet to be found. */
static struct mempool_chunk *chunk_new(struct hpdma_mempool *pool)
{
	struct mempool_chunk *chunk;

	for (chunk = pool->chunks; chunk; chunk = chunk->next) {
		if (!chunk->slots)
			return chunk;
	}
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	chunk->next = pool->chunks;
	__atomic_store_n(&pool->chunks, chunk, __ATOMIC_RELEASE);
	return chunk;
}

static void publish(struct hpdma_mempool *pool, struct mempool_chunk *chunk,
		    const struct hpdma_mempool_memory *memory,
		    const struct mempool_span *span)
{
	chunk->memory = *memory;
	if (memory->dma)
		chunk->memory.dma = hpdma_dma_ref(memory->dma);
	chunk->objects = span->objects;
	chunk->index = span->index;
	/* Nobody who finds @slots finds an older @first. */
	__atomic_store_n(&chunk->first, span->first, __ATOMIC_RELAXED);
	__atomic_store_n(&chunk->slots, span->slots, __ATOMIC_RELEASE);
	pool->objects += span->objects;
	pool->next_index += span->slots;
}

/* Objects are prepared and put without the lock: the caller's code may do anything. */
static void fill(struct hpdma_mempool *pool, const struct mempool_span *span)
{
	void *batch[64];
	uint32_t n = 0;
	uint64_t i;

	for (i = 0; i < span->slots; i++) {
		batch[n] = slot(pool, span, i);
		if (mempool_head(batch[n])->mark != MEMPOOL_MARK)
			continue;
		if (pool->init)
			pool->init(pool, batch[n], span->index + i,
				   pool->init_arg);
		mempool_check_new(pool, batch[n]);
		if (++n == sizeof(batch) / sizeof(batch[0])) {
			mempool_store_put(pool, batch, n);
			n = 0;
		}
	}
	if (n)
		mempool_store_put(pool, batch, n);
}

/* With the pool's lock. */
static int add_span(struct hpdma_mempool *pool,
		    const struct hpdma_mempool_memory *memory,
		    struct mempool_span *span)
{
	struct mempool_chunk *chunk;
	int ret;

	chunk = chunk_new(pool);
	if (!chunk)
		return -ENOMEM;
	span->index = pool->next_index;
	ret = pool->store->ops->add(pool->store, span);
	if (ret)
		return ret;
	publish(pool, chunk, memory, span);
	return 0;
}

static int add(struct hpdma_mempool *pool,
	       const struct hpdma_mempool_memory *memory, uint64_t max)
{
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	struct mempool_span span = { 0 };
	int ret;

	ret = cut(pool, memory, max, &span);
	if (ret)
		return ret;
	write_heads(pool, memory, &span, &kind);
	if (!span.objects)
		return -ERANGE;
	pthread_mutex_lock(&pool->lock);
	ret = add_span(pool, memory, &span);
	pthread_mutex_unlock(&pool->lock);
	if (ret)
		return ret;
	if (kind != HPDMA_KIND_NONE)
		__atomic_store_n(&pool->kind, kind, __ATOMIC_RELAXED);
	fill(pool, &span);
	return 0;
}

int hpdma_mempool_add(struct hpdma_mempool *pool,
		      const struct hpdma_mempool_memory *memory,
		      struct hpdma_error *error)
{
	struct hpdma_mempool_memory m;
	int ret;

	ret = hpdma_opts_copy(&m, sizeof(m), sizeof(m), memory);
	if (!ret && (m.flags || !m.mem))
		ret = -EINVAL;
	if (!ret)
		ret = add(pool, &m, UINT64_MAX);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "cut memory into objects");
	return 0;
}

int mempool_attach_span(struct hpdma_mempool *pool, void *mem, uint64_t length,
			const struct mempool_span *span)
{
	const struct hpdma_mempool_memory memory = { .mem = mem,
						     .length = length };
	struct mempool_span copy = *span;
	int ret;

	pthread_mutex_lock(&pool->lock);
	pool->next_index = span->index;
	ret = add_span(pool, &memory, &copy);
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

static void release_plain(void *mem, uint64_t length, void *arg)
{
	(void)length;
	(void)arg;
	free(mem);
}

static void release_buf(void *mem, uint64_t length, void *arg)
{
	(void)mem;
	(void)length;
	hpdma_buf_unref(arg);
}

static int new_plain(uint64_t length, struct hpdma_mempool_memory *memory,
		     struct hpdma_error *error)
{
	if (length > SIZE_MAX - HUGE ||
	    posix_memalign(&memory->mem, length < HUGE ? PAGE : HUGE, length))
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate objects");
	memset(memory->mem, 0, length);
	memory->length = length;
	memory->release = release_plain;
	return 0;
}

static int new_buf(struct hpdma_mempool *pool, uint64_t length,
		   struct hpdma_mempool_memory *memory,
		   struct hpdma_error *error)
{
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_buf_alloc(pool->ctx, length,
			      pool->has_buf ? &pool->buf : NULL, &buf, error);
	if (ret)
		return ret;
	if (pool->device) {
		ret = hpdma_dma_map(pool->device, buf, 0, 0, &memory->dma,
				    error);
		if (ret) {
			hpdma_buf_unref(buf);
			return ret;
		}
	}
	memory->mem = hpdma_buf_ptr(buf);
	memory->length = hpdma_buf_len(buf);
	memory->release = release_buf;
	memory->release_arg = buf;
	return 0;
}

int hpdma_mempool_grow(struct hpdma_mempool *pool, uint64_t count,
		       struct hpdma_error *error)
{
	struct hpdma_mempool_memory memory = { .size = sizeof(memory) };
	uint64_t length;
	int ret;

	/* The first object's lead is rounded up to the alignment. */
	if (!count)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "grow a pool");
	if (__builtin_mul_overflow(count, pool->layout.stride, &length) ||
	    __builtin_add_overflow(length, pool->layout.align, &length))
		return hpdma_fail(error, -EOVERFLOW, HPDMA_WHY_NONE,
				  "grow a pool");
	ret = pool->ctx ? new_buf(pool, length, &memory, error) :
			  new_plain(length, &memory, error);
	if (ret)
		return ret;
	ret = add(pool, &memory, count);
	/* The chunk has a reference of its own, if there is one. */
	hpdma_dma_unref(memory.dma);
	if (ret) {
		hpdma_fail(error, ret, HPDMA_WHY_NONE,
			   "cut memory into objects");
		memory.release(memory.mem, memory.length, memory.release_arg);
	}
	return ret;
}

static struct mempool_span span_of(const struct hpdma_mempool *pool,
				   const struct mempool_chunk *chunk)
{
	return (struct mempool_span){
		.first = chunk->first,
		.stride = pool->layout.stride,
		.slots = chunk->slots,
		.objects = chunk->objects,
		.index = chunk->index,
	};
}

static void release(const struct hpdma_mempool_memory *memory)
{
	/* Unmapped before the memory can be anybody else's */
	hpdma_dma_unref(memory->dma);
	if (memory->release)
		memory->release(memory->mem, memory->length,
				memory->release_arg);
}

static void leave(struct hpdma_mempool *pool, const struct mempool_span *span)
{
	uint64_t i;

	if (!pool->told)
		return;
	for (i = 0; i < span->slots; i++)
		mempool_check_gone(pool, slot(pool, span, i));
}

/* Take one chunk out that can go; its memory is the caller's then. */
static uint64_t withdraw(struct hpdma_mempool *pool, uint64_t keep,
			 struct hpdma_mempool_memory *memory)
{
	struct mempool_chunk *chunk;
	struct mempool_span span;
	uint64_t objects = 0;

	pthread_mutex_lock(&pool->lock);
	for (chunk = pool->chunks; chunk; chunk = chunk->next) {
		if (!chunk->slots || pool->objects < chunk->objects ||
		    pool->objects - chunk->objects < keep)
			continue;
		span = span_of(pool, chunk);
		if (!pool->store->ops->withdraw(pool->store, &span))
			continue;
		objects = chunk->objects;
		pool->objects -= objects;
		*memory = chunk->memory;
		__atomic_store_n(&chunk->slots, 0, __ATOMIC_RELEASE);
		break;
	}
	pthread_mutex_unlock(&pool->lock);
	if (objects) {
		mempool_caches_forget(pool);
		leave(pool, &span);
	}
	return objects;
}

uint64_t hpdma_mempool_shrink(struct hpdma_mempool *pool, uint64_t keep)
{
	struct hpdma_mempool_memory memory;
	struct hpdma_mempool_cache *cache = mempool_cache_mine(pool);
	uint64_t gone = 0, objects;

	if (cache)
		mempool_cache_empty(pool, cache);
	while ((objects = withdraw(pool, keep, &memory))) {
		release(&memory);
		gone += objects;
	}
	return gone;
}

void mempool_chunks_free(struct hpdma_mempool *pool)
{
	struct mempool_chunk *chunk, *next;
	struct mempool_span span;

	for (chunk = pool->chunks; chunk; chunk = next) {
		next = chunk->next;
		if (chunk->slots) {
			span = span_of(pool, chunk);
			leave(pool, &span);
			release(&chunk->memory);
		}
		free(chunk);
	}
}
