// SPDX-License-Identifier: MIT
/*
 * Spans, and blocks that are extents. Whoever asks for memory that is not there takes
 * it from the system with the lock released, and asks again.
 */
#include "heap_chunk.h"
#include "heap_extent.h"
#include "heap_slab.h"

/* Nor do other threads take what was just taken from the system for ever. */
#define TRIES 8

/* Not above 64, so that one word has a bit for each page of a span. */
static uint32_t span_pages(unsigned int class)
{
	return hpdma_heap_class_size(class) <= HPDMA_HEAP_PAGE ? 16 : 64;
}

/* Cuts a taken extent into blocks. Nobody else knows of it yet. */
static void span_cut(struct hpdma_heap_page *page, unsigned int class)
{
	uint8_t *state = page->chunk->state;
	uint64_t granules = hpdma_heap_class_size(class) / HPDMA_HEAP_GRANULE;
	uint64_t per_page = HPDMA_HEAP_PAGE / HPDMA_HEAP_GRANULE;
	uint64_t first = hpdma_heap_index(page) * per_page, g, i;
	uint64_t end = page->pages * per_page;
	uint8_t value = 0;

	if (page->zero)
		value = (uint8_t)(HPDMA_HEAP_ZERO | (class + 1));
	page->any = 0;
	page->total = 0;
	for (i = 0; i < page->pages; i++) {
		page[i].free = 0;
		page[i].head = (uint32_t)hpdma_heap_index(page);
	}
	for (g = 0; g + granules <= end; g += granules) {
		hpdma_heap_state_set(&state[first + g], value);
		page[g / per_page].free |= 1ull << (g % per_page);
		page->any |= 1ull << (g / per_page);
		page->total++;
	}
	page->blocks = page->total;
}

static void span_kind(struct hpdma_heap_page *page, uint8_t kind)
{
	page->kind = page[page->pages - 1].kind = kind;
}

/* A block of a span that has one. */
static struct hpdma_heap_slot span_pop(struct hpdma_heap_page *page)
{
	unsigned int at = (unsigned int)__builtin_ctzll(page->any);
	unsigned int granule = (unsigned int)__builtin_ctzll(page[at].free);
	struct hpdma_heap_chunk *chunk = page->chunk;
	uint64_t offset =
		((hpdma_heap_index(page) + at) << HPDMA_HEAP_PAGE_SHIFT) +
		granule * HPDMA_HEAP_GRANULE;

	page[at].free &= page[at].free - 1;
	if (!page[at].free)
		page->any &= ~(1ull << at);
	page->blocks--;
	return (struct hpdma_heap_slot){
		.ptr = chunk->base + offset,
		.state = &chunk->state[offset >> HPDMA_HEAP_GRANULE_SHIFT],
	};
}

static uint32_t take_partial(struct hpdma_heap *heap, unsigned int class,
			     struct hpdma_heap_slot *slots, uint32_t want)
{
	struct hpdma_heap_page *page;
	uint32_t got = 0;

	while (got < want && (page = heap->partial[class])) {
		if (heap->empty[class] == page)
			heap->empty[class] = NULL;
		while (got < want && page->blocks)
			slots[got++] = span_pop(page);
		if (!page->blocks)
			hpdma_heap_remove(&heap->partial[class], page);
	}
	heap->out[class] += got;
	return got;
}

uint32_t hpdma_heap_span_take(struct hpdma_heap *heap, unsigned int class,
			      struct hpdma_heap_slot *slots, uint32_t want)
{
	uint32_t pages = span_pages(class), got;
	struct hpdma_heap_page *page;

	pthread_mutex_lock(&heap->lock);
	while (!(got = take_partial(heap, class, slots, want))) {
		page = hpdma_heap_extent_take(heap, pages, 1);
		pthread_mutex_unlock(&heap->lock);
		if (page) {
			span_cut(page, class);
		} else if (hpdma_heap_grow(heap, pages * HPDMA_HEAP_PAGE, 1,
					   NULL)) {
			return 0;
		}
		pthread_mutex_lock(&heap->lock);
		if (page) {
			span_kind(page, HPDMA_HEAP_PAGE_SPAN);
			/* Neighbours look at the word that contains this. */
			page->class = (uint8_t) class;
			hpdma_heap_push(&heap->partial[class], page);
			heap->span_pages += pages;
		}
	}
	pthread_mutex_unlock(&heap->lock);
	return got;
}

/* Gives an extent back, and its chunk into @list if that is not needed any more. */
static void give_extent(struct hpdma_heap *heap, struct hpdma_heap_page *page,
			bool keep, struct hpdma_heap_chunk **list)
{
	struct hpdma_heap_chunk *chunk = page->chunk;

	hpdma_heap_extent_give(heap, page);
	chunk = hpdma_heap_chunk_unused(heap, chunk, keep);
	if (chunk) {
		chunk->next = *list;
		*list = chunk;
	}
}

static void give_span(struct hpdma_heap *heap, struct hpdma_heap_page *page,
		      bool keep, struct hpdma_heap_chunk **list)
{
	hpdma_heap_remove(&heap->partial[page->class], page);
	heap->span_pages -= page->pages;
	span_kind(page, HPDMA_HEAP_PAGE_TAKEN);
	give_extent(heap, page, keep, list);
}

