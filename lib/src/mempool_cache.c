// SPDX-License-Identifier: MIT
/*
 * The caches of pools: which thread has which, and which of them there are.
 *
 * A cache is in two lists: that of its pool, under the registry's lock, and the table
 * of its thread, which only the thread uses. When a pool ends, its caches lose their
 * @pool, and their threads free them when they come by or end. When a thread ends, its
 * caches are emptied into the pools that are left.
 *
 * The registry is all the state that the library has of its own.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mempool.h"

#ifndef PTHREAD_DESTRUCTOR_ITERATIONS
#define PTHREAD_DESTRUCTOR_ITERATIONS 4
#endif

/* The caches of a thread, to be found by their pools' numbers. */
struct table {
	unsigned int rounds; /* of destructors; from the first on it is closed */
	uint32_t len;
	uint32_t room;
	struct hpdma_mempool_memo *caches;
};

pthread_mutex_t mempool_registry = PTHREAD_MUTEX_INITIALIZER;

static struct hpdma_mempool *pools;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;
static __thread struct table *mine;
/* Of a thread that has no more. */
static struct table nothing = { .rounds = PTHREAD_DESTRUCTOR_ITERATIONS };

void mempool_pools_add(struct hpdma_mempool *pool)
{
	pthread_mutex_lock(&mempool_registry);
	pool->next = pools;
	if (pools)
		pools->link = &pool->next;
	pool->link = &pools;
	pools = pool;
	pthread_mutex_unlock(&mempool_registry);
}

int hpdma_mempool_walk_all(int (*each)(struct hpdma_mempool *pool, void *arg),
			   void *arg)
{
	struct hpdma_mempool *pool, *next;
	int ret = 0;

	pthread_mutex_lock(&mempool_registry);
	for (pool = pools; pool && !ret; pool = next) {
		next = pool->next;
		ret = each(pool, arg);
	}
	pthread_mutex_unlock(&mempool_registry);
	return ret;
}

/* Twice the room: a refill has objects for the caller and the cache at once. */
static struct hpdma_mempool_cache *cache_new(struct hpdma_mempool *pool,
					     uint32_t size)
{
	struct hpdma_mempool_cache *cache;
	void *memory;

	if (posix_memalign(&memory, 64,
			   sizeof(*cache) + 2 * (size_t)size * sizeof(void *)))
		return NULL;
	cache = memset(memory, 0, sizeof(*cache));
	cache->size = size;
	cache->pool = pool;
	cache->last = UINTPTR_MAX;
	cache->mask = pool->mask;
	return cache;
}

static void list_add(struct hpdma_mempool *pool,
		     struct hpdma_mempool_cache *cache)
{
	pthread_mutex_lock(&mempool_registry);
	cache->next = pool->caches;
	pool->caches = cache;
	/* Who begins to wait later closes it; who waits already has not. */
	if (!__atomic_load_n(&pool->waiters, __ATOMIC_SEQ_CST))
		*mempool_gate(pool, cache) = cache->size;
	pthread_mutex_unlock(&mempool_registry);
}

/* With the registry's lock. */
static void list_remove(struct hpdma_mempool_cache *cache)
{
	struct hpdma_mempool_cache **at = &cache->pool->caches;

	while (*at != cache)
		at = &(*at)->next;
	*at = cache->next;
}

/* Free those whose pools have ended. */
static void sweep(struct table *table)
{
	uint32_t i, kept = 0;

	pthread_mutex_lock(&mempool_registry);
	for (i = 0; i < table->len; i++) {
		if (table->caches[i].cache->pool)
			table->caches[kept++] = table->caches[i];
		else
			free(table->caches[i].cache);
	}
	table->len = kept;
	pthread_mutex_unlock(&mempool_registry);
}

/*
 * The thread ends. Its caches are emptied with the first round of destructors, and
 * closed: what other destructors get and put goes to the store. But they may still
 * find them by their memos, so that the memory stays until the last round but one.
 */
