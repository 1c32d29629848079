// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in a range a run can lie that is aligned and crosses no boundary. Pure:
 * KUnit tests it directly.
 */

#include "place.h"

static u64 align_down(u64 value, u64 alignment)
{
	return value & ~(alignment - 1);
}

/**
 * hpdma_place_below - the highest place for a run
 * @low: First address it may have
 * @end: First address above it
 * @length: Of the run in bytes, not 0
 * @alignment: Of its first address, a power of two
 * @boundary: Power of two of which it must not cross a multiple, not below
 *	@length; 0 for none
 *
 * Return: its first address, or HPDMA_NO_PLACE.
 */
u64 hpdma_place_below(u64 low, u64 end, u64 length, u64 alignment, u64 boundary)
{
	u64 start, last;

	if (end < low || end - low < length)
		return HPDMA_NO_PLACE;
	start = align_down(end - length, alignment);
	last = start + length - 1;
	if (boundary &&
	    align_down(start, boundary) != align_down(last, boundary))
		/*
		 * End at the multiple that it crosses. What is aligned to more
		 * than the boundary crosses none.
		 */
		start = align_down(align_down(last, boundary) - length,
				   alignment);
	return start < low ? HPDMA_NO_PLACE : start;
}
