/* SPDX-License-Identifier: MIT */
/*
 * Pools of objects of one size, with a cache for each thread.
 *
 * A pool has chunks of memory, cut into objects. What is free lies in a common
 * store and in caches. An object in memory:
 *
 *     user header | head, 16 bytes | object | guard
 *
 * The object begins at a multiple of the alignment. The head is the pool's: in its
 * first word stands the address that the pool's device uses for the object, in the
 * second the state. Objects follow each other at a fixed distance, the stride.
 *
 * A thread's cache comes with its first use of a pool and goes with the thread; no
 * thread has to be registered. Objects in the cache of another thread are free, but
 * only that thread gets them: a pool is empty for a thread when the store and its own
 * cache are. hpdma_mempool_recall() has caches emptied.
 *
 * An object may be put by another thread than got it. Between fork() and its next
 * execve() a child does not touch the pools of its parent.
 */
#ifndef HPDMA_MEMPOOL_H
#define HPDMA_MEMPOOL_H

#include <hpdma/buf.h>
#include <hpdma/context.h>
#include <hpdma/device.h>
#include <hpdma/dma.h>
#include <hpdma/misuse.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_mempool;
struct hpdma_mempool_cache;

/**
 * enum hpdma_mempool_flags - bits of &hpdma_mempool_opts.flags
 * @HPDMA_MEMPOOL_SP: Single producer: one thread at a time puts, grows, shrinks or
 *	fills from a cache what goes to the store; the caller sees to it
 * @HPDMA_MEMPOOL_SC: Single consumer: one thread at a time gets from the store,
 *	grows or shrinks
 * @HPDMA_MEMPOOL_CHECKED: Also look for what costs more: double puts of any kind
 *	(without it: when the store would have more objects than there are, which
 *	drops what does not fit)
 * @HPDMA_MEMPOOL_GUARD: Sixteen guard bytes behind each object and a mark in front
 *	of it, looked at by get and put; with HPDMA_MEMPOOL_CHECKED's checks
 * @HPDMA_MEMPOOL_NO_SPREAD: Do not lengthen the stride so that objects spread
 *	evenly over the sets of the CPU's caches
 *
 * A pool with HPDMA_MEMPOOL_SP and _SC together takes no lock at all. One
 * thread may put while another one gets.
 *
 * Since: 0.1
 */
enum hpdma_mempool_flags {
	HPDMA_MEMPOOL_SP = 1 << 0,
	HPDMA_MEMPOOL_SC = 1 << 1,
	HPDMA_MEMPOOL_CHECKED = 1 << 2,
	HPDMA_MEMPOOL_GUARD = 1 << 3,
	HPDMA_MEMPOOL_NO_SPREAD = 1 << 4,
};

/**
 * typedef hpdma_mempool_init_fn - prepares an object that is new in a pool
 * @pool: The pool
 * @object: The object; what is written into it and its user header stays there
 * @index: Its number, never given to two objects of a pool
 * @arg: As given with the function
 *
 * Called once for each object, before anybody can get it.
 *
 * Since: 0.1
 */
typedef void (*hpdma_mempool_init_fn)(struct hpdma_mempool *pool, void *object,
				      uint64_t index, void *arg);

/**
 * typedef hpdma_mempool_low_fn - told that a pool runs low
 * @pool: The pool
 * @free: Objects in the store
 * @arg: As given with the function
 *
 * Called by the thread whose get took the store below the low-water mark, with no
 * lock held; it may grow the pool. Not again before the store was at the mark.
 *
 * Since: 0.1
 */
typedef void (*hpdma_mempool_low_fn)(struct hpdma_mempool *pool, uint64_t free,
				     void *arg);

/**
 * struct hpdma_mempool_opts - options of hpdma_mempool_create()
 * @size: sizeof(struct hpdma_mempool_opts)
 * @flags: Bits of &enum hpdma_mempool_flags
 * @object_size: Bytes of an object; not 0
 * @count: Objects to start with; 0 for none
 * @header_size: Bytes of user header in front of each object
 * @align: Objects begin at multiples of this power of two, 8 to 4096; 0 for 64
 * @cache_size: How many objects each thread's cache holds at most; 0 for no caches
 * @init_arg_size: If not 0, @init gets a copy of so many bytes at @init_arg, at most
 *	4096, that the pool makes and keeps
 * @low_water: With @low: the store is low when it has fewer objects
 * @init: Prepares each object; may be NULL
 * @init_arg: For @init
 * @low: Told when the store runs low; may be NULL
 * @low_arg: For @low
 * @misuse: Told of misuse; may be NULL
 * @misuse_arg: For @misuse
 * @device: Memory is mapped for this device, and hpdma_mempool_iova() tells the
 *	addresses; the pool holds it. NULL for none
 * @buf: How hpdma_buf_alloc() is to get memory; copied. NULL for its defaults
 * @name: Shown in findings and dumps; copied, at most 31 characters count. May be
 *	NULL
 * @owner: Tag of who owns it; copied likewise. May be NULL
 *
 * Since: 0.1
 */
