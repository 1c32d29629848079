/* SPDX-License-Identifier: MIT */
/*
 * The hot paths of <hpdma/mempool.h>, to be inlined. Programs include that header and
 * call the functions by their names there; these take their place, unless
 * HPDMA_NO_INLINE is defined. What is in the structs is the library's affair.
 */
#ifndef HPDMA_MEMPOOL_INLINE_H
#define HPDMA_MEMPOOL_INLINE_H

#include <hpdma/mempool.h>

HPDMA_BEGIN

/**
 * struct hpdma_mempool_front - what a pool begins with
 * @serial: Number of the pool, not 0, never used twice in a process
 *
 * Since: 0.1
 */
struct hpdma_mempool_front {
	uint64_t serial;
};

/**
 * struct hpdma_mempool_cache - a cache; its objects follow behind it
 * @len: How many there are. Others read it for statistics
 * @limit: How many there may be. Others set it to 0 to have the cache emptied: then
 *	no put is inlined
 * @first: First object of the chunk that the last object put was of
 * @last: From there to the chunk's last object, in bytes; UINTPTR_MAX for no chunk.
 *	Others forget the chunk
 * @mask: All that the distance of two objects is a multiple of, less 1
 * @user: Not 0 for a user-owned one
 * @size: How many objects it may hold at most
 * @held: In place of @len in a pool whose objects are looked at by get and put: then
 *	@len and @limit stay 0, and nothing is inlined
 * @gate: Likewise in place of @limit
 * @pool: The pool; NULL when it is destroyed
 * @next: The pool's next cache
 *
 * Since: 0.1
 */
struct hpdma_mempool_cache {
	uint32_t len;
	uint32_t limit;
	uintptr_t first;
	uintptr_t last;
	uintptr_t mask;
	uint32_t user;
	uint32_t size;
	uint32_t held;
	uint32_t gate;
	struct hpdma_mempool *pool;
	struct hpdma_mempool_cache *next;
};

/**
 * struct hpdma_mempool_memo - where a thread finds its cache of a pool again
 * @serial: The pool's number, 0 for none
 * @cache: The cache; NULL if the pool is not to be used inline
 *
 * Since: 0.1
 */
struct hpdma_mempool_memo {
	uint64_t serial;
	struct hpdma_mempool_cache *cache;
};

#define HPDMA_MEMPOOL_MEMOS 4

/* One for each source file and thread: no call is needed to find it. */
static __thread struct hpdma_mempool_memo
	hpdma_mempool_memos[HPDMA_MEMPOOL_MEMOS];

/**
 * hpdma_mempool_recollect() - find the calling thread's cache, or make it
 * @pool: The pool
 * @memo: Remembers it
 *
 * Return: The cache, or NULL: hpdma_mempool_get_more() and _put_more() know what to
 * do.
 * Since: 0.1
 */
HPDMA_API struct hpdma_mempool_cache *hpdma_mempool_recollect(
	struct hpdma_mempool *pool, struct hpdma_mempool_memo *memo);

/**
 * hpdma_mempool_get_more() - get what the cache has not
 * @pool: The pool
 * @cache: The cache, or NULL
 * @objects: Receives them
 * @min: How many at least; otherwise none
 * @max: How many at most
 *
 * Return: How many; -ENOENT.
 * Since: 0.1
 */
HPDMA_API int64_t hpdma_mempool_get_more(struct hpdma_mempool *pool,
					 struct hpdma_mempool_cache *cache,
					 void **objects, uint32_t min,
					 uint32_t max);

/**
 * hpdma_mempool_put_more() - put what the cache cannot take, or not unseen
 * @pool: The pool
 * @cache: The cache, or NULL
 * @objects: The objects
 * @n: How many
 *
 * Return: What hpdma_mempool_put() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_mempool_put_more(struct hpdma_mempool *pool,
				     struct hpdma_mempool_cache *cache,
				     void *const *objects, uint32_t n);

/**
 * hpdma_mempool_thread_cache_inline() - the calling thread's cache
 * @pool: The pool
 *
 * Return: The cache, or NULL.
 * Since: 0.1
 */
