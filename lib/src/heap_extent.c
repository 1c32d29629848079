// SPDX-License-Identifier: MIT
/*
 * Extents. Free ones are in bins by length, eight for each doubling, with a bit for
 * each bin that is not empty: the first one that certainly fits is found by looking
 * at four words. Neighbours are found by the length at both ends.
 */
#include "heap_extent.h"

/* So many extents of a bin that need not fit are looked at when no other is left. */
#define TRIES 16

/* Links a free extent and notes it at both ends. */
static void put_free(struct hpdma_heap *heap, struct hpdma_heap_page *page,
		     uint64_t pages, bool zero)
{
	unsigned int bin = hpdma_heap_bin_of(pages);

	page->pages = page[pages - 1].pages = (uint32_t)pages;
	page->kind = page[pages - 1].kind = HPDMA_HEAP_PAGE_FREE;
	page->zero = zero;
	hpdma_heap_push(&heap->free[bin], page);
	heap->free_bits[bin / 64] |= 1ull << (bin % 64);
}

static void remove_free(struct hpdma_heap *heap, struct hpdma_heap_page *page)
{
	unsigned int bin = hpdma_heap_bin_of(page->pages);

	hpdma_heap_remove(&heap->free[bin], page);
	if (!heap->free[bin])
		heap->free_bits[bin / 64] &= ~(1ull << (bin % 64));
}

static void mark_taken(struct hpdma_heap_page *page, uint64_t pages, bool zero)
{
	page->pages = page[pages - 1].pages = (uint32_t)pages;
	page->kind = page[pages - 1].kind = HPDMA_HEAP_PAGE_TAKEN;
	page->zero = zero;
}

static uint64_t chunk_pages(const struct hpdma_heap_chunk *chunk)
{
	return chunk->length >> HPDMA_HEAP_PAGE_SHIFT;
}

/* The free extent that begins behind @page, or NULL. */
static struct hpdma_heap_page *free_behind(struct hpdma_heap_page *page,
					   uint64_t pages)
{
	struct hpdma_heap_page *next = page + pages;

	if (hpdma_heap_index(page) + pages == chunk_pages(page->chunk) ||
	    next->barrier || next->kind != HPDMA_HEAP_PAGE_FREE)
		return NULL;
	return next;
}

static struct hpdma_heap_page *free_in_front(struct hpdma_heap_page *page)
{
	if (!hpdma_heap_index(page) || page->barrier ||
	    page[-1].kind != HPDMA_HEAP_PAGE_FREE)
		return NULL;
	return page - page[-1].pages;
}

static uint64_t to_barrier(const struct hpdma_heap_chunk *chunk, uint64_t from)
{
	uint64_t to = from + 1;

	while (to < chunk_pages(chunk) && !chunk->pages[to].barrier)
		to++;
	return to - from;
}

void hpdma_heap_extent_plan(struct hpdma_heap_chunk *chunk)
{
	uint64_t i, pages;

	for (i = 0; i < chunk_pages(chunk); i += pages) {
		pages = to_barrier(chunk, i);
		chunk->pages[i].pages = (uint32_t)pages;
		if (pages > chunk->longest)
			chunk->longest = pages;
	}
}

void hpdma_heap_extent_add(struct hpdma_heap *heap,
			   struct hpdma_heap_chunk *chunk)
{
	struct hpdma_heap_page *page = chunk->pages;
	uint64_t i, pages;

	for (i = 0; i < chunk_pages(chunk); i += pages) {
		pages = page[i].pages;
		put_free(heap, &page[i], pages, page[i].zero);
	}
}

void hpdma_heap_extent_drop(struct hpdma_heap *heap,
			    struct hpdma_heap_chunk *chunk)
{
	uint64_t i;

	for (i = 0; i < chunk_pages(chunk); i += chunk->pages[i].pages)
		remove_free(heap, &chunk->pages[i]);
}

/* Pages to pass over from @page on to the next one that is aligned. */
static uint64_t skip(const struct hpdma_heap_page *page, uint64_t align)
{
	uint64_t number = (uintptr_t)hpdma_heap_page_ptr(page) >>
			  HPDMA_HEAP_PAGE_SHIFT;

	return -number & (align - 1);
}

static bool fits(const struct hpdma_heap_page *page, uint64_t pages,
		 uint64_t align)
{
	return skip(page, align) + pages <= page->pages;
}

/*
 * An extent in which @pages fit aligned, still linked, out of those that have @room:
 * one of a bin in which all have it, or one that happens to.
 */
static struct hpdma_heap_page *find(struct hpdma_heap *heap, uint64_t room,
				    uint64_t pages, uint64_t align)
{
	unsigned int bin, tries = 0;
	struct hpdma_heap_page *page;

	bin = hpdma_heap_bin_from(heap->free_bits, room);
	if (bin < HPDMA_HEAP_BINS && fits(heap->free[bin], pages, align))
		return heap->free[bin];
	page = heap->free[hpdma_heap_bin_of(room)];
	for (; page && tries < TRIES; page = page->next, tries++) {
		if (fits(page, pages, align))
			return page;
	}
	return NULL;
}

/* The kept chunk is not to be given back any more. */
static void note_use(struct hpdma_heap *heap, struct hpdma_heap_chunk *chunk,
		     uint64_t pages)
{
	chunk->used += pages;
	if (heap->kept == chunk)
		heap->kept = NULL;
}

struct hpdma_heap_page *hpdma_heap_extent_take(struct hpdma_heap *heap,
					       uint64_t pages, uint64_t align)
{
	struct hpdma_heap_page *page = find(heap, pages, pages, align);
	uint64_t front, behind;
	bool zero;

	if (!page && align > 1)
		page = find(heap, pages + align - 1, pages, align);
	if (!page)
		return NULL;

	remove_free(heap, page);
	zero = page->zero;
	front = skip(page, align);
	behind = page->pages - front - pages;
	if (front)
		put_free(heap, page, front, zero);
	page += front;
	if (behind)
		put_free(heap, page + pages, behind, zero);
	mark_taken(page, pages, zero);
	note_use(heap, page->chunk, pages);
	return page;
}

void hpdma_heap_extent_give(struct hpdma_heap *heap,
			    struct hpdma_heap_page *page)
{
	struct hpdma_heap_page *other;
	uint64_t pages = page->pages;

	page->chunk->used -= pages;
	other = free_behind(page, pages);
	if (other) {
		remove_free(heap, other);
		pages += other->pages;
	}
	other = free_in_front(page);
	if (other) {
		remove_free(heap, other);
		pages += other->pages;
		page = other;
	}
	/* Nobody says that the block that was there is zero. */
	put_free(heap, page, pages, false);
}

bool hpdma_heap_extent_resize(struct hpdma_heap *heap,
			      struct hpdma_heap_page *page, uint64_t pages)
{
	uint64_t old = page->pages, got;
	struct hpdma_heap_page *next;
	uint8_t kind = page->kind;
	bool zero;

	if (pages < old) {
		/* Pages in the middle say what they were long ago. */
		page[pages - 1].kind = kind;
		mark_taken(page + pages, old - pages, false);
		hpdma_heap_extent_give(heap, page + pages);
	} else if (pages > old) {
		next = free_behind(page, old);
		if (!next || old + next->pages < pages)
			return false;
		remove_free(heap, next);
		got = old + next->pages;
		zero = next->zero;
		if (got > pages)
			put_free(heap, page + pages, got - pages, zero);
		note_use(heap, page->chunk, pages - old);
	}
	mark_taken(page, pages, false);
	page->kind = page[pages - 1].kind = kind;
	return true;
}