struct hpdma_mempool_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t object_size;
	uint64_t count;
	uint32_t header_size;
	uint32_t align;
	uint32_t cache_size;
	uint32_t init_arg_size;
	uint64_t low_water;
	hpdma_mempool_init_fn init;
	void *init_arg;
	hpdma_mempool_low_fn low;
	void *low_arg;
	hpdma_misuse_fn misuse;
	void *misuse_arg;
	struct hpdma_device *device;
	const struct hpdma_buf_opts *buf;
	const char *name;
	const char *owner;
};

/**
 * hpdma_mempool_create() - make a pool
 * @ctx: Where hpdma_buf_alloc() gets memory, held by the pool; NULL for ordinary
 *	memory of the process
 * @opts: Options; not NULL, for an object has a size
 * @out: Receives the pool, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Objects start out zeroed, but for what @init writes. Where the memory is in several
 * segments for the device, an object that would lie in two of them is left out.
 *
 * Return: 0; -EINVAL, -E2BIG for bad options; -EOVERFLOW if the memory cannot be so
 * long; -ENOMEM; -ERANGE if no object lies in one segment; what hpdma_buf_alloc() and
 * hpdma_dma_map() return.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_create(struct hpdma *ctx,
				   const struct hpdma_mempool_opts *opts,
				   struct hpdma_mempool **out,
				   struct hpdma_error *error);

/**
 * hpdma_mempool_destroy() - end a pool
 * @pool: The pool, or NULL
 *
 * Nobody uses the pool during the call, nor afterwards. Objects in caches are free, so
 * threads need not have emptied theirs. User-owned caches are destroyed before.
 *
 * Return: 0; -EBUSY, with HPDMA_MISUSE_IN_USE told, if objects or user-owned caches
 * are out: then the pool is as before.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_destroy(struct hpdma_mempool *pool);

/**
 * hpdma_mempool_grow() - add objects
 * @pool: The pool
 * @count: How many; not 0
 * @error: Filled on failure; may be NULL
 *
 * They come in one new chunk, from where the pool's first ones came.
 *
 * Return: 0; what hpdma_mempool_create() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_grow(struct hpdma_mempool *pool, uint64_t count,
				 struct hpdma_error *error);

/**
 * struct hpdma_mempool_memory - memory for hpdma_mempool_add()
 * @size: sizeof(struct hpdma_mempool_memory)
 * @flags: Must be 0
 * @mem: The memory, of any alignment
 * @length: Its bytes
 * @dma: A mapping in which the memory lies, for hpdma_mempool_iova(); held as long as
 *	the pool has the memory. NULL for none
 * @dma_offset: Where @mem lies in @dma
 * @release: Called when the pool has left the memory alone for good; may be NULL
 * @release_arg: For @release
 *
 * Since: 0.1
 */
struct hpdma_mempool_memory {
	uint32_t size;
	uint32_t flags;
	void *mem;
	uint64_t length;
	struct hpdma_dma *dma;
	uint64_t dma_offset;
	void (*release)(void *mem, uint64_t length, void *arg);
	void *release_arg;
};

