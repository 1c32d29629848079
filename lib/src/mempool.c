// SPDX-License-Identifier: MIT
/*
 * Pools: how they are laid out, made and ended, and what they tell of themselves.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "annotate.h"
#include "mempool.h"
#include "mempool_stack.h"
#include "util.h"

#define ALIGN 64
#define ALIGN_MAX 4096
#define INIT_ARG_MAX 4096

#define FLAGS                                                          \
	(HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC | HPDMA_MEMPOOL_CHECKED | \
	 HPDMA_MEMPOOL_GUARD | HPDMA_MEMPOOL_NO_SPREAD)

static uint64_t next_serial = 1;

static bool guarded(const struct hpdma_mempool_opts *opts)
{
	return opts->flags & HPDMA_MEMPOOL_GUARD;
}

int mempool_layout(const struct hpdma_mempool_opts *opts,
		   struct mempool_layout *layout)
{
	const uint64_t align = opts->align ? opts->align : ALIGN;
	uint64_t lead, stride;

	if (!opts->object_size || align < 8 || align > ALIGN_MAX ||
	    align & (align - 1))
		return -EINVAL;
	round_up((uint64_t)opts->header_size, 8, &lead);
	lead += sizeof(struct mempool_head);
	if (__builtin_add_overflow(opts->object_size, lead, &stride) ||
	    __builtin_add_overflow(stride,
				   guarded(opts) ? MEMPOOL_GUARD_SIZE : 0,
				   &stride) ||
	    !round_up(stride, align, &stride) || lead > UINT32_MAX / 2 ||
	    stride > INT64_MAX / 2)
		return -EOVERFLOW;
	/*
	 * An odd number of cache lines from object to object leads through all sets
	 * of a cache, and through all channels of a memory.
	 */
	if (!(opts->flags & HPDMA_MEMPOOL_NO_SPREAD) && stride % 128 == 0 &&
	    align <= 64)
		stride += 64;
	layout->lead = lead;
	layout->align = align;
	layout->stride = stride;
	return 0;
}

static int check_opts(const struct hpdma_mempool_opts *opts)
{
	if (opts->flags & ~(uint32_t)FLAGS ||
	    opts->init_arg_size > INIT_ARG_MAX || opts->cache_size > INT32_MAX)
		return -EINVAL;
	return 0;
}

static void take_opts(struct hpdma_mempool *pool,
		      const struct hpdma_mempool_opts *opts)
{
	pool->flags = opts->flags;
	pool->cache_size = opts->cache_size;
	pool->checked = opts->flags &
			(HPDMA_MEMPOOL_CHECKED | HPDMA_MEMPOOL_GUARD);
	pool->told = pool->checked || mempool_annotates();
	pool->object_size = opts->object_size;
	pool->header_size = opts->header_size;
	pool->mask = lowest_bit(pool->layout.stride) - 1;
	pool->init = opts->init;
	pool->init_arg = opts->init_arg;
	if (opts->init_arg_size)
		pool->init_arg =
			memcpy(pool + 1, opts->init_arg, opts->init_arg_size);
	pool->low = opts->low;
	pool->low_arg = opts->low_arg;
	pool->low_water = opts->low_water;
	if (opts->name)
		strncpy(pool->name, opts->name, sizeof(pool->name) - 1);
	if (opts->owner)
		strncpy(pool->owner, opts->owner, sizeof(pool->owner) - 1);
	pool->misuse = (struct hpdma_misuse_to){
		.tell = opts->misuse,
		.arg = opts->misuse_arg,
		.where = pool->name,
	};
}

static int take_buf_opts(struct hpdma_mempool *pool,
			 const struct hpdma_buf_opts *buf)
{
	if (!buf)
		return 0;
	pool->has_buf = true;
	return hpdma_opts_copy(&pool->buf, sizeof(pool->buf), sizeof(pool->buf),
			       buf);
}

/* By the monotonic clock: setting the time neither wakes nor delays a waiter. */
static int init_wait(struct hpdma_mempool *pool)
{
	pthread_condattr_t attr;
	int ret;

	ret = pthread_condattr_init(&attr);
	if (ret)
		return -ret;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(&pool->wait_cond, &attr);
	pthread_condattr_destroy(&attr);
	return -ret;
}

static void pool_free(struct hpdma_mempool *pool)
{
	mempool_chunks_free(pool);
	pthread_cond_destroy(&pool->wait_cond);
	pthread_mutex_destroy(&pool->wait_lock);
	pthread_mutex_destroy(&pool->lock);
	hpdma_device_unref(pool->device);
	hpdma_unref(pool->ctx);
	pool->store->ops->destroy(pool->store);
	hpdma_vg_pool_end(pool);
	free(pool);
}

static int pool_new(struct hpdma *ctx, const struct hpdma_mempool_opts *opts,
		    struct mempool_store *store, struct hpdma_mempool **out)
{
	struct hpdma_mempool *pool;
	void *memory;
	int ret;

	if (posix_memalign(&memory, 64, sizeof(*pool) + opts->init_arg_size))
		return -ENOMEM;
	pool = memset(memory, 0, sizeof(*pool));
	ret = mempool_layout(opts, &pool->layout);
	if (!ret)
		ret = take_buf_opts(pool, opts->buf);
	if (!ret)
		ret = init_wait(pool);
	if (ret) {
		free(pool);
		return ret;
	}
	take_opts(pool, opts);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_mutex_init(&pool->wait_lock, NULL);
	pool->front.serial =
		__atomic_fetch_add(&next_serial, 1, __ATOMIC_RELAXED);
	if (ctx)
		pool->ctx = hpdma_ref(ctx);
	if (opts->device)
		pool->device = hpdma_device_ref(opts->device);
	pool->store = store;
	if (!pool->cache_size && !pool->told && !pool->low)
		pool->plain = mempool_stack_of(store);
	hpdma_vg_pool(pool);
	*out = pool;
	return 0;
}

