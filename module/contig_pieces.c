// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory made of pieces, each a page or a compound page with one reference of
 * ours: chunks of 2 MiB, of which runs of any length are made, and what the page
 * allocator has. A piece goes back when the last reference goes, whoever holds
 * that.
 */
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "backing.h"
#include "contig_pieces.h"
#include "contig_scan.h"
#include "reserve.h"

static void drop_piece(u64 addr)
{
	if (!hpdma_reserve_put(addr))
		put_page(hpdma_page_at(addr));
}

/**
 * hpdma_contig_pieces_drop - give back pieces that were taken
 * @addr: Address of the first
 * @length: Bytes; whole pieces
 */
void hpdma_contig_pieces_drop(u64 addr, u64 length)
{
	u64 end = addr + length, size;

	for (; addr < end; addr += size) {
		size = page_size(hpdma_page_at(addr));
		drop_piece(addr);
		cond_resched();
	}
}

/*
 * Calls @visit for each piece, until it says that it is enough. Return: whether
 * it did.
 */
static bool visit_pieces(const struct hpdma_memory *memory,
			 bool (*visit)(u64 addr))
{
	u64 start = 0, end = 0;
	unsigned int i;

	for (i = 0; i < memory->spans.count; i++) {
		const struct hpdma_span *span = &memory->spans.array[i];
		u64 addr = span->addr;

		/* A boundary may have cut a piece into several spans. */
		if (addr >= start && addr < end)
			addr = end;
		while (addr < span->addr + span->length) {
			start = addr;
			end = addr + page_size(hpdma_page_at(addr));
			if (visit(addr))
				return true;
			addr = end;
		}
	}
	return false;
}

static bool is_held(u64 addr)
{
	return page_count(hpdma_page_at(addr)) > 1;
}

/**
 * hpdma_contig_pieces_are_held - does somebody else hold any of them?
 * @memory: The memory; no area maps it, nor does any id or file hold it
 *
 * Does not sleep.
 */
bool hpdma_contig_pieces_are_held(const struct hpdma_memory *memory)
{
	return visit_pieces(memory, is_held);
}

static bool drop_one(u64 addr)
{
	drop_piece(addr);
	cond_resched();
	return false;
}

/**
 * hpdma_contig_pieces_put - give the pieces back
 * @memory: The memory
 */
void hpdma_contig_pieces_put(struct hpdma_memory *memory)
{
	visit_pieces(memory, drop_one);
}

static int clear(u64 addr, u64 length)
{
	u64 at;

	for (at = 0; at < length; at += PAGE_SIZE) {
		if (at % HPDMA_CHUNK == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		clear_highpage(hpdma_page_at(addr + at));
	}
	return 0;
}

/* The kernel compares the offset of a compound page with the file's end. */
static void set_offsets(const struct hpdma_hunt *hunt, u64 addr, u64 used)
{
	u64 at = 0;

	while (at < used) {
		struct page *page = hpdma_page_at(addr + at);

		hpdma_page_set_index(page, PHYS_PFN(hunt->got + at));
		if (page_size(page) == HPDMA_CHUNK &&
		    used - at >= HPDMA_CHUNK &&
		    IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
			hunt->memory->map_size = HPDMA_CHUNK;
		at += page_size(page);
	}
}

/**
 * hpdma_contig_pieces_add - add pieces to the memory
 * @hunt: The hunt
 * @addr: Address of the first
 * @length: Bytes; not all are used if more were taken than is wanted
 *
 * They are the hunt's, and are dropped if this fails.
 *
 * Return: 0 or -ENOMEM.
 */
int hpdma_contig_pieces_add(struct hpdma_hunt *hunt, u64 addr, u64 length)
{
	u64 used = min(length, hpdma_hunt_left(hunt));
	int ret;

	set_offsets(hunt, addr, used);
	ret = hpdma_memory_add(hunt->memory, hpdma_page_at(addr), used);
	if (ret) {
		hpdma_contig_pieces_drop(addr, length);
		return ret;
	}
	hunt->got += used;
	return 0;
}

/**
 * hpdma_contig_pieces_clear - clear pieces and add them to the memory
 * @hunt: The hunt
 * @addr: Address of the first
 * @length: Bytes, likewise
 *
 * They are the hunt's, and are dropped if this fails.
 *
 * Return: 0, -ENOMEM or -EINTR.
 */
int hpdma_contig_pieces_clear(struct hpdma_hunt *hunt, u64 addr, u64 length)
{
	int ret = clear(addr, min(length, hpdma_hunt_left(hunt)));

	if (ret) {
		hpdma_contig_pieces_drop(addr, length);
		return ret;
	}
	return hpdma_contig_pieces_add(hunt, addr, length);
}