static inline struct hpdma_mempool_cache *hpdma_mempool_thread_cache_inline(
	struct hpdma_mempool *pool)
{
	const uint64_t serial =
		((const struct hpdma_mempool_front *)(const void *)pool)->serial;
	struct hpdma_mempool_memo *memo =
		&hpdma_mempool_memos[serial % HPDMA_MEMPOOL_MEMOS];

	if (__builtin_expect(memo->serial == serial, 1))
		return memo->cache;
	return hpdma_mempool_recollect(pool, memo);
}

/* As many pointers at once as a register of the CPU has room for */
typedef uintptr_t hpdma_mempool_some
	__attribute__((vector_size(__BIGGEST_ALIGNMENT__),
		       aligned(sizeof(uintptr_t)), may_alias));

#define HPDMA_MEMPOOL_SOME \
	((uint32_t)(sizeof(hpdma_mempool_some) / sizeof(uintptr_t)))

/**
 * hpdma_mempool_copy() - copy pointers
 * @to: Where to; not what is copied
 * @from: Where from
 * @n: How many
 *
 * Without a call of memcpy(), which costs more than copying a few. The last step goes
 * back over what has been copied, so that it is as wide as the others.
 *
 * Since: 0.1
 */
static inline void hpdma_mempool_copy(void **to, void *const *from, uint32_t n)
{
	const uint32_t some = HPDMA_MEMPOOL_SOME;
	uint32_t i = 0;

	if (n == 1) {
		*to = *from;
	} else if (n < some) {
		for (; i < n; i++)
			to[i] = from[i];
	} else {
		for (; i < n - some; i += some)
			*(hpdma_mempool_some *)(to + i) =
				*(const hpdma_mempool_some *)(from + i);
		*(hpdma_mempool_some *)(to + (n - some)) =
			*(const hpdma_mempool_some *)(from + (n - some));
	}
}

/**
 * hpdma_mempool_far() - is a pointer no object of a chunk?
 * @object: The pointer
 * @first: First object of the chunk
 * @last: From there to the last one, in bytes; UINTPTR_MAX for no chunk
 * @mask: What is 0 in all distances between objects
 *
 * The memory of the object is not touched. A distance that is too long shows by the
 * sign of itself or of what is left to the last one. What points into an object at a
 * multiple of @mask + 1 is not found out: that would cost as much as all the rest.
 *
 * Return: 0 if it is one.
 * Since: 0.1
 */
static inline uintptr_t hpdma_mempool_far(const void *object, uintptr_t first,
					  uintptr_t last, uintptr_t mask)
{
	const uintptr_t sign = ~(UINTPTR_MAX >> 1);
	const uintptr_t distance = (uintptr_t)object - first;

	return (distance & (sign | mask)) | ((last - distance) & sign);
}

/**
 * hpdma_mempool_copy_some() - hpdma_mempool_far() for pointers that are copied
 * @to: Where to; NULL: nowhere
 * @from: Where from
 * @first: First object of the chunk
 * @last: From there to the last one, in bytes; UINTPTR_MAX for no chunk
 * @mask: What is 0 in all distances between objects
 * @far: Gets bits set if they are none
 *
 * Since: 0.1
 */
static inline void hpdma_mempool_copy_some(void **to, void *const *from,
					   uintptr_t first, uintptr_t last,
					   uintptr_t mask,
					   hpdma_mempool_some *far)
{
	const uintptr_t sign = ~(UINTPTR_MAX >> 1);
	hpdma_mempool_some distance = *(const hpdma_mempool_some *)from;

	if (to)
		*(hpdma_mempool_some *)to = distance;
	distance -= first;
	*far |= (distance & (sign | mask)) | ((last - distance) & sign);
}

