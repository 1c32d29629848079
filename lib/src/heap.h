/* SPDX-License-Identifier: MIT */
/*
 * Inside of a heap.
 *
 * Memory comes in chunks of 2 MiB slabs. A map of two levels, indexed by the upper
 * bits of an address, leads to the chunk. A chunk is cut into pages of 4 KiB; runs of
 * free pages are extents (heap_extent.c). A block above HPDMA_HEAP_SMALL is an
 * extent; a smaller one is a part of a span, an extent cut into blocks of one size
 * class (heap_slab.c), and passes through the cache of a thread (heap_thread.c).
 *
 * What is known of a block is one byte for its first granule of 64 bytes: whether it
 * is live, its class, and whether it has a tag. A byte is written by whoever has
 * the block, so it needs no lock.
 *
 * One lock for each heap. Under it pages and lists change, never memory of blocks,
 * and nothing is called that could enter the kernel: page descriptors were
 * written to when their chunk was made, so that they do not fault.
 */
#ifndef HPDMA_SRC_HEAP_H
#define HPDMA_SRC_HEAP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hpdma/dma.h>
#include <hpdma/heap.h>

#include "misuse.h"

#define HPDMA_HEAP_GRANULE 64u
#define HPDMA_HEAP_GRANULE_SHIFT 6
#define HPDMA_HEAP_PAGE_SHIFT 12
#define HPDMA_HEAP_PAGE (1ull << HPDMA_HEAP_PAGE_SHIFT)
#define HPDMA_HEAP_SLAB_SHIFT 21
#define HPDMA_HEAP_SLAB (1ull << HPDMA_HEAP_SLAB_SHIFT)
#define HPDMA_HEAP_SMALL (64u << 10)
#define HPDMA_HEAP_CLASSES 36
#define HPDMA_HEAP_BINS 256
#define HPDMA_HEAP_TAGS 256

/* Addresses have 48 bits: two levels of the map. */
#define HPDMA_HEAP_ADDRESS_BITS 48
#define HPDMA_HEAP_LEAF_BITS 13
#define HPDMA_HEAP_ROOT_BITS \
	(HPDMA_HEAP_ADDRESS_BITS - HPDMA_HEAP_SLAB_SHIFT - HPDMA_HEAP_LEAF_BITS)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/**
 * enum hpdma_heap_state - the byte of a block's first granule
 * @HPDMA_HEAP_LIVE: In use
 * @HPDMA_HEAP_TAGGED: It has a tag; while it is live
 * @HPDMA_HEAP_ZERO: Zero, and never handed out; while it is not
 * @HPDMA_HEAP_CLASS: Mask: its class, counted from 1. 0: never handed out, or the
 *	granule starts no block. With neither LIVE nor ZERO: it was freed
 * @HPDMA_HEAP_LARGE: As a class: an extent of its own
 */
enum hpdma_heap_state {
	HPDMA_HEAP_LIVE = 0x80,
	HPDMA_HEAP_TAGGED = 0x40,
	HPDMA_HEAP_ZERO = 0x40,
	HPDMA_HEAP_CLASS = 0x3f,
	HPDMA_HEAP_LARGE = 0x3f,
};

/**
 * enum hpdma_heap_page_kind - what a page is the first or the last one of
 * @HPDMA_HEAP_PAGE_TAKEN: An extent that is taken, of which nobody is to know more
 * @HPDMA_HEAP_PAGE_FREE: A free extent
 * @HPDMA_HEAP_PAGE_SPAN: A span
 * @HPDMA_HEAP_PAGE_LARGE: A block
 */
enum hpdma_heap_page_kind {
	HPDMA_HEAP_PAGE_TAKEN,
	HPDMA_HEAP_PAGE_FREE,
	HPDMA_HEAP_PAGE_SPAN,
	HPDMA_HEAP_PAGE_LARGE,
};

/**
 * struct hpdma_heap_page - 4 KiB of a chunk; a cache line
 * @chunk: Whose it is
 * @next: In the list of a bin or a class
 * @prev: Likewise
 * @free: Granules at which free blocks of a span start
 * @any: Pages of the span whose @free is not 0; in its first page
 * @pages: Length of the extent; in its first page, and in the last of a free one
 * @head: Index of the span's first page, in all its pages
 * @blocks: Free blocks of the span, those in caches not counted; in its first page
 * @total: Blocks of the span; in its first page
 * @kind: &enum hpdma_heap_page_kind; in the first and last page of an extent
 * @class: Of the span; in its first page
 * @zero: All of the extent is zero; in its first page
 * @barrier: The device does not reach it where the page in front ends: no
 *	extent contains both
 */
