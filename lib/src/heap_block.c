// SPDX-License-Identifier: MIT
/*
 * Blocks: allocating, freeing, and what is known of one. The first lines of
 * hpdma_heap_malloc() and hpdma_heap_free() are all that mostly runs.
 */
#include <errno.h>
#include <string.h>

#include "annotate.h"
#include "heap_check.h"
#include "heap_shared.h"
#include "heap_slab.h"
#include "heap_thread.h"

/**
 * struct block - what is known of a block in use
 * @chunk: Where it lies
 * @slot: Its address and its byte
 * @state: What the byte says
 * @length: All of its memory
 * @usable: What the caller may use
 */
struct block {
	struct hpdma_heap_chunk *chunk;
	struct hpdma_heap_slot slot;
	uint8_t state;
	size_t length;
	size_t usable;
};

static bool is_slow(const struct hpdma_heap *heap)
{
	return __atomic_load_n(&heap->slow, __ATOMIC_RELAXED);
}

/* Nobody may call, but whoever does can be told as long as the struct is there. */
static bool is_dead(struct hpdma_heap *heap)
{
	if (!__atomic_load_n(&heap->dead, __ATOMIC_RELAXED))
		return false;
	hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_USE_AFTER_FREE, heap,
			  NULL);
	return true;
}

/* What the CPU may touch of a block from now on. */
static void annotate(char *ptr, size_t length, size_t usable)
{
	hpdma_asan_poison(ptr, length);
	hpdma_asan_unpoison(ptr, usable);
}

static size_t small_length(uint8_t state)
{
	return hpdma_heap_class_size((state & HPDMA_HEAP_CLASS) - 1u);
}

static bool take(struct hpdma_heap *heap, size_t alignment, size_t length,
		 struct block *block, bool *zero, bool *freed)
{
	unsigned int class;
	uint8_t old;

	*freed = false;
	if (length <= HPDMA_HEAP_SMALL && alignment <= HPDMA_HEAP_PAGE) {
		/*
		 * The size of a class has all powers of two that any size
		 * rounded up to it has: spans begin at pages, so it is aligned.
		 */
		class = hpdma_heap_class(length);
		if (hpdma_heap_cache_take(heap, class, &block->slot)) {
			old = hpdma_heap_state_get(block->slot.state);
			*zero = old & HPDMA_HEAP_ZERO;
			*freed = old && !*zero;
			block->state = (uint8_t)(HPDMA_HEAP_LIVE | (class + 1));
			block->length = hpdma_heap_class_size(class);
			return true;
		}
	}
	/* A span takes more than a small heap may have left. */
	if (!hpdma_heap_large_take(heap, length, alignment, &block->slot, zero))
		return false;
	block->state = HPDMA_HEAP_LIVE | HPDMA_HEAP_LARGE;
	block->length = hpdma_heap_pages(length) << HPDMA_HEAP_PAGE_SHIFT;
	return true;
}

static void *failed(struct hpdma_heap *heap)
{
	atomic_fetch_add_explicit(&heap->failures, 1, memory_order_relaxed);
	return NULL;
}

static void check_filling(struct hpdma_heap *heap, char *ptr, size_t length)
{
	hpdma_vg_defined(ptr, length);
	if (!hpdma_heap_filled(ptr, length))
		hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_USE_AFTER_FREE,
				  ptr, NULL);
	hpdma_vg_undefined(ptr, length);
}

static void *alloc(struct hpdma_heap *heap, size_t alignment, size_t size,
		   bool clear, const char *tag)
{
	size_t guard = 0, most = SIZE_MAX / 4, length;
	struct block block;
	bool zero, freed;
	char *ptr;

	if (is_dead(heap) || alignment & (alignment - 1))
		return NULL;
	size += !size;
	if (alignment < HPDMA_HEAP_GRANULE)
		alignment = HPDMA_HEAP_GRANULE;
	if (size > most || alignment > most)
		return failed(heap);
	if (heap->shared) {
		ptr = hpdma_heap_shared_take(heap, alignment, size, tag);
		if (ptr && clear)
			memset(ptr, 0, size);
		return ptr;
	}

	if (heap->flags & HPDMA_HEAP_GUARD)
		guard = HPDMA_HEAP_GUARD_LENGTH;
	length = (size + guard + alignment - 1) & ~(alignment - 1);
	if (!take(heap, alignment, length, &block, &zero, &freed))
		return failed(heap);
	ptr = block.slot.ptr;

	hpdma_vg_alloc(heap, ptr, block.length);
	hpdma_asan_unpoison(ptr, block.length);
	if (freed && heap->flags & HPDMA_HEAP_CHECKED)
		check_filling(heap, ptr, block.length);
	if (clear && !zero)
		memset(ptr, 0, block.length);
	if (clear)
		hpdma_vg_defined(ptr, block.length);
	if (guard)
		hpdma_heap_guard_set(ptr, block.length, size);
	annotate(ptr, block.length, size);
	if (hpdma_heap_tag_set(heap, hpdma_heap_chunk_of(heap, ptr), ptr, tag))
		block.state |= HPDMA_HEAP_TAGGED;
	hpdma_heap_state_set(block.slot.state, block.state);
	return ptr;
}