static void give_one(struct hpdma_heap *heap, unsigned int class, char *ptr,
		     struct hpdma_heap_chunk **list)
{
	struct hpdma_heap_chunk *chunk = hpdma_heap_chunk_of(heap, ptr);
	struct hpdma_heap_page *page = hpdma_heap_page_of(chunk, ptr);
	struct hpdma_heap_page *head = &chunk->pages[page->head];
	uint64_t offset = (uint64_t)(ptr - hpdma_heap_page_ptr(page));

	page->free |= 1ull << (offset >> HPDMA_HEAP_GRANULE_SHIFT);
	head->any |= 1ull << (page - head);
	if (!head->blocks++)
		hpdma_heap_push(&heap->partial[class], head);
	if (head->blocks < head->total)
		return;
	if (!heap->empty[class])
		heap->empty[class] = head;
	else
		give_span(heap, head, true, list);
}

void hpdma_heap_span_give(struct hpdma_heap *heap, unsigned int class,
			  const struct hpdma_heap_slot *slots, uint32_t count)
{
	struct hpdma_heap_chunk *list = NULL;
	uint32_t i;

	pthread_mutex_lock(&heap->lock);
	if (!heap->dead) {
		heap->out[class] -= count;
		for (i = 0; i < count; i++)
			give_one(heap, class, slots[i].ptr, &list);
	}
	pthread_mutex_unlock(&heap->lock);
	if (unlikely(list))
		hpdma_heap_chunk_free(heap, list);
}

static struct hpdma_heap_page *large_try(struct hpdma_heap *heap,
					 uint64_t pages, uint64_t align)
{
	struct hpdma_heap_page *page;

	pthread_mutex_lock(&heap->lock);
	page = hpdma_heap_extent_take(heap, pages, align);
	if (page) {
		span_kind(page, HPDMA_HEAP_PAGE_LARGE);
		heap->large_blocks++;
		heap->large_pages += pages;
	}
	pthread_mutex_unlock(&heap->lock);
	return page;
}

bool hpdma_heap_large_take(struct hpdma_heap *heap, uint64_t length,
			   uint64_t alignment, struct hpdma_heap_slot *slot,
			   bool *zero)
{
	uint64_t pages = hpdma_heap_pages(length);
	uint64_t align = hpdma_heap_pages(alignment);
	struct hpdma_heap_page *page;
	unsigned int tries;

	if (pages > UINT32_MAX || align > UINT32_MAX)
		return false;
	page = large_try(heap, pages, align);
	/* What was just taken from the system may be gone again, to others. */
	for (tries = 0; !page && tries < TRIES; tries++) {
		/* What is kept for the next time may be what the limit wants. */
		if (hpdma_heap_grow(heap, pages * HPDMA_HEAP_PAGE, alignment,
				    NULL) &&
		    (tries || !hpdma_heap_reclaim(heap)))
			tries = TRIES;
		page = large_try(heap, pages, align);
	}
	if (!page)
		return false;
	slot->ptr = hpdma_heap_page_ptr(page);
	slot->state =
		&page->chunk->state[(uint64_t)(slot->ptr - page->chunk->base) >>
				    HPDMA_HEAP_GRANULE_SHIFT];
	*zero = page->zero;
	return true;
}

void hpdma_heap_large_give(struct hpdma_heap *heap,
			   struct hpdma_heap_page *page)
{
	struct hpdma_heap_chunk *list = NULL;

	pthread_mutex_lock(&heap->lock);
	heap->large_blocks--;
	heap->large_pages -= page->pages;
	give_extent(heap, page, true, &list);
	pthread_mutex_unlock(&heap->lock);
	if (unlikely(list))
		hpdma_heap_chunk_free(heap, list);
}

bool hpdma_heap_large_resize(struct hpdma_heap *heap,
			     struct hpdma_heap_page *page, uint64_t length)
{
	uint64_t pages = hpdma_heap_pages(length), old;
	bool done;

	pthread_mutex_lock(&heap->lock);
	old = page->pages;
	done = hpdma_heap_extent_resize(heap, page, pages);
	if (done)
		heap->large_pages += pages - old;
	pthread_mutex_unlock(&heap->lock);
	return done;
}

uint64_t hpdma_heap_reclaim(struct hpdma_heap *heap)
{
	struct hpdma_heap_chunk *list = NULL, *chunk, *next;
	unsigned int class;

	pthread_mutex_lock(&heap->lock);
	for (class = 0; class < HPDMA_HEAP_CLASSES; class ++) {
		if (!heap->empty[class])
			continue;
		give_span(heap, heap->empty[class], false, &list);
		heap->empty[class] = NULL;
	}
	for (chunk = heap->chunks; chunk; chunk = next) {
		next = chunk->next;
		chunk = hpdma_heap_chunk_unused(heap, chunk, false);
		if (chunk) {
			chunk->next = list;
			list = chunk;
		}
	}
	pthread_mutex_unlock(&heap->lock);
	return hpdma_heap_chunk_free(heap, list);
}