static int create(struct hpdma *ctx, const struct hpdma_mempool_opts *opts,
		  struct mempool_store *store, struct hpdma_mempool **out,
		  struct hpdma_error *error)
{
	struct hpdma_mempool *pool;
	int ret;

	ret = pool_new(ctx, opts, store, &pool);
	if (ret) {
		store->ops->destroy(store);
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "make a pool");
	}
	if (opts->count) {
		ret = hpdma_mempool_grow(pool, opts->count, error);
		if (ret) {
			pool_free(pool);
			return ret;
		}
	}
	mempool_pools_add(pool);
	*out = pool;
	return 0;
}

static int read_opts(struct hpdma_mempool_opts *o,
		     const struct hpdma_mempool_opts *opts)
{
	int ret;

	ret = hpdma_opts_copy(o, sizeof(*o), sizeof(*o), opts);
	return ret ? ret : check_opts(o);
}

int mempool_create_with_store(struct hpdma *ctx,
			      const struct hpdma_mempool_opts *opts,
			      struct mempool_store *store,
			      struct hpdma_mempool **out,
			      struct hpdma_error *error)
{
	struct hpdma_mempool_opts o;
	int ret;

	ret = read_opts(&o, opts);
	if (ret) {
		store->ops->destroy(store);
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	}
	return create(ctx, &o, store, out, error);
}

int hpdma_mempool_create(struct hpdma *ctx,
			 const struct hpdma_mempool_opts *opts,
			 struct hpdma_mempool **out, struct hpdma_error *error)
{
	struct mempool_store *store;
	struct hpdma_mempool_opts o;
	int ret;

	ret = read_opts(&o, opts);
	if (!ret && o.device && !ctx)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (o.flags & (HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC))
		store = mempool_queue_new(o.flags);
	else
		store = mempool_stack_new();
	if (!store)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "make the store of a pool");
	return create(ctx, &o, store, out, error);
}

/* How many objects are not in the store */
static uint64_t held(struct hpdma_mempool *pool)
{
	const struct mempool_store_ops *ops = pool->store->ops;

	return ops->held ? ops->held(pool->store) :
			   pool->objects - ops->count(pool->store);
}

/* Other processes go on with the store: it gets back what is in caches. */
static void empty_caches(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache;

	for (cache = pool->caches; cache; cache = cache->next)
		mempool_cache_empty(pool, cache);
}

/* Taken apart only if everything has come back. */
static bool unlink_unused(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache;
	bool unused;

	pthread_mutex_lock(&mempool_registry);
	unused = mempool_cached(pool, NULL) == held(pool);
	for (cache = pool->caches; cache; cache = cache->next)
		unused = unused && !cache->user;
	if (unused) {
		if (pool->store->ops->shared)
			empty_caches(pool);
		mempool_caches_orphan(pool);
		*pool->link = pool->next;
		if (pool->next)
			pool->next->link = pool->link;
	}
	pthread_mutex_unlock(&mempool_registry);
	return unused;
}

int hpdma_mempool_destroy(struct hpdma_mempool *pool)
{
	if (!pool)
		return 0;
	if (!unlink_unused(pool)) {
		mempool_misuse(pool, HPDMA_MISUSE_IN_USE, NULL);
		return -EBUSY;
	}
	pool_free(pool);
	return 0;
}

enum hpdma_kind hpdma_mempool_kind(const struct hpdma_mempool *pool)
{
	return __atomic_load_n(&pool->kind, __ATOMIC_RELAXED);
}

void *hpdma_mempool_header(const struct hpdma_mempool *pool, void *object)
{
	return (char *)object - pool->layout.lead;
}

static void info_of_memory(struct hpdma_mempool *pool,
			   struct hpdma_mempool_info *now)
{
	const struct mempool_chunk *chunk;

	pthread_mutex_lock(&pool->lock);
	now->objects = pool->objects;
	for (chunk = pool->chunks; chunk; chunk = chunk->next) {
		if (!chunk->slots)
			continue;
		now->chunks++;
		now->memory += chunk->memory.length;
	}
	pthread_mutex_unlock(&pool->lock);
}

static uint64_t counter(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

int hpdma_mempool_get_info(struct hpdma_mempool *pool,
			   struct hpdma_mempool_info *info)
{
	struct hpdma_mempool_info now = {
		.size = sizeof(now),
		.flags = pool->flags,
		.object_size = pool->object_size,
		.stride = pool->layout.stride,
		.in_store = pool->store->ops->count(pool->store),
		.lowest = UINT64_MAX - counter(&pool->store->most_got),
		.cache_size = pool->cache_size,
		.store_gets = counter(&pool->store->gets),
		.store_puts = counter(&pool->store->puts),
		.empty = counter(&pool->empty),
		.waits = counter(&pool->waits),
		.misuses = counter(&pool->misuses),
	};

	info_of_memory(pool, &now);
	if (now.lowest > now.objects)
		now.lowest = now.objects;
	pthread_mutex_lock(&mempool_registry);
	now.in_caches = mempool_cached(pool, &now.caches);
	pthread_mutex_unlock(&mempool_registry);
	memcpy(now.name, pool->name, sizeof(now.name));
	memcpy(now.owner, pool->owner, sizeof(now.owner));
	return hpdma_info_copy(info, sizeof(now), &now, sizeof(now));
}
