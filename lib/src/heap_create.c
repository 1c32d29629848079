// SPDX-License-Identifier: MIT
/*
 * Heaps: their start and their end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "heap_chunk.h"
#include "heap_info.h"
#include "heap_shared.h"
#include "heap_thread.h"
#include "util.h"

#define ALL_FLAGS                                                   \
	(HPDMA_HEAP_STATIC | HPDMA_HEAP_NODE | HPDMA_HEAP_CHECKED | \
	 HPDMA_HEAP_GUARD)
#define USUAL_CHUNK (8ull << 20)
#define HUSKS 64

/* Structs of checked heaps that were destroyed, so that calls that follow are seen. */
static pthread_mutex_t husks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hpdma_heap *husks[HUSKS];
static unsigned int husks_next;

static atomic_ullong next_serial = 1;

static int check(struct hpdma *ctx, const struct hpdma_heap_opts *o)
{
	if (o->flags & ~(uint32_t)ALL_FLAGS || o->reserved)
		return -EINVAL;
	if (o->node && !(o->flags & HPDMA_HEAP_NODE))
		return -EINVAL;
	if (o->flags & HPDMA_HEAP_STATIC && !o->length)
		return -EINVAL;
	if (o->max_length && o->length > o->max_length)
		return -EINVAL;
	if (o->length > UINT64_MAX / 2 || o->chunk_length > UINT64_MAX / 2)
		return -EINVAL;
	if (!ctx && (o->buf || o->device || o->flags & HPDMA_HEAP_NODE))
		return -EOPNOTSUPP;
	return 0;
}

static uint64_t slabs(uint64_t bytes)
{
	return (bytes + HPDMA_HEAP_SLAB - 1) & ~(HPDMA_HEAP_SLAB - 1);
}

static int take_buf_opts(struct hpdma_heap *heap,
			 const struct hpdma_heap_opts *o)
{
	int ret;

	ret = hpdma_opts_copy(&heap->buf, sizeof(heap->buf), sizeof(heap->buf),
			      o->buf);
	if (!ret && heap->buf.flags & HPDMA_BUF_NO_MAP)
		ret = -EINVAL;
	heap->buf.size = sizeof(heap->buf);
	if (o->flags & HPDMA_HEAP_NODE) {
		heap->buf.flags |= HPDMA_BUF_NODE;
		heap->buf.node = o->node;
	}
	if (!heap->buf.device)
		heap->buf.device = o->device;
	return ret;
}

/* What local and shared heaps have in common. */
static struct hpdma_heap *heap_new(const struct hpdma_heap_opts *o,
				   struct hpdma_error *error)
{
	struct hpdma_heap *heap = hpdma_new(sizeof(*heap), error);

	if (!heap)
		return NULL;
	refs_init(&heap->refs);
	/* Relaxed: all that matters is that it is not used twice. */
	heap->serial = atomic_fetch_add_explicit(&next_serial, 1,
						 memory_order_relaxed);
	strncpy(heap->name, o->name ? o->name : "heap", sizeof(heap->name) - 1);
	heap->misuse.tell = o->misuse;
	heap->misuse.arg = o->misuse_arg;
	heap->misuse.where = heap->name;
	return heap;
}

/*
 * It is held for less time than the kernel needs to put a thread to sleep and to wake it:
 * who finds it taken looks again for a while first.
 */
static int init_lock(struct hpdma_heap *heap, struct hpdma_error *error)
{
	pthread_mutexattr_t attr;
	int ret;

	ret = pthread_mutexattr_init(&attr);
	if (!ret) {
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
		ret = pthread_mutex_init(&heap->lock, &attr);
		pthread_mutexattr_destroy(&attr);
	}
	if (ret)
		hpdma_fail(error, -ret, HPDMA_WHY_NONE, "make a lock");
	return -ret;
}

