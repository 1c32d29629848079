/* SPDX-License-Identifier: MIT */
/*
 * Inside of a table of addresses: its granules.
 *
 * A region of pointers (512 MiB) has none or one array of granules, all of one size:
 * the largest power of two, from 2 MiB down to 4 KiB, at which all edges of segments
 * in the region lie. So a granule is all in one segment or in none, and one number,
 * the distance from pointer to address, holds for all of it. Where a new segment
 * needs smaller ones, the array is replaced by a finer one that says the same.
 *
 * Arrays live as long as the table, also those that were replaced: a reader may
 * have one in its hands at any time, and tells nobody. A region is refined nine times
 * at most, and all that was replaced is together smaller than what is there.
 *
 * Writers exclude each other; readers need nothing.
 */
#ifndef HPDMA_SRC_IOVA_H
#define HPDMA_SRC_IOVA_H

#include <stdbool.h>
#include <stdint.h>

#include <hpdma/iova.h>

#define HPDMA_IOVA_PAGE 4096u

struct hpdma_iova_granules;

/**
 * hpdma_iova_prepare() - have granules that suit a segment
 * @table: The table
 * @all: List of all arrays of granules
 * @va: First byte of the segment; a multiple of 4 KiB
 * @length: Its bytes; a multiple of 4 KiB, not 0, up to the last pointer
 *
 * Changes nothing that can be looked up, also if it fails.
 *
 * Return: 0 or -ENOMEM.
 */
int hpdma_iova_prepare(struct hpdma_iova *table,
		       struct hpdma_iova_granules **all, uint64_t va,
		       uint64_t length);

/**
 * hpdma_iova_none() - is nothing of a range in the table?
 * @table: The table
 * @va: First byte; a multiple of 4 KiB
 * @length: Bytes; a multiple of 4 KiB
 *
 * Return: That.
 */
bool hpdma_iova_none(const struct hpdma_iova *table, uint64_t va,
		     uint64_t length);

/**
 * hpdma_iova_set() - give a range its addresses, or take them
 * @table: The table
 * @va: First byte
 * @length: Bytes; granules begin and end where the range does
 * @addr: Address of the first byte, or HPDMA_IOVA_NONE
 */
void hpdma_iova_set(struct hpdma_iova *table, uint64_t va, uint64_t length,
		    uint64_t addr);

/**
 * hpdma_iova_free() - free all arrays of granules
 * @all: List of them
 */
void hpdma_iova_free(struct hpdma_iova_granules *all);

#endif /* HPDMA_SRC_IOVA_H */