struct hpdma_heap_page {
	__attribute__((aligned(64))) struct hpdma_heap_chunk *chunk;
	struct hpdma_heap_page *next;
	struct hpdma_heap_page *prev;
	uint64_t free;
	uint64_t any;
	uint32_t pages;
	uint32_t head;
	uint16_t blocks;
	uint16_t total;
	uint8_t kind;
	uint8_t class;
	bool zero;
	bool barrier;
};

/**
 * struct hpdma_heap_chunk - memory from the system
 * @base: Its first byte; a multiple of 2 MiB
 * @state: &enum hpdma_heap_state for each granule
 * @pages: Descriptors
 * @tags: Index of the tag for each granule where a tagged block starts
 * @length: Bytes; a multiple of 2 MiB
 * @used: Pages that are not in free extents
 * @longest: Pages of the longest extent there can be
 * @next: In the list of the heap's chunks
 * @prev: Likewise
 * @buf: The buffer, or NULL
 * @plain: Ordinary memory, or NULL
 * @dma: The mapping for the device, or NULL
 * @offset: Of @base in @buf and @dma
 * @kind: Of the addresses
 * @iova: Address of each slab for the device, UINT64_MAX where it is not contiguous
 */
struct hpdma_heap_chunk {
	char *base;
	uint8_t *state;
	struct hpdma_heap_page *pages;
	uint8_t *tags;
	uint64_t length;
	uint64_t used;
	uint64_t longest;
	struct hpdma_heap_chunk *next;
	struct hpdma_heap_chunk *prev;
	struct hpdma_buf *buf;
	void *plain;
	struct hpdma_dma *dma;
	uint64_t offset;
	enum hpdma_kind kind;
	uint64_t *iova;
};

/* A block out of use, and its byte. */
struct hpdma_heap_slot {
	char *ptr;
	uint8_t *state;
};

/* Blocks of one class in a thread's cache. @count is also read by others. */
struct hpdma_heap_bin {
	uint32_t count;
	uint32_t room;
	struct hpdma_heap_slot *slots;
};

/**
 * struct hpdma_heap_cache - a thread's cache of a heap
 * @heap: The heap; a reference
 * @root: Place of @leaf in the first level of the map
 * @leaf: Where the thread found a block last; leaves stay as long as the heap
 * @of_thread: Next one of the same thread
 * @next: Next one of the same heap; under its lock, like @prev
 * @prev: Link to this one
 * @bins: By class
 */
struct hpdma_heap_cache {
	struct hpdma_heap *heap;
	uint64_t root;
	struct hpdma_heap_leaf *leaf;
	struct hpdma_heap_cache *of_thread;
	struct hpdma_heap_cache *next;
	struct hpdma_heap_cache **prev;
	struct hpdma_heap_bin bins[HPDMA_HEAP_CLASSES];
};

/**
 * struct hpdma_heap_slab - what the map has of a slab
 * @chunk: Of which it is a part, or NULL
 * @state: The byte of the granule that would begin at address 0: that of any granule of
 *	the slab is found from it without asking the chunk. 0 without a chunk
 */
struct hpdma_heap_slab {
	_Atomic(struct hpdma_heap_chunk *) chunk;
	_Atomic(uintptr_t) state;
};

/**
 * struct hpdma_heap_leaf - second level of the map
 * @slabs: By the lower bits of the slab's number
 */
struct hpdma_heap_leaf {
	struct hpdma_heap_slab slabs[1 << HPDMA_HEAP_LEAF_BITS];
};