void *hpdma_heap_malloc(struct hpdma_heap *heap, size_t size)
{
	struct hpdma_heap_cache *cache = hpdma_heap_cache_recent(heap);
	struct hpdma_heap_slot *slot;
	struct hpdma_heap_bin *bin;
	unsigned int class;
	uint32_t count;

	if (unlikely(!cache || size > HPDMA_HEAP_SMALL || is_slow(heap)))
		return alloc(heap, 0, size, false, NULL);
	class = hpdma_heap_class(size);
	bin = &cache->bins[class];
	count = bin->count;
	if (unlikely(!count))
		return alloc(heap, 0, size, false, NULL);
	slot = &bin->slots[--count];
	hpdma_heap_bin_count(bin, count);
	hpdma_heap_state_set(slot->state,
			     (uint8_t)(HPDMA_HEAP_LIVE | (class + 1)));
	hpdma_vg_alloc(heap, slot->ptr, hpdma_heap_class_size(class));
	hpdma_asan_unpoison(slot->ptr, size + !size);
	return slot->ptr;
}

void *hpdma_heap_zmalloc(struct hpdma_heap *heap, size_t size)
{
	return alloc(heap, 0, size, true, NULL);
}

void *hpdma_heap_calloc(struct hpdma_heap *heap, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return failed(heap);
	return alloc(heap, 0, bytes, true, NULL);
}

void *hpdma_heap_aligned(struct hpdma_heap *heap, size_t alignment, size_t size)
{
	return alloc(heap, alignment, size, false, NULL);
}

void *hpdma_heap_tagged(struct hpdma_heap *heap, size_t alignment, size_t size,
			const char *tag)
{
	return alloc(heap, alignment, size, false, tag);
}

/* Finds a block in use, or tells what is wrong. */
static bool find(struct hpdma_heap *heap, void *ptr, struct block *block)
{
	uint32_t kind = HPDMA_MISUSE_FOREIGN;
	uint64_t offset;

	if (is_dead(heap))
		return false;
	block->chunk = hpdma_heap_chunk_of(heap, ptr);
	if (!block->chunk)
		goto misuse;
	offset = (uint64_t)((char *)ptr - block->chunk->base);
	if (offset % HPDMA_HEAP_GRANULE)
		goto misuse;
	block->slot.ptr = ptr;
	block->slot.state =
		&block->chunk->state[offset >> HPDMA_HEAP_GRANULE_SHIFT];
	block->state = hpdma_heap_state_get(block->slot.state);
	if (!(block->state & HPDMA_HEAP_LIVE)) {
		if (block->state && !(block->state & HPDMA_HEAP_ZERO))
			kind = HPDMA_MISUSE_DOUBLE_FREE;
		goto misuse;
	}

	if ((block->state & HPDMA_HEAP_CLASS) == HPDMA_HEAP_LARGE)
		block->length =
			(size_t)hpdma_heap_page_of(block->chunk, ptr)->pages
			<< HPDMA_HEAP_PAGE_SHIFT;
	else
		block->length = small_length(block->state);
	block->usable = block->length;
	return true;

misuse:
	hpdma_misuse_tell(&heap->misuse, kind, ptr, NULL);
	return false;
}

static const char *tag_of(struct hpdma_heap *heap, const struct block *block)
{
	return hpdma_heap_tag_of(heap, block->chunk, block->slot.ptr,
				 block->state);
}