int hpdma_heap_create(struct hpdma *ctx, const struct hpdma_heap_opts *opts,
		      struct hpdma_heap **out, struct hpdma_error *error)
{
	struct hpdma_heap_opts o;
	struct hpdma_heap *heap;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check(ctx, &o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	heap = heap_new(&o, error);
	if (!heap)
		return -ENOMEM;
	ret = take_buf_opts(heap, &o);
	if (ret) {
		hpdma_fail(error, ret, HPDMA_WHY_NONE, "read buffer options");
		goto err_free;
	}
	ret = init_lock(heap, error);
	if (ret)
		goto err_free;

	heap->flags = o.flags;
	heap->slow = o.flags & (HPDMA_HEAP_CHECKED | HPDMA_HEAP_GUARD);
	heap->ctx = ctx ? hpdma_ref(ctx) : NULL;
	heap->device = o.device ? hpdma_device_ref(o.device) : NULL;
	heap->chunk_length = slabs(o.chunk_length);
	if (!heap->chunk_length)
		heap->chunk_length = USUAL_CHUNK;
	heap->max_length = o.max_length ? o.max_length : UINT64_MAX;
	if (o.flags & HPDMA_HEAP_STATIC) {
		heap->chunk_length = HPDMA_HEAP_SLAB;
		heap->max_length = slabs(o.length);
	}
	atomic_init(&heap->tags[HPDMA_HEAP_TAGS - 1], "other");
	hpdma_vg_pool(heap);
	heap->map = calloc(1 << HPDMA_HEAP_ROOT_BITS, sizeof(*heap->map));
	if (!heap->map)
		ret = hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				 "make the map of a heap");
	if (!ret && o.length)
		ret = hpdma_heap_grow(heap, slabs(o.length), 1, error);
	if (ret) {
		hpdma_vg_pool_end(heap);
		hpdma_heap_put(heap);
		return ret;
	}
	*out = heap;
	return 0;

err_free:
	free(heap);
	return ret;
}

int hpdma_heap_shared_attach(void *mem, size_t length,
			     const struct hpdma_heap_opts *opts,
			     struct hpdma_heap **out, struct hpdma_error *error)
{
	struct hpdma_heap_opts o;
	struct hpdma_heap *heap;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret && (o.flags || o.length || o.max_length || o.chunk_length ||
		     o.node || o.reserved || o.buf || o.device))
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = hpdma_heap_shared_look(mem, length, error);
	if (ret)
		return ret;
	heap = heap_new(&o, error);
	if (!heap)
		return -ENOMEM;
	ret = init_lock(heap, error);
	if (ret) {
		free(heap);
		return ret;
	}
	heap->shared = mem;
	heap->slow = true;
	*out = heap;
	return 0;
}

void hpdma_heap_put(struct hpdma_heap *heap)
{
	size_t i;

	if (!refs_put(&heap->refs))
		return;
	for (i = 0; heap->map && i < 1 << HPDMA_HEAP_ROOT_BITS; i++)
		free(atomic_load_explicit(&heap->map[i], memory_order_relaxed));
	free(heap->map);
	hpdma_device_unref(heap->device);
	hpdma_unref(heap->ctx);
	pthread_mutex_destroy(&heap->lock);
	free(heap);
}

/* Instead of the last put. */
static void keep_husk(struct hpdma_heap *heap)
{
	struct hpdma_heap *oldest;

	pthread_mutex_lock(&husks_lock);
	oldest = husks[husks_next];
	husks[husks_next] = heap;
	husks_next = (husks_next + 1) % HUSKS;
	pthread_mutex_unlock(&husks_lock);
	if (oldest)
		hpdma_heap_put(oldest);
}

int hpdma_heap_destroy(struct hpdma_heap *heap, uint32_t flags)
{
	struct hpdma_heap_info info = { 0 };
	struct hpdma_heap_chunk *chunks;

	if (flags & ~(uint32_t)HPDMA_HEAP_FORCE)
		return -EINVAL;
	if (!heap)
		return 0;
	if (__atomic_load_n(&heap->dead, __ATOMIC_RELAXED)) {
		hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_USE_AFTER_FREE,
				  heap, NULL);
		return 0;
	}
	pthread_mutex_lock(&heap->lock);
	if (!heap->shared && !(flags & HPDMA_HEAP_FORCE))
		hpdma_heap_count(heap, &info);
	if (info.used_blocks) {
		pthread_mutex_unlock(&heap->lock);
		hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_IN_USE, heap,
				  NULL);
		return -EBUSY;
	}
	/* Under the lock, for threads that end now and empty their caches. */
	__atomic_store_n(&heap->dead, true, __ATOMIC_RELAXED);
	__atomic_store_n(&heap->slow, true, __ATOMIC_RELAXED);
	chunks = heap->chunks;
	heap->chunks = NULL;
	pthread_mutex_unlock(&heap->lock);

	if (!heap->shared) {
		hpdma_heap_chunk_free(heap, chunks);
		hpdma_vg_pool_end(heap);
	}
	/* The struct may stay for a while, the device not. */
	hpdma_device_unref(heap->device);
	hpdma_unref(heap->ctx);
	heap->device = NULL;
	heap->ctx = NULL;
	hpdma_heap_cache_forget();
	if (heap->flags & HPDMA_HEAP_CHECKED)
		keep_husk(heap);
	else
		hpdma_heap_put(heap);
	return 0;
}