/**
 * struct hpdma_heap - a heap
 * @serial: Never used twice, so that caches of a destroyed heap are told apart
 * @slow: Something is to be looked at before the fast paths may run: it is shared,
 *	checked, guarded or dead
 * @dead: Destroyed; written under @lock
 * @map: First level of the map
 * @shared: Instead of all below except @misuse: memory that processes share
 * @shared_length: Its length
 * @refs: The creator's and one for each cache
 * @flags: &enum hpdma_heap_flags
 * @misuse: Whom to tell of misuse, and the name
 * @name: Its name
 * @ctx: Where memory comes from, or NULL
 * @device: For which memory is mapped, or NULL
 * @buf: Options for buffers
 * @chunk_length: Bytes to take at a time
 * @max_length: Limit, or UINT64_MAX
 * @lock: For all below
 * @length: Bytes of chunks, also of those that are just being made
 * @chunks: List
 * @kept: A chunk in which nothing is used, or NULL: kept for the next
 *	who needs one
 * @caches: List
 * @partial: By class, spans with free blocks
 * @empty: By class, a span with nothing but free blocks, or NULL: kept for the next
 *	who needs one
 * @out: By class, blocks that are in use or in caches
 * @free_bits: Bins that are not empty
 * @free: Free extents by length
 * @large_blocks: Blocks that are extents
 * @large_pages: Their pages
 * @span_pages: Pages of spans
 * @grown: Chunks taken
 * @given_back: Chunks given back
 * @failures: Allocations that failed; counted without the lock
 * @tags: Names of tags; [0] is not used, the last is "other"; entries are set once
 */
struct hpdma_heap {
	uint64_t serial;
	bool slow;
	bool dead;
	_Atomic(struct hpdma_heap_leaf *) *map;
	struct hpdma_heap_shared *shared;
	size_t shared_length;
	atomic_uint refs;
	uint32_t flags;
	struct hpdma_misuse_to misuse;
	char name[32];
	struct hpdma *ctx;
	struct hpdma_device *device;
	struct hpdma_buf_opts buf;
	uint64_t chunk_length;
	uint64_t max_length;

	pthread_mutex_t lock;
	uint64_t length;
	struct hpdma_heap_chunk *chunks;
	struct hpdma_heap_chunk *kept;
	struct hpdma_heap_cache *caches;
	struct hpdma_heap_page *partial[HPDMA_HEAP_CLASSES];
	struct hpdma_heap_page *empty[HPDMA_HEAP_CLASSES];
	uint64_t out[HPDMA_HEAP_CLASSES];
	uint64_t free_bits[HPDMA_HEAP_BINS / 64];
	struct hpdma_heap_page *free[HPDMA_HEAP_BINS];
	uint64_t large_blocks;
	uint64_t large_pages;
	uint64_t span_pages;
	uint64_t grown;
	uint64_t given_back;
	atomic_ullong failures;
	_Atomic(const char *) tags[HPDMA_HEAP_TAGS];
};

/* Classes are 64, 128, ... 512, and then four for each doubling up to 64 KiB. */
static inline unsigned int hpdma_heap_class(size_t size)
{
	size_t last = (size - !!size) >> HPDMA_HEAP_GRANULE_SHIFT;
	unsigned int shift;

	if (last < 8)
		return (unsigned int)last;
	shift = 61 - (unsigned int)__builtin_clzll(last);
	return 4 * shift + (unsigned int)(last >> shift);
}

static inline size_t hpdma_heap_class_size(unsigned int class)
{
	unsigned int shift;

	if (class < 8)
		return (class + 1) * HPDMA_HEAP_GRANULE;
	shift = class / 4 - 1;
	return ((size_t)(class % 4 + 5) << shift) * HPDMA_HEAP_GRANULE;
}

/* Free memory is in bins by length, eight for each doubling. */
static inline unsigned int hpdma_heap_bin_of(uint64_t units)
{
	unsigned int shift;

	if (units < 8)
		return (unsigned int)units;
	shift = 60 - (unsigned int)__builtin_clzll(units);
	return 8 * shift + (unsigned int)(units >> shift);
}

/* The first bin that is not empty and in which all have @units; or too high. */
static inline unsigned int hpdma_heap_bin_from(const uint64_t *bits,
					       uint64_t units)
{
	unsigned int bin, word;
	uint64_t found;

	if (units >= 8)
		units += (1ull << (60 - __builtin_clzll(units))) - 1;
	bin = hpdma_heap_bin_of(units);
	if (bin >= HPDMA_HEAP_BINS)
		return HPDMA_HEAP_BINS;
	word = bin / 64;
	found = bits[word] & (~0ull << (bin % 64));
	while (!found && ++word < HPDMA_HEAP_BINS / 64)
		found = bits[word];
	return found ? word * 64 + (unsigned int)__builtin_ctzll(found) :
		       HPDMA_HEAP_BINS;
}