/* Finds out what the caller asked for; tells if he wrote behind it. */
static bool look_at_guard(struct hpdma_heap *heap, struct block *block)
{
	bool whole;

	if (!(heap->flags & HPDMA_HEAP_GUARD))
		return true;
	hpdma_asan_unpoison(block->slot.ptr, block->length);
	whole = hpdma_heap_guard_get(block->slot.ptr, block->length,
				     &block->usable);
	if (!whole) {
		hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_OVERRUN,
				  block->slot.ptr, tag_of(heap, block));
		return false;
	}
	annotate(block->slot.ptr, block->length, block->usable);
	return true;
}

/* Not inlined, so that who does without it needs no frame */
static __attribute__((noinline)) void free_slowly(struct hpdma_heap *heap,
						  void *ptr)
{
	bool checked = heap->flags & HPDMA_HEAP_CHECKED, large;
	struct block block;
	uint8_t freed;

	if (heap->shared && !is_dead(heap)) {
		hpdma_heap_shared_give(heap, ptr);
		return;
	}
	if (!find(heap, ptr, &block) || !look_at_guard(heap, &block))
		return;
	freed = block.state & HPDMA_HEAP_CLASS;
	large = freed == HPDMA_HEAP_LARGE;
	/* Relaxed: one of two threads sees LIVE, and nothing else matters. */
	if (!checked && !large) {
		hpdma_heap_state_set(block.slot.state, freed);
	} else if (!(__atomic_exchange_n(block.slot.state, freed,
					 __ATOMIC_RELAXED) &
		     HPDMA_HEAP_LIVE)) {
		hpdma_misuse_tell(&heap->misuse, HPDMA_MISUSE_DOUBLE_FREE, ptr,
				  NULL);
		return;
	}
	if (checked && !large) {
		hpdma_asan_unpoison(ptr, block.length);
		hpdma_heap_fill(ptr, block.length);
	}
	hpdma_vg_free(heap, ptr);
	hpdma_asan_poison(ptr, block.length);
	if (large)
		hpdma_heap_large_give(heap,
				      hpdma_heap_page_of(block.chunk, ptr));
	else
		hpdma_heap_cache_give(heap, freed - 1u, block.slot);
}

void hpdma_heap_free(struct hpdma_heap *heap, void *ptr)
{
	struct hpdma_heap_cache *cache = hpdma_heap_cache_recent(heap);
	struct hpdma_heap_leaf *leaf;
	struct hpdma_heap_bin *bin;
	uint32_t count;
	uint8_t *state, value;

	if (unlikely(!ptr))
		return;
	if (unlikely(!cache || is_slow(heap)))
		goto slow;
	leaf = hpdma_heap_cache_leaf(cache, ptr);
	state = likely(leaf) ? hpdma_heap_state_of(leaf, ptr) : NULL;
	if (unlikely(!state))
		goto slow;
	value = hpdma_heap_state_get(state);
	/* What is amiss here, or special, is found out once more there. */
	if (unlikely((uintptr_t)ptr % HPDMA_HEAP_GRANULE ||
		     !(value & HPDMA_HEAP_LIVE)))
		goto slow;
	value &= HPDMA_HEAP_CLASS;
	if (unlikely(value == HPDMA_HEAP_LARGE))
		goto slow;
	bin = &cache->bins[value - 1u];
	count = bin->count;
	if (unlikely(count == bin->room))
		goto slow;
	hpdma_heap_state_set(state, value);
	hpdma_vg_free(heap, ptr);
	hpdma_asan_poison(ptr, small_length(value));
	/*
	 * Atomic only to be stored one by one. Whoever allocates next loads one of
	 * them, and waits longer for half a vector than for a word.
	 */
	__atomic_store_n(&bin->slots[count].ptr, ptr, __ATOMIC_RELAXED);
	__atomic_store_n(&bin->slots[count].state, state, __ATOMIC_RELAXED);
	hpdma_heap_bin_count(bin, count + 1);
	return;
slow:
	free_slowly(heap, ptr);
}

size_t hpdma_heap_usable_size(struct hpdma_heap *heap, void *ptr)
{
	struct block block;

	if (!ptr)
		return 0;
	if (heap->shared && !is_dead(heap))
		return hpdma_heap_shared_length(heap, ptr);
	if (!find(heap, ptr, &block) || !look_at_guard(heap, &block))
		return 0;
	/* Whoever asks is going to use it. */
	hpdma_asan_unpoison(ptr, block.usable);
	return block.usable;
}

