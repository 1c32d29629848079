// SPDX-License-Identifier: MIT
/*
 * Granules of a table of addresses, and the look-up in them.
 */
#include <errno.h>
#include <stdlib.h>

#include "iova.h"
#include "util.h"

#define POINTER_END (1ull << HPDMA_IOVA_POINTER_BITS)
#define REGION (1ull << HPDMA_IOVA_REGION_BITS)
#define SMALLEST 12
#define LARGEST 21

/* A region's entry is where its granules are, and in the low bits their size. */
#define TAG 63u

/**
 * struct hpdma_iova_granules - the granules of a region
 * @next: In the list of all
 * @space: Has, from the first multiple of 64 bytes on, for each granule: address -
 *	pointer + 1, or 0
 */
struct hpdma_iova_granules {
	struct hpdma_iova_granules *next;
	unsigned char space[];
};

/* The one instance for whoever does not inline it. */
extern inline uint64_t hpdma_iova_of(const struct hpdma_iova *table,
				     const void *ptr);

static unsigned int shift_of(uintptr_t region)
{
	return region & TAG;
}

static uint64_t *entries_of(uintptr_t region)
{
	return (uint64_t *)(region & ~(uintptr_t)TAG);
}

/* Writers read what only writers change. */
static uintptr_t region_of(const struct hpdma_iova *table, uint64_t va)
{
	return __atomic_load_n(&table->root[va >> HPDMA_IOVA_REGION_BITS],
			       __ATOMIC_RELAXED);
}

/* Where the part of [va, end) that lies in the region of @va ends. */
static uint64_t part_end(uint64_t va, uint64_t end)
{
	uint64_t region_end = (va | (REGION - 1)) + 1;

	return end < region_end ? end : region_end;
}

/* The largest granule at which [va, end) begins and ends. */
static unsigned int fitting_shift(uint64_t va, uint64_t end)
{
	unsigned int shift = LARGEST;

	while ((va | end) & ((1ull << shift) - 1))
		shift--;
	return shift;
}

static int refine(struct hpdma_iova *table, struct hpdma_iova_granules **all,
		  uint64_t va, unsigned int shift)
{
	const size_t count = (size_t)1 << (HPDMA_IOVA_REGION_BITS - shift);
	uintptr_t old = region_of(table, va), new;
	struct hpdma_iova_granules *granules;
	size_t i;

	if (old && shift_of(old) <= shift)
		return 0;
	granules =
		calloc(1, sizeof(*granules) + TAG + count * sizeof(uint64_t));
	if (!granules)
		return -ENOMEM;
	granules->next = *all;
	*all = granules;
	new = (((uintptr_t)granules->space + TAG) & ~(uintptr_t)TAG) | shift;
	for (i = 0; old && i < count; i++)
		entries_of(new)[i] =
			entries_of(old)[i >> (shift_of(old) - shift)];
	/* Release: who finds the granules finds what was just written to them. */
	__atomic_store_n(&table->root[va >> HPDMA_IOVA_REGION_BITS], new,
			 __ATOMIC_RELEASE);
	return 0;
}

int hpdma_iova_prepare(struct hpdma_iova *table,
		       struct hpdma_iova_granules **all, uint64_t va,
		       uint64_t length)
{
	uint64_t end = va + length, part;
	int ret;

	for (; va < end; va = part) {
		part = part_end(va, end);
		ret = refine(table, all, va, fitting_shift(va, part));
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Granules need not begin and end where the range does: one that has an address is
 * all in the table, and so is the piece of it that is in the range.
 */
bool hpdma_iova_none(const struct hpdma_iova *table, uint64_t va,
		     uint64_t length)
{
	uint64_t end = va + length, part, i;
	uintptr_t region;

	for (; va < end; va = part) {
		part = part_end(va, end);
		region = region_of(table, va);
		if (!region)
			continue;
		for (i = (va % REGION) >> shift_of(region);
		     i <= ((part - 1) % REGION) >> shift_of(region); i++) {
			if (entries_of(region)[i])
				return false;
		}
	}
	return true;
}

void hpdma_iova_set(struct hpdma_iova *table, uint64_t va, uint64_t length,
		    uint64_t addr)
{
	uint64_t entry = addr == HPDMA_IOVA_NONE ? 0 : addr - va + 1;
	uint64_t end = va + length, part, i;
	uintptr_t region;

	for (; va < end; va = part) {
		part = part_end(va, end);
		region = region_of(table, va);
		/* Relaxed: see hpdma_iova_of(). */
		for (i = (va % REGION) >> shift_of(region);
		     i <= ((part - 1) % REGION) >> shift_of(region); i++)
			__atomic_store_n(&entries_of(region)[i], entry,
					 __ATOMIC_RELAXED);
	}
}

void hpdma_iova_free(struct hpdma_iova_granules *all)
{
	struct hpdma_iova_granules *next;

	for (; all; all = next) {
		next = all->next;
		free(all);
	}
}

/* The entry of a pointer, with where its granule ends; see hpdma_iova_of(). */
static uint64_t look_up(const struct hpdma_iova *table, uint64_t va,
			uint64_t *end)
{
	uintptr_t region;
	unsigned int shift;

	region = __atomic_load_n(&table->root[va >> HPDMA_IOVA_REGION_BITS],
				 __ATOMIC_ACQUIRE);
	if (!region)
		return 0;
	shift = shift_of(region);
	*end = ((va >> shift) + 1) << shift;
	return __atomic_load_n(&entries_of(region)[(va % REGION) >> shift],
			       __ATOMIC_RELAXED);
}

uint64_t hpdma_iova_of_run(const struct hpdma_iova *table, const void *ptr,
			   uint64_t *length)
{
	const uint64_t va = (uintptr_t)ptr, wanted = *length;
	uint64_t entry, next, end;

	*length = 0;
	if (va >= POINTER_END)
		return HPDMA_IOVA_NONE;
	entry = look_up(table, va, &end);
	if (!entry)
		return HPDMA_IOVA_NONE;
	/* The next pointer at the same distance has the next address. */
	while (end - va < wanted && end < POINTER_END) {
		if (look_up(table, end, &next) != entry)
			break;
		end = next;
	}
	*length = end - va < wanted ? end - va : wanted;
	return va + (entry - 1);
}
