/* SPDX-License-Identifier: MIT */
/*
 * A pool, as its files know it: mempool.c makes and ends it, mempool_chunk.c has its
 * memory, mempool_cache.c its caches, mempool_move.c moves objects between those and the
 * store, mempool_check.c looks at them on their way, mempool_wait.c waits.
 *
 * Locks, outermost first: the registry (all pools, all lists of caches), @lock (the
 * chunks), @wait_lock, the store's own.
 */
#ifndef HPDMA_SRC_MEMPOOL_H
#define HPDMA_SRC_MEMPOOL_H

#include <pthread.h>
#include <stdbool.h>

#include <hpdma/mempool.h>

#include "mempool_store.h"
#include "misuse.h"

/* In front of each object; see <hpdma/mempool.h>. */
struct mempool_head {
	uint64_t iova;
	uint32_t state; /* of a checked pool: MEMPOOL_FREE or _USED */
	uint32_t mark; /* MEMPOOL_MARK, or MEMPOOL_HOLE: not an object */
};

#define MEMPOOL_FREE 0x46726565u
#define MEMPOOL_USED 0x55736564u
#define MEMPOOL_MARK 0x4d61726bu
#define MEMPOOL_HOLE 0x486f6c65u
#define MEMPOOL_GUARD_SIZE 16

static inline struct mempool_head *mempool_head(const void *object)
{
	return (struct mempool_head *)(uintptr_t)object - 1;
}

/*
 * A chunk is never freed before its pool, so that the list can be read without a lock:
 * one without @slots is there to be used again.
 */
struct mempool_chunk {
	struct mempool_chunk *next;
	uintptr_t first; /* with @slots: read by all, relaxed */
	uint64_t slots;
	uint64_t objects;
	uint64_t index;
	struct hpdma_mempool_memory memory;
};

struct hpdma_mempool {
	struct hpdma_mempool_front front;
	struct mempool_store *store;
	/*
	 * The store, if it is a stack and there is nothing more to do for get and put
	 * than to move objects; else NULL.
	 */
	struct mempool_stack *plain;
	struct mempool_chunk *chunks;

	uint32_t flags;
	uint32_t cache_size;
	bool checked; /* objects have states */
	bool told; /* get and put look at each object */
	uint64_t object_size;
	uint32_t header_size;
	uintptr_t mask; /* what is 0 in each multiple of the stride */
	struct mempool_layout layout;

	struct hpdma *ctx;
	struct hpdma_device *device;
	struct hpdma_buf_opts buf;
	bool has_buf;
	enum hpdma_kind kind;
	hpdma_mempool_init_fn init;
	void *init_arg;
	struct hpdma_misuse_to misuse;
	hpdma_mempool_low_fn low;
	void *low_arg;
	uint64_t low_water;
	char name[32];
	char owner[32];

	/* What changes. Apart from what all get and put have to read. */
	__attribute__((aligned(64))) pthread_mutex_t lock;
	uint64_t objects; /* of all chunks */
	uint64_t next_index;
	struct hpdma_mempool_cache *caches; /* by the registry's lock */
	struct hpdma_mempool *next;
	struct hpdma_mempool **link;

	pthread_mutex_t wait_lock;
	pthread_cond_t wait_cond;
	uint32_t waiters;
	uint32_t is_low;

	/* Relaxed: they order nothing. */
	uint64_t empty;
	uint64_t waits;
	uint64_t misuses;
};

static inline void mempool_count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* mempool_chunk.c */

/* The chunk in whose slot @object stands, or NULL. */
struct mempool_chunk *mempool_chunk_of(const struct hpdma_mempool *pool,
				       const void *object);

/* From its first object to its last one, in bytes; UINTPTR_MAX for one that is gone. */
static inline uintptr_t mempool_chunk_last(const struct hpdma_mempool *pool,
					   const struct mempool_chunk *chunk)
{
	const uint64_t slots = __atomic_load_n(&chunk->slots, __ATOMIC_RELAXED);

	return slots ? (slots - 1) * pool->layout.stride : UINTPTR_MAX;
}

void mempool_chunks_free(struct hpdma_mempool *pool);

/* How many a cache may hold now, 0 while it is closed; others close it. */
static inline uint32_t *mempool_gate(const struct hpdma_mempool *pool,
				     struct hpdma_mempool_cache *cache)
{
	return pool->told ? &cache->gate : &cache->limit;
}

/* mempool_cache.c */
extern pthread_mutex_t mempool_registry;

/* The calling thread's cache, made if need be; NULL: none. */
struct hpdma_mempool_cache *mempool_cache_mine(struct hpdma_mempool *pool);
void mempool_pools_add(struct hpdma_mempool *pool);

/* With the registry's lock: how many objects are in caches. */
uint64_t mempool_cached(const struct hpdma_mempool *pool, uint32_t *caches);

/* With the registry's lock: part all caches from the pool, which ends. */
void mempool_caches_orphan(struct hpdma_mempool *pool);

/* Have each cache emptied with its owner's next put. */
void mempool_caches_close(struct hpdma_mempool *pool);

/* A chunk has gone: have all caches look again of which one an object is. */
void mempool_caches_forget(struct hpdma_mempool *pool);

/* mempool_move.c */

/* hpdma_mempool_get_more() without looking at objects or telling anybody. */
int64_t mempool_take(struct hpdma_mempool *pool,
		     struct hpdma_mempool_cache *cache, void **objects,
		     uint32_t min, uint32_t max);

/* Tell if the pool is low; no lock is held. */
void mempool_tell_low(struct hpdma_mempool *pool);

/* Put objects into the store, and wake who waits for them. */
void mempool_store_put(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n);
void mempool_cache_empty(struct hpdma_mempool *pool,
			 struct hpdma_mempool_cache *cache);

/* mempool_check.c */

/* Does the library tell a sanitizer of objects? Tests overrule it. */
bool mempool_annotates(void);
void mempool_misuse(struct hpdma_mempool *pool, enum hpdma_misuse_kind kind,
		    const void *object);

/* Objects that are on their way out, in (0 or what put returns), new, and gone. */
void mempool_check_got(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n);
int mempool_check_put(struct hpdma_mempool *pool, void *const *objects,
		      uint32_t n);
void mempool_check_new(struct hpdma_mempool *pool, void *object);
void mempool_check_gone(struct hpdma_mempool *pool, void *object);

/* All are objects of the pool? If not, tells of the first that is not. */
bool mempool_check_own(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n);

/* mempool_wait.c */
void mempool_wake_waiters(struct hpdma_mempool *pool);

/* After objects were put into the store. */
static inline void mempool_wake(struct hpdma_mempool *pool)
{
	if (__atomic_load_n(&pool->waiters, __ATOMIC_RELAXED))
		mempool_wake_waiters(pool);
}

#endif /* HPDMA_SRC_MEMPOOL_H */
