// SPDX-License-Identifier: MIT
/*
 * What is looked at in objects that come and go: that they are objects of the pool, in
 * a checked pool that they are in or out as they should be, in a guarded one that
 * nobody wrote around them. And what sanitizers are told of them.
 */
#include <errno.h>
#include <string.h>

#include "annotate.h"
#include "mempool.h"

#ifdef HPDMA_MEMCHECK
#include <valgrind/valgrind.h>
#endif

/* What is written behind an object. */
static const unsigned char guard[MEMPOOL_GUARD_SIZE] = "behind an object";

bool mempool_annotates(void)
{
#if defined(HPDMA_ASAN)
	return true;
#elif defined(HPDMA_MEMCHECK)
	return RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}

void mempool_misuse(struct hpdma_mempool *pool, enum hpdma_misuse_kind kind,
		    const void *object)
{
	mempool_count(&pool->misuses);
	hpdma_misuse_tell(&pool->misuse, kind, object,
			  *pool->owner ? pool->owner : NULL);
}

bool mempool_check_own(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (mempool_chunk_of(pool, objects[i]))
			continue;
		mempool_misuse(pool, HPDMA_MISUSE_FOREIGN, objects[i]);
		return false;
	}
	return true;
}

static unsigned char *guard_of(const struct hpdma_mempool *pool,
			       const void *object)
{
	return (unsigned char *)(uintptr_t)object + pool->object_size;
}

static bool guard_is_whole(const struct hpdma_mempool *pool, const void *object)
{
	return !(pool->flags & HPDMA_MEMPOOL_GUARD) ||
	       !memcmp(guard_of(pool, object), guard, sizeof(guard));
}

static void make_whole(const struct hpdma_mempool *pool, void *object)
{
	mempool_head(object)->mark = MEMPOOL_MARK;
	if (pool->flags & HPDMA_MEMPOOL_GUARD)
		memcpy(guard_of(pool, object), guard, sizeof(guard));
}

static void hide(const struct hpdma_mempool *pool, void *object)
{
	hpdma_asan_poison(hpdma_mempool_header(pool, object),
			  pool->header_size);
	hpdma_asan_poison(object, pool->object_size);
}

static void show(const struct hpdma_mempool *pool, void *object)
{
	hpdma_asan_unpoison(hpdma_mempool_header(pool, object),
			    pool->header_size);
	hpdma_asan_unpoison(object, pool->object_size);
}

/*
 * Valgrind takes what is handed out for not yet written; but what an object held when
 * it was put stays in it, and that is part of what a pool promises.
 */
static void vg_show(const struct hpdma_mempool *pool, void *object)
{
	hpdma_vg_alloc(pool, object, pool->object_size);
	hpdma_vg_defined(object, pool->object_size);
}

void mempool_check_new(struct hpdma_mempool *pool, void *object)
{
	if (!pool->told)
		return;
	if (pool->checked)
		make_whole(pool, object);
	vg_show(pool, object);
	hpdma_vg_free(pool, object);
	hide(pool, object);
}

void mempool_check_gone(struct hpdma_mempool *pool, void *object)
{
	show(pool, object);
	vg_show(pool, object);
	hpdma_vg_free(pool, object);
	hpdma_vg_undefined(object, pool->object_size);
}

void mempool_check_got(struct hpdma_mempool *pool, void *const *objects,
		       uint32_t n)
{
	struct mempool_head *head;
	uint32_t i;

	for (i = 0; i < n; i++) {
		show(pool, objects[i]);
		vg_show(pool, objects[i]);
		if (!pool->checked)
			continue;
		head = mempool_head(objects[i]);
		if (head->mark != MEMPOOL_MARK ||
		    !guard_is_whole(pool, objects[i])) {
			make_whole(pool, objects[i]);
			mempool_misuse(pool, HPDMA_MISUSE_USE_AFTER_FREE,
				       objects[i]);
		}
		__atomic_store_n(&head->state, MEMPOOL_USED, __ATOMIC_RELAXED);
	}
}

static int find_damage(struct hpdma_mempool *pool, void *object)
{
	struct mempool_head *head = mempool_head(object);
	enum hpdma_misuse_kind kind;

	if (head->mark == MEMPOOL_HOLE)
		kind = HPDMA_MISUSE_FOREIGN;
	else if (head->mark != MEMPOOL_MARK)
		kind = HPDMA_MISUSE_UNDERRUN;
	else if (!guard_is_whole(pool, object))
		kind = HPDMA_MISUSE_OVERRUN;
	else
		return 0;
	if (kind != HPDMA_MISUSE_FOREIGN) {
		make_whole(pool, object);
		/* It is the caller's still; what else could be said of it? */
		__atomic_store_n(&head->state, MEMPOOL_USED, __ATOMIC_RELAXED);
	}
	mempool_misuse(pool, kind, object);
	return kind == HPDMA_MISUSE_FOREIGN ? -EINVAL : -EFAULT;
}

/*
 * Of two threads that put one object at the same time the exchange lets one through.
 * It orders nothing else: the object itself goes through the store.
 */
static int mark_free(struct hpdma_mempool *pool, void *const *objects,
		     uint32_t n)
{
	uint32_t i, used;

	for (i = 0; i < n; i++) {
		used = MEMPOOL_USED;
		if (!__atomic_compare_exchange_n(
			    &mempool_head(objects[i])->state, &used,
			    MEMPOOL_FREE, false, __ATOMIC_RELAXED,
			    __ATOMIC_RELAXED))
			break;
	}
	if (i == n)
		return 0;
	n = i;
	while (i--)
		__atomic_store_n(&mempool_head(objects[i])->state, MEMPOOL_USED,
				 __ATOMIC_RELAXED);
	mempool_misuse(pool, HPDMA_MISUSE_DOUBLE_FREE, objects[n]);
	return -EALREADY;
}

int mempool_check_put(struct hpdma_mempool *pool, void *const *objects,
		      uint32_t n)
{
	uint32_t i;
	int ret = 0;

	if (!mempool_check_own(pool, objects, n))
		return -EINVAL;
	for (i = 0; pool->checked && !ret && i < n; i++)
		ret = find_damage(pool, objects[i]);
	if (pool->checked && !ret)
		ret = mark_free(pool, objects, n);
	for (i = 0; !ret && i < n; i++) {
		hpdma_vg_free(pool, objects[i]);
		hide(pool, objects[i]);
	}
	return ret;
}