/**
 * hpdma_mempool_copy_near() - copy pointers, and see whether they may be objects
 * @to: Where to; NULL: nowhere
 * @from: Where from
 * @n: How many
 * @first: First object of a chunk
 * @last: From there to the last one, in bytes; UINTPTR_MAX for no chunk
 * @mask: What is 0 in all distances between objects
 *
 * Return: 1 if all lie in the chunk as far as hpdma_mempool_far() can tell, else 0.
 * Since: 0.1
 */
static inline int hpdma_mempool_copy_near(void **to, void *const *from,
					  uint32_t n, uintptr_t first,
					  uintptr_t last, uintptr_t mask)
{
	const uint32_t some = HPDMA_MEMPOOL_SOME;
	hpdma_mempool_some far_some = { 0 };
	uintptr_t far = 0;
	uint32_t i = 0;

	if (n == 1) {
		if (to)
			*to = *from;
		far = hpdma_mempool_far(*from, first, last, mask);
	} else if (n < some) {
		for (; i < n; i++) {
			if (to)
				to[i] = from[i];
			far |= hpdma_mempool_far(from[i], first, last, mask);
		}
	} else {
		for (; i < n - some; i += some)
			hpdma_mempool_copy_some(to ? to + i : NULL, from + i,
						first, last, mask, &far_some);
		i = n - some;
		hpdma_mempool_copy_some(to ? to + i : NULL, from + i, first,
					last, mask, &far_some);
		for (i = 0; i < some; i++)
			far |= far_some[i];
	}
	return !far;
}

/**
 * hpdma_mempool_slots() - where the objects of a cache stand
 * @cache: The cache
 *
 * Return: The array behind it.
 * Since: 0.1
 */
static inline void **hpdma_mempool_slots(struct hpdma_mempool_cache *cache)
{
	return (void **)(void *)(cache + 1);
}

/**
 * hpdma_mempool_cache_get_inline() - hpdma_mempool_cache_get()
 * @cache: The cache
 * @objects: Receives them
 * @n: How many
 *
 * Return: 0; -ENOENT.
 * Since: 0.1
 */
static inline int hpdma_mempool_cache_get_inline(
	struct hpdma_mempool_cache *cache, void **objects, uint32_t n)
{
	const uint32_t len = cache->len;
	int64_t ret;

	if (__builtin_expect(n <= len, 1)) {
		hpdma_mempool_copy(objects,
				   hpdma_mempool_slots(cache) + (len - n), n);
		__atomic_store_n(&cache->len, len - n, __ATOMIC_RELAXED);
		return 0;
	}
	ret = hpdma_mempool_get_more(cache->pool, cache, objects, n, n);
	return ret < 0 ? (int)ret : 0;
}

/**
 * hpdma_mempool_cache_put_inline() - hpdma_mempool_cache_put()
 * @cache: The cache
 * @objects: The objects
 * @n: How many
 *
 * Return: What hpdma_mempool_put() returns.
 * Since: 0.1
 */
static inline int hpdma_mempool_cache_put_inline(
	struct hpdma_mempool_cache *cache, void *const *objects, uint32_t n)
{
	const uint32_t limit = __atomic_load_n(&cache->limit, __ATOMIC_RELAXED);
	const uint32_t len = cache->len;

	/* Copied before it is known whether they count: they do with @len only. */
	if (__builtin_expect((uint64_t)len + n <= limit, 1) &&
	    __builtin_expect(
		    hpdma_mempool_copy_near(hpdma_mempool_slots(cache) + len,
					    objects, n, cache->first,
					    __atomic_load_n(&cache->last,
							    __ATOMIC_RELAXED),
					    cache->mask),
		    1)) {
		__atomic_store_n(&cache->len, len + n, __ATOMIC_RELAXED);
		return 0;
	}
	return hpdma_mempool_put_more(cache->pool, cache, objects, n);
}

/**
 * hpdma_mempool_get_bulk_inline() - hpdma_mempool_get_bulk()
 * @pool: The pool
 * @objects: Receives them
 * @n: How many
 *
 * Return: 0; -ENOENT.
 * Since: 0.1
 */
