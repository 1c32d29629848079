// SPDX-License-Identifier: MIT
/*
 * Caches of threads: for each class an array of blocks, half of which is taken from or
 * given to the heap at a time. Whoever frees a block puts it into his own cache,
 * so a block has no owner, and threads meet at the heap's lock only.
 *
 * A cache holds its heap's struct, so that either may end first. The struct of
 * a destroyed heap goes when the last thread that used it ends or looks for another
 * cache.
 */
#include <stdlib.h>
#include <string.h>

#include "heap_slab.h"
#include "heap_thread.h"

__thread struct hpdma_heap_thread hpdma_heap_thread;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

static void flush(struct hpdma_heap_cache *cache)
{
	unsigned int class;

	for (class = 0; class < HPDMA_HEAP_CLASSES; class ++) {
		struct hpdma_heap_bin *bin = &cache->bins[class];

		if (!bin->count)
			continue;
		hpdma_heap_span_give(cache->heap, class, bin->slots,
				     bin->count);
		hpdma_heap_bin_count(bin, 0);
	}
}

/* Nobody can find it any more. */
static void cache_end(struct hpdma_heap_cache *cache)
{
	struct hpdma_heap *heap = cache->heap;

	flush(cache);
	pthread_mutex_lock(&heap->lock);
	*cache->prev = cache->next;
	if (cache->next)
		cache->next->prev = cache->prev;
	pthread_mutex_unlock(&heap->lock);
	free(cache);
	hpdma_heap_put(heap);
}

static void thread_end(void *arg)
{
	struct hpdma_heap_thread *mine = arg;
	struct hpdma_heap_cache *cache;

	/* Other destructors may free blocks later, into a new cache. */
	memset(mine->serials, 0, sizeof(mine->serials));
	while ((cache = mine->caches)) {
		mine->caches = cache->of_thread;
		cache_end(cache);
	}
}

static void make_key(void)
{
	key_made = !pthread_key_create(&key, thread_end);
}

/* When the library is unloaded nothing may call it. */
__attribute__((destructor)) static void drop_key(void)
{
	if (key_made)
		pthread_key_delete(key);
}

/* So many that threads do not meet at the lock too often, and not too much memory. */
static uint32_t room(unsigned int class)
{
	size_t count = (256u << 10) / hpdma_heap_class_size(class);

	return count > 128 ? 128 : count < 8 ? 8 : (uint32_t)count;
}

static struct hpdma_heap_cache *cache_new(struct hpdma_heap *heap)
{
	struct hpdma_heap_cache *cache;
	struct hpdma_heap_slot *slots;
	size_t count = 0;
	unsigned int class;

	/* Without its end a cache would keep its blocks for ever. */
	pthread_once(&key_once, make_key);
	if (!key_made || pthread_setspecific(key, &hpdma_heap_thread))
		return NULL;
	for (class = 0; class < HPDMA_HEAP_CLASSES; class ++)
		count += room(class);
	cache = calloc(1, sizeof(*cache) + count * sizeof(*slots));
	if (!cache)
		return NULL;
	slots = (struct hpdma_heap_slot *)(cache + 1);
	for (class = 0; class < HPDMA_HEAP_CLASSES; class ++) {
		cache->bins[class].room = room(class);
		cache->bins[class].slots = slots;
		slots += room(class);
	}
	cache->heap = heap;
	cache->root = UINT64_MAX;
	/* The caller has the heap, so nothing has to be ordered here. */
	atomic_fetch_add_explicit(&heap->refs, 1, memory_order_relaxed);
	pthread_mutex_lock(&heap->lock);
	cache->next = heap->caches;
	cache->prev = &heap->caches;
	if (cache->next)
		cache->next->prev = &cache->next;
	heap->caches = cache;
	pthread_mutex_unlock(&heap->lock);
	return cache;
}

void hpdma_heap_cache_forget(void)
{
	struct hpdma_heap_cache **link = &hpdma_heap_thread.caches, *cache;

	while ((cache = *link)) {
		if (!__atomic_load_n(&cache->heap->dead, __ATOMIC_RELAXED)) {
			link = &cache->of_thread;
			continue;
		}
		*link = cache->of_thread;
		cache_end(cache);
	}
}

struct hpdma_heap_cache *hpdma_heap_cache_find(struct hpdma_heap *heap)
{
	struct hpdma_heap_thread *mine = &hpdma_heap_thread;
	struct hpdma_heap_cache *cache = hpdma_heap_cache_recent(heap);
	size_t at = heap->serial % HPDMA_HEAP_RECENT;

	if (cache)
		return cache;
	for (cache = mine->caches; cache; cache = cache->of_thread) {
		if (cache->heap == heap)
			break;
	}
	if (!cache) {
		hpdma_heap_cache_forget();
		cache = cache_new(heap);
		if (!cache)
			return NULL;
		cache->of_thread = mine->caches;
		mine->caches = cache;
	}
	mine->serials[at] = heap->serial;
	mine->recent[at] = cache;
	return cache;
}

bool hpdma_heap_cache_take(struct hpdma_heap *heap, unsigned int class,
			   struct hpdma_heap_slot *slot)
{
	struct hpdma_heap_cache *cache = hpdma_heap_cache_find(heap);
	struct hpdma_heap_bin *bin;
	uint32_t count;

	if (!cache)
		return hpdma_heap_span_take(heap, class, slot, 1);
	bin = &cache->bins[class];
	count = bin->count;
	if (!count)
		count = hpdma_heap_span_take(heap, class, bin->slots,
					     bin->room / 2);
	if (!count)
		return false;
	*slot = bin->slots[--count];
	hpdma_heap_bin_count(bin, count);
	return true;
}

void hpdma_heap_cache_give(struct hpdma_heap *heap, unsigned int class,
			   struct hpdma_heap_slot slot)
{
	struct hpdma_heap_cache *cache = hpdma_heap_cache_find(heap);
	struct hpdma_heap_bin *bin;
	uint32_t count, half;

	if (!cache) {
		hpdma_heap_span_give(heap, class, &slot, 1);
		return;
	}
	bin = &cache->bins[class];
	count = bin->count;
	if (count == bin->room) {
		/* Those that were freed last are warm. */
		half = count / 2;
		hpdma_heap_span_give(heap, class, bin->slots, half);
		count -= half;
		memmove(bin->slots, bin->slots + half,
			count * sizeof(*bin->slots));
	}
	bin->slots[count++] = slot;
	hpdma_heap_bin_count(bin, count);
}

void hpdma_heap_cache_flush(struct hpdma_heap *heap)
{
	struct hpdma_heap_cache *cache = hpdma_heap_cache_find(heap);

	if (cache)
		flush(cache);
}
