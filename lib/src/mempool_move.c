// SPDX-License-Identifier: MIT
/*
 * How objects move between caches, the store and callers, where that is not inlined.
 *
 * A cache that is empty is filled up whole; one that is full is emptied by half, of
 * what has lain in it longest. So a thread that gets and puts as many objects in turns as its
 * cache holds soon has all of them there and leaves the store alone.
 */
#include <errno.h>
#include <string.h>

#include "mempool.h"
#include "mempool_stack.h"

/* How many are in a cache: only its owner writes that. */
static uint32_t *len_of(const struct hpdma_mempool *pool,
			struct hpdma_mempool_cache *cache)
{
	return pool->told ? &cache->held : &cache->len;
}

static void set_len(uint32_t *len, uint32_t to)
{
	__atomic_store_n(len, to, __ATOMIC_RELAXED);
}

void mempool_tell_low(struct hpdma_mempool *pool)
{
	uint64_t free;

	if (__builtin_expect(!pool->low, 1) ||
	    __atomic_load_n(&pool->is_low, __ATOMIC_RELAXED))
		return;
	free = pool->store->ops->count(pool->store);
	/* One of those who see it low tells. */
	if (free < pool->low_water &&
	    !__atomic_exchange_n(&pool->is_low, 1, __ATOMIC_RELAXED))
		pool->low(pool, free, pool->low_arg);
}

void mempool_store_put(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n)
{
	uint64_t free;

	free = pool->store->ops->put(pool->store, objects, n);
	if (__builtin_expect(free == MEMPOOL_TOO_MANY, 0))
		mempool_misuse(pool, HPDMA_MISUSE_DOUBLE_FREE, objects[n - 1]);
	if (pool->low && free >= pool->low_water)
		__atomic_store_n(&pool->is_low, 0, __ATOMIC_RELAXED);
	mempool_wake(pool);
}

/*
 * Straight to the caller what the cache would not hold anyway; what the cache has goes
 * along.
 */
static int64_t take_straight(struct hpdma_mempool *pool, void **own,
			     uint32_t *len, void **objects, uint32_t min,
			     uint32_t max)
{
	const uint32_t have = len ? *len : 0;
	int64_t n;

	n = pool->store->ops->get(pool->store, objects + have,
				  min > have ? min - have : 0, max - have);
	if (n < 0)
		return n;
	if (n + have < min || n + have == 0)
		return -ENOENT;
	if (have) {
		hpdma_mempool_copy(objects, own, have);
		set_len(len, 0);
	}
	return n + have;
}

static int64_t take_filling(struct hpdma_mempool *pool,
			    struct hpdma_mempool_cache *cache, void **own,
			    uint32_t *len, void **objects, uint32_t min,
			    uint32_t max)
{
	uint32_t have = *len, n = max;
	int64_t got;

	if (max > have) {
		got = pool->store->ops->get(pool->store, own + have,
					    min > have ? min - have : 0,
					    max - have + cache->size);
		if (got < 0)
			return got;
		have += got;
		if (have < min || have == 0) {
			set_len(len, have);
			return -ENOENT;
		}
		if (n > have)
			n = have;
	}
	hpdma_mempool_copy(objects, own + (have - n), n);
	set_len(len, have - n);
	return n;
}

int64_t mempool_take(struct hpdma_mempool *pool,
		     struct hpdma_mempool_cache *cache, void **objects,
		     uint32_t min, uint32_t max)
{
	uint32_t *len = cache ? len_of(pool, cache) : NULL;
	void **own = cache ? hpdma_mempool_slots(cache) : NULL;

	if (!cache || max > cache->size)
		return take_straight(pool, own, len, objects, min, max);
	return take_filling(pool, cache, own, len, objects, min, max);
}

/*
 * All that mempool_stack_try_get() and _put() do not. Not inlined, so that those who can do
 * with them need no frame.
 */
static __attribute__((noinline)) int64_t get_else(
	struct hpdma_mempool *pool, struct hpdma_mempool_cache *cache,
	void **objects, uint32_t min, uint32_t max)
{
	int64_t n;

	if (!max)
		return 0;
	if (pool->plain)
		mempool_lock_wait(&pool->plain->lock);
	if (!cache && pool->cache_size)
		cache = mempool_cache_mine(pool);
	n = mempool_take(pool, cache, objects, min, max);
	if (n == -ENOENT)
		mempool_count(&pool->empty);
	if (n > 0 && pool->told)
		mempool_check_got(pool, objects, n);
	mempool_tell_low(pool);
	return n;
}