static void thread_ends(void *arg)
{
	struct table *table = arg;
	struct hpdma_mempool_cache *cache;
	uint32_t i;

	pthread_mutex_lock(&mempool_registry);
	for (i = 0; !table->rounds && i < table->len; i++) {
		cache = table->caches[i].cache;
		if (!cache->pool)
			continue;
		list_remove(cache);
		cache->size = 0;
		mempool_cache_empty(cache->pool, cache);
		__atomic_store_n(mempool_gate(cache->pool, cache), 0,
				 __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&mempool_registry);

	/* The very last round is left to allocators and sanitizers. */
	if (++table->rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1 &&
	    !pthread_setspecific(key, table))
		return;
	mine = &nothing;
	for (i = 0; i < table->len; i++)
		free(table->caches[i].cache);
	free(table->caches);
	free(table);
}

static void make_key(void)
{
	have_key = !pthread_key_create(&key, thread_ends);
}

static struct table *table_mine(void)
{
	struct table *table;

	if (mine)
		return mine;
	pthread_once(&key_once, make_key);
	if (!have_key)
		return NULL;
	table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	if (pthread_setspecific(key, table)) {
		free(table);
		return NULL;
	}
	mine = table;
	return table;
}

static bool make_room(struct table *table)
{
	const uint32_t room = table->room ? 2 * table->room : 8;
	struct hpdma_mempool_memo *caches;

	if (table->len < table->room)
		return true;
	sweep(table);
	if (table->len < table->room)
		return true;
	caches = reallocarray(table->caches, room, sizeof(*caches));
	if (!caches)
		return false;
	table->caches = caches;
	table->room = room;
	return true;
}

/* Without memory for a cache, or late in a thread's end, a thread does without. */
struct hpdma_mempool_cache *mempool_cache_mine(struct hpdma_mempool *pool)
{
	struct table *table;
	struct hpdma_mempool_cache *cache;
	uint32_t i;

	if (!pool->cache_size)
		return NULL;
	table = table_mine();
	if (!table || table->rounds)
		return NULL;
	for (i = 0; i < table->len; i++) {
		if (table->caches[i].serial == pool->front.serial)
			return table->caches[i].cache;
	}
	if (!make_room(table))
		return NULL;
	cache = cache_new(pool, pool->cache_size);
	if (!cache)
		return NULL;
	list_add(pool, cache);
	table->caches[table->len++] = (struct hpdma_mempool_memo){
		.serial = pool->front.serial,
		.cache = cache,
	};
	return cache;
}

struct hpdma_mempool_cache *hpdma_mempool_recollect(
	struct hpdma_mempool *pool, struct hpdma_mempool_memo *memo)
{
	struct hpdma_mempool_cache *cache = NULL;

	if (!pool->told) {
		cache = mempool_cache_mine(pool);
		/* Without one for want of memory: try again with the next call. */
		if (pool->cache_size && !cache)
			return NULL;
	}
	memo->serial = pool->front.serial;
	memo->cache = cache;
	return cache;
}

uint64_t mempool_cached(const struct hpdma_mempool *pool, uint32_t *caches)
{
	const struct hpdma_mempool_cache *cache;
	uint64_t objects = 0;
	uint32_t n = 0;

	for (cache = pool->caches; cache; cache = cache->next) {
		objects += __atomic_load_n(&cache->len, __ATOMIC_RELAXED);
		objects += __atomic_load_n(&cache->held, __ATOMIC_RELAXED);
		n++;
	}
	if (caches)
		*caches = n;
	return objects;
}

void mempool_caches_orphan(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache, *next;

	for (cache = pool->caches; cache; cache = next) {
		next = cache->next;
		/* From here on its thread may free it. */
		cache->pool = NULL;
	}
	pool->caches = NULL;
}

void mempool_caches_close(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache;

	pthread_mutex_lock(&mempool_registry);
	for (cache = pool->caches; cache; cache = cache->next)
		__atomic_store_n(mempool_gate(pool, cache), 0,
				 __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&mempool_registry);
}

void mempool_caches_forget(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache;

	pthread_mutex_lock(&mempool_registry);
	for (cache = pool->caches; cache; cache = cache->next)
		__atomic_store_n(&cache->last, UINTPTR_MAX, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&mempool_registry);
}

void hpdma_mempool_recall(struct hpdma_mempool *pool)
{
	struct hpdma_mempool_cache *cache = mempool_cache_mine(pool);

	mempool_caches_close(pool);
	if (cache)
		mempool_cache_empty(pool, cache);
}

int hpdma_mempool_cache_create(struct hpdma_mempool *pool, uint32_t size,
			       struct hpdma_mempool_cache **out)
{
	struct hpdma_mempool_cache *cache;

	if (!size || size > INT32_MAX)
		return -EINVAL;
	cache = cache_new(pool, size);
	if (!cache)
		return -ENOMEM;
	cache->user = 1;
	list_add(pool, cache);
	*out = cache;
	return 0;
}

void hpdma_mempool_cache_flush(struct hpdma_mempool_cache *cache)
{
	mempool_cache_empty(cache->pool, cache);
}

void hpdma_mempool_cache_destroy(struct hpdma_mempool_cache *cache)
{
	if (!cache)
		return;
	mempool_cache_empty(cache->pool, cache);
	pthread_mutex_lock(&mempool_registry);
	list_remove(cache);
	pthread_mutex_unlock(&mempool_registry);
	free(cache);
}
