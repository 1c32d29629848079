/* SPDX-License-Identifier: MIT */
/*
 * Caches of threads. A thread that uses a heap for the first time gets one; when it
 * ends, what is in it goes back to the heap.
 */
#ifndef HPDMA_SRC_HEAP_THREAD_H
#define HPDMA_SRC_HEAP_THREAD_H

#include "heap.h"

#define HPDMA_HEAP_RECENT 8

/**
 * struct hpdma_heap_thread - what a thread knows of heaps
 * @serials: Of heaps used lately, by the lower bits of the serial
 * @recent: Their caches
 * @caches: All caches of the thread
 */
struct hpdma_heap_thread {
	uint64_t serials[HPDMA_HEAP_RECENT];
	struct hpdma_heap_cache *recent[HPDMA_HEAP_RECENT];
	struct hpdma_heap_cache *caches;
};

/* Initial-exec: a load instead of a call. It is small enough for dlopen(), too. */
extern __thread struct hpdma_heap_thread hpdma_heap_thread
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/**
 * hpdma_heap_cache_find() - the calling thread's cache, made if it has none
 * @heap: The heap
 *
 * Return: The cache; NULL if there is no memory for one.
 */
struct hpdma_heap_cache *hpdma_heap_cache_find(struct hpdma_heap *heap);

/* The calling thread's cache, if it used it lately. */
static inline struct hpdma_heap_cache *hpdma_heap_cache_recent(
	const struct hpdma_heap *heap)
{
	size_t at = heap->serial % HPDMA_HEAP_RECENT;

	if (likely(hpdma_heap_thread.serials[at] == heap->serial))
		return hpdma_heap_thread.recent[at];
	return NULL;
}

/*
 * The leaf of the map for any address, or NULL: mostly the one of last time, so that
 * nobody waits for the first level.
 */
static inline struct hpdma_heap_leaf *hpdma_heap_cache_leaf(
	struct hpdma_heap_cache *cache, const void *ptr)
{
	if (unlikely(hpdma_heap_root(ptr) != cache->root)) {
		cache->root = hpdma_heap_root(ptr);
		cache->leaf = hpdma_heap_leaf_of(cache->heap, ptr);
		/* Another thread may make it. */
		if (!cache->leaf)
			cache->root = UINT64_MAX;
	}
	return cache->leaf;
}

/* Only the thread writes it; others look at it for statistics. */
static inline void hpdma_heap_bin_count(struct hpdma_heap_bin *bin,
					uint32_t count)
{
	__atomic_store_n(&bin->count, count, __ATOMIC_RELAXED);
}

/**
 * hpdma_heap_cache_take() - take a block of a class
 * @heap: The heap
 * @class: The class
 * @slot: Receives the block
 *
 * Return: Whether there is one.
 */
bool hpdma_heap_cache_take(struct hpdma_heap *heap, unsigned int class,
			   struct hpdma_heap_slot *slot);

/**
 * hpdma_heap_cache_give() - give a block of a class back
 * @heap: The heap
 * @class: The class
 * @slot: The block
 */
void hpdma_heap_cache_give(struct hpdma_heap *heap, unsigned int class,
			   struct hpdma_heap_slot slot);

/**
 * hpdma_heap_cache_flush() - empty the calling thread's cache
 * @heap: The heap
 */
void hpdma_heap_cache_flush(struct hpdma_heap *heap);

/* Parts with the calling thread's caches of heaps that were destroyed. */
void hpdma_heap_cache_forget(void);

#endif /* HPDMA_SRC_HEAP_THREAD_H */