int64_t hpdma_mempool_get_more(struct hpdma_mempool *pool,
			       struct hpdma_mempool_cache *cache,
			       void **objects, uint32_t min, uint32_t max)
{
	if (pool->plain && !cache &&
	    mempool_stack_try_get(pool->plain, objects, max))
		return max;
	return get_else(pool, cache, objects, min, max);
}

/* The oldest go, so that @keep are left. */
static void flush(struct hpdma_mempool *pool, void **own, uint32_t *len,
		  uint32_t keep)
{
	const uint32_t n = *len - keep;

	mempool_store_put(pool, own, n);
	memmove(own, own + n, keep * sizeof(*own));
	set_len(len, keep);
}

void mempool_cache_empty(struct hpdma_mempool *pool,
			 struct hpdma_mempool_cache *cache)
{
	uint32_t *len = len_of(pool, cache);

	if (*len)
		flush(pool, hpdma_mempool_slots(cache), len, 0);
}

/*
 * Is the cache to take nothing now? It is opened again before it is emptied: a request
 * that comes after that stands. Who begins to wait counts himself before he closes it,
 * and here it is opened before they are counted: in the one order of all four,
 * either he is seen here, or he closes it last.
 */
static bool is_closed(struct hpdma_mempool *pool,
		      struct hpdma_mempool_cache *cache)
{
	uint32_t *gate = mempool_gate(pool, cache);

	if (!cache->size)
		return true;
	if (__atomic_load_n(gate, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(gate, cache->size, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&pool->waiters, __ATOMIC_SEQ_CST))
		__atomic_store_n(gate, 0, __ATOMIC_SEQ_CST);
	return true;
}

/*
 * The next objects will likely be of the same chunk as this one, which is out: so its
 * chunk does not go meanwhile.
 */
static void remember(struct hpdma_mempool *pool,
		     struct hpdma_mempool_cache *cache, void *object)
{
	const struct mempool_chunk *chunk;

	/* Without a chunk, nothing is below 0. */
	if ((uintptr_t)object - cache->first <
	    __atomic_load_n(&cache->last, __ATOMIC_RELAXED) + 1)
		return;
	chunk = mempool_chunk_of(pool, object);
	if (!chunk)
		return;
	cache->first = __atomic_load_n(&chunk->first, __ATOMIC_RELAXED);
	__atomic_store_n(&cache->last, mempool_chunk_last(pool, chunk),
			 __ATOMIC_RELAXED);
}

static void give(struct hpdma_mempool *pool, struct hpdma_mempool_cache *cache,
		 void *const *objects, uint32_t n)
{
	void **own = hpdma_mempool_slots(cache);
	uint32_t *len = len_of(pool, cache);
	const bool closed = is_closed(pool, cache);

	if (closed)
		mempool_cache_empty(pool, cache);
	if (closed || n > cache->size) {
		mempool_store_put(pool, objects, n);
		return;
	}
	remember(pool, cache, objects[n - 1]);
	hpdma_mempool_copy(own + *len, objects, n);
	set_len(len, *len + n);
	if (*len > cache->size)
		flush(pool, own, len, cache->size / 2);
}

/* Are all of the youngest chunk? Mostly they are. */
static inline bool are_near(const struct hpdma_mempool *pool,
			    void *const *objects, uint32_t n)
{
	const struct mempool_chunk *chunk =
		__atomic_load_n(&pool->chunks, __ATOMIC_ACQUIRE);

	return chunk &&
	       hpdma_mempool_copy_near(NULL, objects, n,
				       __atomic_load_n(&chunk->first,
						       __ATOMIC_RELAXED),
				       mempool_chunk_last(pool, chunk),
				       pool->mask);
}

static __attribute__((noinline)) int put_else(struct hpdma_mempool *pool,
					      struct hpdma_mempool_cache *cache,
					      void *const *objects, uint32_t n)
{
	int ret = 0;

	if (!n)
		return 0;
	if (pool->told)
		ret = mempool_check_put(pool, objects, n);
	else if (!are_near(pool, objects, n) &&
		 !mempool_check_own(pool, objects, n))
		ret = -EINVAL;
	if (__builtin_expect(ret, 0))
		return ret;
	if (pool->plain)
		mempool_lock_wait(&pool->plain->lock);
	if (!cache && pool->cache_size)
		cache = mempool_cache_mine(pool);
	if (cache)
		give(pool, cache, objects, n);
	else
		mempool_store_put(pool, objects, n);
	return 0;
}

int hpdma_mempool_put_more(struct hpdma_mempool *pool,
			   struct hpdma_mempool_cache *cache,
			   void *const *objects, uint32_t n)
{
	if (pool->plain && !cache && are_near(pool, objects, n) &&
	    mempool_stack_try_put(pool->plain, objects, n)) {
		mempool_wake(pool);
		return 0;
	}
	return put_else(pool, cache, objects, n);
}