/**
 * hpdma_mempool_add() - add memory of the caller, as a chunk
 * @pool: The pool
 * @memory: The memory; not NULL
 * @error: Filled on failure; may be NULL
 *
 * As many objects as fit. On failure the memory stays the caller's.
 *
 * Return: 0; -ERANGE if no object fits; -EINVAL, -E2BIG for a bad @memory; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_add(struct hpdma_mempool *pool,
				const struct hpdma_mempool_memory *memory,
				struct hpdma_error *error);

/**
 * hpdma_mempool_shrink() - give memory back
 * @pool: The pool
 * @keep: How many objects the pool is to have left at least
 *
 * A chunk goes when all its objects are in the store. The calling thread's cache is
 * emptied for that; hpdma_mempool_recall() gets at those of other threads.
 *
 * Return: How many objects went.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_mempool_shrink(struct hpdma_mempool *pool,
					uint64_t keep);

/**
 * hpdma_mempool_recall() - have all caches emptied
 * @pool: The pool
 *
 * Empties that of the calling thread at once. Each other thread empties its own, and
 * the owner a user-owned one, with the next put.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_mempool_recall(struct hpdma_mempool *pool);

/**
 * hpdma_mempool_get() - get an object
 * @pool: The pool
 * @object: Receives the object
 *
 * Return: 0; -ENOENT if there is none for this thread.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_get(struct hpdma_mempool *pool, void **object);

/**
 * hpdma_mempool_put() - put an object back
 * @pool: The pool
 * @object: The object
 *
 * That an object lies in a chunk of the pool, and its alignment, is always looked at;
 * a checked pool finds out, too, what points into an object.
 *
 * Return: 0; having told of misuse and changed nothing -EINVAL for what is no object
 * of the pool, and in a checked pool -EALREADY for what is in it already and -EFAULT
 * if its guard was overwritten, which is whole again for another try.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_put(struct hpdma_mempool *pool, void *object);

/**
 * hpdma_mempool_get_bulk() - get objects, all or nothing
 * @pool: The pool
 * @objects: Receives them
 * @n: How many
 *
 * Return: 0; -ENOENT if there are not so many for this thread: then it got none.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_get_bulk(struct hpdma_mempool *pool, void **objects,
				     uint32_t n);

/**
 * hpdma_mempool_put_bulk() - put objects back
 * @pool: The pool
 * @objects: The objects
 * @n: How many
 *
 * Return: 0; what hpdma_mempool_put() returns, having put none.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_put_bulk(struct hpdma_mempool *pool,
				     void *const *objects, uint32_t n);

/**
 * hpdma_mempool_get_burst() - get objects, as many as there are
 * @pool: The pool
 * @objects: Receives them
 * @n: How many at most
 *
 * Return: How many it got.
 * Since: 0.1
 */
HPDMA_API uint32_t hpdma_mempool_get_burst(struct hpdma_mempool *pool,
					   void **objects, uint32_t n);

/**
 * hpdma_mempool_get_wait() - get objects, all or nothing, and wait for them
 * @pool: The pool
 * @objects: Receives them
 * @n: How many
 * @timeout_ms: Milliseconds to wait at most; negative for ever
 *
 * While a thread waits, puts go to the store and caches are emptied as with
 * hpdma_mempool_recall(). There is no order between those who wait.
 *
 * Return: 0; -ETIMEDOUT; -EINVAL if the pool has HPDMA_MEMPOOL_SP or _SC.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_get_wait(struct hpdma_mempool *pool, void **objects,
				     uint32_t n, int timeout_ms);

/**
 * hpdma_mempool_thread_cache() - the calling thread's own cache of a pool
 * @pool: The pool
 *
 * With it hpdma_mempool_cache_get() and _put() save what little it takes to find it.
 * It is the thread's and the pool's: valid in this thread until one of them ends, not
 * to be destroyed.
 *
 * Return: The cache; NULL if the pool has no caches, if it looks at each object (checked
 * or guarded pools, and all under a sanitizer), or if there is no memory for it.
 * Since: 0.1
 */
HPDMA_API struct hpdma_mempool_cache *hpdma_mempool_thread_cache(
	struct hpdma_mempool *pool);

/**
 * hpdma_mempool_cache_create() - make a cache that its user passes along himself
 * @pool: The pool; with or without caches of its own
 * @size: How many objects it holds at most; not 0
 * @out: Receives the cache
 *
 * One thread at a time uses it.
 *
 * Return: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_cache_create(struct hpdma_mempool *pool,
					 uint32_t size,
					 struct hpdma_mempool_cache **out);

/**
 * hpdma_mempool_cache_destroy() - end a user-owned cache
 * @cache: The cache, or NULL; its objects go to the store
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_mempool_cache_destroy(struct hpdma_mempool_cache *cache);

/**
 * hpdma_mempool_cache_flush() - empty a user-owned cache
 * @cache: The cache; its objects go to the store
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_mempool_cache_flush(struct hpdma_mempool_cache *cache);

/**
 * hpdma_mempool_cache_get() - hpdma_mempool_get_bulk() through a user-owned cache
 * @cache: The cache
 * @objects: Receives them
 * @n: How many
 *
 * Return: 0; -ENOENT.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_cache_get(struct hpdma_mempool_cache *cache,
				      void **objects, uint32_t n);

/**
 * hpdma_mempool_cache_put() - hpdma_mempool_put_bulk() through a user-owned cache
 * @cache: The cache
 * @objects: The objects
 * @n: How many
 *
 * Return: 0; what hpdma_mempool_put() returns, having put none.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_cache_put(struct hpdma_mempool_cache *cache,
				      void *const *objects, uint32_t n);

/* In place of an address where a pool has none. */
#define HPDMA_MEMPOOL_NO_IOVA UINT64_MAX