static inline int hpdma_mempool_get_bulk_inline(struct hpdma_mempool *pool,
						void **objects, uint32_t n)
{
	struct hpdma_mempool_cache *cache =
		hpdma_mempool_thread_cache_inline(pool);
	int64_t ret;

	if (__builtin_expect(cache != NULL, 1))
		return hpdma_mempool_cache_get_inline(cache, objects, n);
	ret = hpdma_mempool_get_more(pool, NULL, objects, n, n);
	return ret < 0 ? (int)ret : 0;
}

/**
 * hpdma_mempool_put_bulk_inline() - hpdma_mempool_put_bulk()
 * @pool: The pool
 * @objects: The objects
 * @n: How many
 *
 * Return: What hpdma_mempool_put() returns.
 * Since: 0.1
 */
static inline int hpdma_mempool_put_bulk_inline(struct hpdma_mempool *pool,
						void *const *objects,
						uint32_t n)
{
	struct hpdma_mempool_cache *cache =
		hpdma_mempool_thread_cache_inline(pool);

	if (__builtin_expect(cache != NULL, 1))
		return hpdma_mempool_cache_put_inline(cache, objects, n);
	return hpdma_mempool_put_more(pool, NULL, objects, n);
}

/**
 * hpdma_mempool_get_burst_inline() - hpdma_mempool_get_burst()
 * @pool: The pool
 * @objects: Receives them
 * @n: How many at most
 *
 * Return: How many.
 * Since: 0.1
 */
static inline uint32_t hpdma_mempool_get_burst_inline(
	struct hpdma_mempool *pool, void **objects, uint32_t n)
{
	struct hpdma_mempool_cache *cache =
		hpdma_mempool_thread_cache_inline(pool);
	int64_t ret;

	if (__builtin_expect(cache && n <= cache->len, 1)) {
		hpdma_mempool_cache_get_inline(cache, objects, n);
		return n;
	}
	ret = hpdma_mempool_get_more(pool, cache, objects, n > 0, n);
	return ret < 0 ? 0 : (uint32_t)ret;
}

/**
 * hpdma_mempool_get_inline() - hpdma_mempool_get()
 * @pool: The pool
 * @object: Receives the object
 *
 * Return: 0; -ENOENT.
 * Since: 0.1
 */
static inline int hpdma_mempool_get_inline(struct hpdma_mempool *pool,
					   void **object)
{
	return hpdma_mempool_get_bulk_inline(pool, object, 1);
}

/**
 * hpdma_mempool_put_inline() - hpdma_mempool_put()
 * @pool: The pool
 * @object: The object
 *
 * Return: What hpdma_mempool_put() returns.
 * Since: 0.1
 */
static inline int hpdma_mempool_put_inline(struct hpdma_mempool *pool,
					   void *object)
{
	return hpdma_mempool_put_bulk_inline(pool, &object, 1);
}

/**
 * hpdma_mempool_iova_inline() - hpdma_mempool_iova()
 * @object: The object
 *
 * Return: Its address; HPDMA_MEMPOOL_NO_IOVA.
 * Since: 0.1
 */
static inline uint64_t hpdma_mempool_iova_inline(const void *object)
{
	return ((const uint64_t *)object)[-2];
}

HPDMA_END

#ifndef HPDMA_NO_INLINE
#define hpdma_mempool_get hpdma_mempool_get_inline
#define hpdma_mempool_put hpdma_mempool_put_inline
#define hpdma_mempool_get_bulk hpdma_mempool_get_bulk_inline
#define hpdma_mempool_put_bulk hpdma_mempool_put_bulk_inline
#define hpdma_mempool_get_burst hpdma_mempool_get_burst_inline
#define hpdma_mempool_thread_cache hpdma_mempool_thread_cache_inline
#define hpdma_mempool_cache_get hpdma_mempool_cache_get_inline
#define hpdma_mempool_cache_put hpdma_mempool_cache_put_inline
#define hpdma_mempool_iova hpdma_mempool_iova_inline
#endif

#endif /* HPDMA_MEMPOOL_INLINE_H */