static inline uint64_t hpdma_heap_root(const void *ptr)
{
	return (uintptr_t)ptr >> (HPDMA_HEAP_SLAB_SHIFT + HPDMA_HEAP_LEAF_BITS);
}

static inline struct hpdma_heap_slab *hpdma_heap_slab(
	struct hpdma_heap_leaf *leaf, const void *ptr)
{
	return &leaf->slabs[(uintptr_t)ptr >> HPDMA_HEAP_SLAB_SHIFT &
			    ((1 << HPDMA_HEAP_LEAF_BITS) - 1)];
}

/* The leaf for any address, or NULL. */
static inline struct hpdma_heap_leaf *hpdma_heap_leaf_of(
	const struct hpdma_heap *heap, const void *ptr)
{
	uint64_t root = hpdma_heap_root(ptr);

	if (unlikely(root >> HPDMA_HEAP_ROOT_BITS))
		return NULL;
	/*
	 * Acquire, for whoever asks about an address that he was not given: what
	 * leaf and chunk contain was written before they were put here.
	 */
	return atomic_load_explicit(&heap->map[root], memory_order_acquire);
}

/* The chunk of any address, or NULL. */
static inline struct hpdma_heap_chunk *hpdma_heap_chunk_of(
	const struct hpdma_heap *heap, const void *ptr)
{
	struct hpdma_heap_leaf *leaf = hpdma_heap_leaf_of(heap, ptr);

	return likely(leaf) ?
		       atomic_load_explicit(&hpdma_heap_slab(leaf, ptr)->chunk,
					    memory_order_acquire) :
		       NULL;
}

/* The byte of the granule at any address, or NULL. */
static inline uint8_t *hpdma_heap_state_of(struct hpdma_heap_leaf *leaf,
					   const void *ptr)
{
	/* Acquire: as for the chunk, whose bytes it leads to. */
	uintptr_t state =
		atomic_load_explicit(&hpdma_heap_slab(leaf, ptr)->state,
				     memory_order_acquire);

	return likely(state) ? (uint8_t *)(state + ((uintptr_t)ptr >>
						    HPDMA_HEAP_GRANULE_SHIFT)) :
			       NULL;
}

/*
 * Relaxed: a byte goes with its block, and who hands a block to another thread
 * orders that himself; the heap does it by its lock.
 */
static inline uint8_t hpdma_heap_state_get(const uint8_t *state)
{
	return __atomic_load_n(state, __ATOMIC_RELAXED);
}

static inline void hpdma_heap_state_set(uint8_t *state, uint8_t value)
{
	__atomic_store_n(state, value, __ATOMIC_RELAXED);
}

static inline uint64_t hpdma_heap_index(const struct hpdma_heap_page *page)
{
	return (uint64_t)(page - page->chunk->pages);
}

static inline char *hpdma_heap_page_ptr(const struct hpdma_heap_page *page)
{
	return page->chunk->base +
	       (hpdma_heap_index(page) << HPDMA_HEAP_PAGE_SHIFT);
}

static inline struct hpdma_heap_page *hpdma_heap_page_of(
	const struct hpdma_heap_chunk *chunk, const char *ptr)
{
	return &chunk->pages[(uint64_t)(ptr - chunk->base) >>
			     HPDMA_HEAP_PAGE_SHIFT];
}

static inline uint64_t hpdma_heap_pages(uint64_t bytes)
{
	return (bytes + HPDMA_HEAP_PAGE - 1) >> HPDMA_HEAP_PAGE_SHIFT;
}

/* Lists of pages, linked both ways. */
static inline void hpdma_heap_push(struct hpdma_heap_page **list,
				   struct hpdma_heap_page *page)
{
	page->prev = NULL;
	page->next = *list;
	if (*list)
		(*list)->prev = page;
	*list = page;
}

static inline void hpdma_heap_remove(struct hpdma_heap_page **list,
				     struct hpdma_heap_page *page)
{
	if (page->next)
		page->next->prev = page->prev;
	if (page->prev)
		page->prev->next = page->next;
	else
		*list = page->next;
}

/* heap_create.c: lets the last one free what is left of a destroyed heap. */
void hpdma_heap_put(struct hpdma_heap *heap);

#endif /* HPDMA_SRC_HEAP_H */