/**
 * hpdma_mempool_iova() - the address of an object for the pool's device
 * @object: An object of a pool
 *
 * Return: The address, or HPDMA_MEMPOOL_NO_IOVA. All of the object is at
 * consecutive addresses.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_mempool_iova(const void *object);

/**
 * hpdma_mempool_kind() - kind of a pool's addresses
 * @pool: The pool
 *
 * Return: The kind, HPDMA_KIND_NONE for a pool without.
 * Since: 0.1
 */
HPDMA_API enum hpdma_kind hpdma_mempool_kind(const struct hpdma_mempool *pool);

/**
 * hpdma_mempool_header() - the user header of an object
 * @pool: Its pool
 * @object: The object
 *
 * Return: Its @header_size bytes, aligned to 8.
 * Since: 0.1
 */
HPDMA_API void *hpdma_mempool_header(const struct hpdma_mempool *pool,
				     void *object);

/**
 * struct hpdma_mempool_info - what a pool is and has done
 * @size: sizeof(struct hpdma_mempool_info)
 * @flags: Bits of &enum hpdma_mempool_flags
 * @object_size: Bytes of an object
 * @stride: Bytes from one object to the next
 * @objects: All objects
 * @in_store: Free ones in the store
 * @in_caches: Free ones in caches
 * @lowest: Fewest in the store since the pool is
 * @chunks: Chunks of memory
 * @memory: Bytes of all chunks
 * @caches: Caches, user-owned ones with them
 * @cache_size: How many objects each thread's cache holds at most
 * @store_gets: Times that objects were taken from the store
 * @store_puts: Times that objects were put into the store
 * @empty: Times that -ENOENT was returned
 * @waits: Times that a thread slept in hpdma_mempool_get_wait()
 * @misuses: Findings
 * @name: Name, or ""
 * @owner: Tag of who owns it, or ""
 *
 * What caches do by themselves is not counted, so that it costs nothing. While others
 * use the pool the numbers need not fit each other.
 *
 * Since: 0.1
 */
struct hpdma_mempool_info {
	uint32_t size;
	uint32_t flags;
	uint64_t object_size;
	uint64_t stride;
	uint64_t objects;
	uint64_t in_store;
	uint64_t in_caches;
	uint64_t lowest;
	uint64_t chunks;
	uint64_t memory;
	uint32_t caches;
	uint32_t cache_size;
	uint64_t store_gets;
	uint64_t store_puts;
	uint64_t empty;
	uint64_t waits;
	uint64_t misuses;
	char name[32];
	char owner[32];
};

/**
 * hpdma_mempool_get_info() - ask what a pool is and has done
 * @pool: The pool
 * @info: Filled; @size set by the caller
 *
 * Return: 0; -EINVAL for a bad @size.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_get_info(struct hpdma_mempool *pool,
				     struct hpdma_mempool_info *info);

/**
 * struct hpdma_mempool_chunk - a chunk of a pool
 * @mem: Its memory
 * @length: Bytes of it
 * @first: Its first object
 * @count: Objects
 * @index: Number of the first one
 *
 * Never grows.
 *
 * Since: 0.1
 */
struct hpdma_mempool_chunk {
	void *mem;
	uint64_t length;
	void *first;
	uint64_t count;
	uint64_t index;
};

/**
 * hpdma_mempool_walk_chunks() - call a function for each chunk
 * @pool: The pool
 * @each: Called with the chunk; anything but 0 ends the walk. It may use the pool,
 *	but not grow, shrink or destroy it
 * @arg: For @each
 *
 * Return: 0, or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_walk_chunks(
	struct hpdma_mempool *pool,
	int (*each)(const struct hpdma_mempool_chunk *chunk, void *arg),
	void *arg);

/**
 * hpdma_mempool_walk() - call a function for each object, free or not
 * @pool: The pool
 * @each: Called with the object and its number; as for hpdma_mempool_walk_chunks()
 * @arg: For @each
 *
 * Return: 0, or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_walk(struct hpdma_mempool *pool,
				 int (*each)(void *object, uint64_t index,
					     void *arg),
				 void *arg);

/**
 * hpdma_mempool_walk_all() - call a function for each pool of the process
 * @each: Called with the pool; anything but 0 ends the walk. It must not make or
 *	destroy pools, nor let threads end that it waits for
 * @arg: For @each
 *
 * Return: 0, or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_walk_all(int (*each)(struct hpdma_mempool *pool,
						 void *arg),
				     void *arg);

HPDMA_END

#include <hpdma/mempool_inline.h>

#endif /* HPDMA_MEMPOOL_H */