/* Whether a block can stay where it is with its new size. */
static bool stays(struct hpdma_heap *heap, struct block *block, size_t size)
{
	size_t old = block->length;

	/* Guards and fillings are made by allocating and freeing only. */
	if (is_slow(heap) || size > SIZE_MAX / 4)
		return false;
	if ((block->state & HPDMA_HEAP_CLASS) != HPDMA_HEAP_LARGE)
		return size <= HPDMA_HEAP_SMALL &&
		       hpdma_heap_class(size) + 1u ==
			       (block->state & HPDMA_HEAP_CLASS);
	if (size <= HPDMA_HEAP_SMALL && size < old / 2)
		return false;
	block->length = hpdma_heap_pages(size) << HPDMA_HEAP_PAGE_SHIFT;
	/* It becomes shorter in any case, and then others may have the rest. */
	if (block->length < old) {
		hpdma_asan_poison(block->slot.ptr + block->length,
				  old - block->length);
		hpdma_vg_nobody(block->slot.ptr + block->length,
				old - block->length);
	}
	if (!hpdma_heap_large_resize(heap,
				     hpdma_heap_page_of(block->chunk,
							block->slot.ptr),
				     size))
		return false;
	hpdma_vg_resize(heap, block->slot.ptr, old, block->length);
	return true;
}

void *hpdma_heap_realloc(struct hpdma_heap *heap, void *ptr, size_t size)
{
	const char *tag = NULL;
	struct block block;
	size_t usable;
	void *moved;

	if (!ptr)
		return hpdma_heap_malloc(heap, size);
	size += !size;
	if (heap->shared && !is_dead(heap)) {
		char copy[32];

		usable = hpdma_heap_shared_length(heap, ptr);
		if (!usable || size <= usable)
			return usable ? ptr : NULL;
		hpdma_heap_shared_tag(heap, ptr, copy);
		moved = alloc(heap, 0, size, false, *copy ? copy : NULL);
	} else {
		if (!find(heap, ptr, &block) || !look_at_guard(heap, &block))
			return NULL;
		if (stays(heap, &block, size)) {
			annotate(ptr, block.length, size);
			return ptr;
		}
		usable = block.usable;
		hpdma_asan_unpoison(ptr, usable);
		tag = tag_of(heap, &block);
		moved = alloc(heap, 0, size, false, tag);
	}
	if (!moved)
		return NULL;
	memcpy(moved, ptr, size < usable ? size : usable);
	hpdma_heap_free(heap, ptr);
	return moved;
}

int hpdma_heap_iova(struct hpdma_heap *heap, const void *ptr, uint64_t *addr,
		    enum hpdma_kind *kind)
{
	struct hpdma_heap_chunk *chunk;
	uint64_t offset, slab;

	if (is_dead(heap) || !heap->device)
		return -EOPNOTSUPP;
	chunk = hpdma_heap_chunk_of(heap, ptr);
	if (!chunk)
		return -EFAULT;
	offset = (uint64_t)((const char *)ptr - chunk->base);
	slab = chunk->iova[offset >> HPDMA_HEAP_SLAB_SHIFT];
	if (slab == UINT64_MAX)
		return hpdma_dma_addr_at(chunk->dma, chunk->offset + offset,
					 addr, NULL, kind);
	*addr = slab + offset % HPDMA_HEAP_SLAB;
	*kind = chunk->kind;
	return 0;
}

/* Whether the guard of a block of hpdma_heap_walk() is whole. */
static int check_one(const struct hpdma_heap_block *shown, void *arg)
{
	struct hpdma_heap *heap = ((void **)arg)[0];
	size_t *broken = ((void **)arg)[1];
	struct block block;

	if (find(heap, shown->ptr, &block) && !look_at_guard(heap, &block))
		++*broken;
	return 0;
}

size_t hpdma_heap_check(struct hpdma_heap *heap)
{
	size_t broken = 0;
	void *arg[2] = { heap, &broken };

	if (is_dead(heap))
		return 0;
	if (heap->shared)
		return hpdma_heap_shared_check(heap) ? 1 : 0;
	if (heap->flags & HPDMA_HEAP_GUARD)
		hpdma_heap_walk(heap, check_one, arg);
	return broken;
}
