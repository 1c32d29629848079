/* SPDX-License-Identifier: MIT */
/*
 * The common store behind the caches of a pool: where free objects lie that no
 * cache has. There are several kinds; a pool does not know which one it has.
 */
#ifndef HPDMA_SRC_MEMPOOL_STORE_H
#define HPDMA_SRC_MEMPOOL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <hpdma/mempool.h>

struct mempool_store;

/*
 * Objects of a chunk stand at @first + i * @stride for i below @slots. Slots that are
 * no objects (they would lie in two segments) never come to the store. All but
 * @objects is set when a store sees it first, and nothing changes then.
 */
struct mempool_span {
	uintptr_t first;
	uint64_t stride;
	uint64_t slots;
	uint64_t objects; /* slots that are objects */
	uint64_t index; /* number of slot 0; those of a pool do not overlap */
};

static inline bool mempool_span_has(const struct mempool_span *span,
				    const void *object)
{
	return (uintptr_t)object - span->first < span->slots * span->stride;
}

/* More objects were put than there are. */
#define MEMPOOL_TOO_MANY UINT64_MAX

/*
 * What a store can do. get, put and count are called by any thread at any time, as the
 * pool's flags allow, add and withdraw by one at a time.
 */
struct mempool_store_ops {
	/* Other processes put, too, and wake nobody here. */
	bool shared;

	/*
	 * Take between @min and @max objects, as many as there are, or none if there
	 * are fewer than @min. Returns how many. A negative errno is handed to the
	 * caller of the pool, who takes -ENOENT for an empty one.
	 */
	int64_t (*get)(struct mempool_store *store, void **objects,
		       uint32_t min, uint32_t max);

	/*
	 * Put @n objects in. Returns how many there are then; MEMPOOL_TOO_MANY if some
	 * found no room and were dropped, so that some are here twice. What is put is seen by whoever gets it; and whoever finds the
	 * store without it has entered it before, so that a putter sees what he wrote
	 * before (see mempool_wait.c).
	 */
	uint64_t (*put)(struct mempool_store *store, void *const *objects,
			uint32_t n);

	uint64_t (*count)(struct mempool_store *store);

	/*
	 * How many objects this process has, in caches and out. NULL: all that are not
	 * in the store.
	 */
	uint64_t (*held)(struct mempool_store *store);

	/*
	 * Make room for a span's objects, or fail and change nothing. They are put
	 * afterwards.
	 */
	int (*add)(struct mempool_store *store,
		   const struct mempool_span *span);

	/*
	 * If all objects of @span are in the store, take them out, forget the span
	 * and return true; else change nothing.
	 */
	bool (*withdraw)(struct mempool_store *store,
			 const struct mempool_span *span);

	void (*destroy)(struct mempool_store *store);
};

/*
 * Every store starts with this. Its get and put count what they did, where they keep
 * others off; others read.
 */
struct mempool_store {
	const struct mempool_store_ops *ops;
	uint64_t gets;
	uint64_t puts;
	uint64_t most_got; /* UINT64_MAX - the fewest objects left */
};

static inline void mempool_store_got(struct mempool_store *store, uint64_t left)
{
	__atomic_store_n(&store->gets, store->gets + 1, __ATOMIC_RELAXED);
	if (UINT64_MAX - left > store->most_got)
		__atomic_store_n(&store->most_got, UINT64_MAX - left,
				 __ATOMIC_RELAXED);
}

static inline void mempool_store_has_put(struct mempool_store *store)
{
	__atomic_store_n(&store->puts, store->puts + 1, __ATOMIC_RELAXED);
}

/*
 * Stores of one process: a stack under a lock; and a queue with a lock for each side
 * that HPDMA_MEMPOOL_SP and _SC take off. NULL: no memory.
 */
struct mempool_store *mempool_stack_new(void);
struct mempool_store *mempool_queue_new(uint32_t flags);

/*
 * hpdma_mempool_create() with a store of the caller's. Takes @store over, whatever it
 * returns. With @opts->count 0 the pool has no objects before mempool_add_span().
 */
int mempool_create_with_store(struct hpdma *ctx,
			      const struct hpdma_mempool_opts *opts,
			      struct mempool_store *store,
			      struct hpdma_mempool **out,
			      struct hpdma_error *error);

/* How a pool with @opts lays out its objects. */
struct mempool_layout {
	uint32_t lead; /* bytes in front of an object: user header, head */
	uint32_t align;
	uint64_t stride;
};

/* 0; -EINVAL; -EOVERFLOW. */
int mempool_layout(const struct hpdma_mempool_opts *opts,
		   struct mempool_layout *layout);

/*
 * Make known memory that is laid out already and whose objects the store already has
 * (or other processes): no head is written, no object initialized or put.
 * The memory outlives the pool.
 */
int mempool_attach_span(struct hpdma_mempool *pool, void *mem, uint64_t length,
			const struct mempool_span *span);

#endif /* HPDMA_SRC_MEMPOOL_STORE_H */
