/* SPDX-License-Identifier: MIT */
/*
 * Directories in which files of memory can have a name.
 */
#ifndef HPDMA_SRC_PLACES_H
#define HPDMA_SRC_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys.h"

/* One for ordinary pages, and some mounts of hugetlbfs. */
#define HPDMA_PLACES 8
#define HPDMA_PLACE_PATH 192

/* Magic numbers of the file systems of memory. */
#define HPDMA_FS_TMPFS 0x01021994u
#define HPDMA_FS_HUGETLBFS 0x958458f6u

/**
 * struct hpdma_place - a directory
 * @path: Its path
 * @device: Of its file system
 * @page_size: Of its file system, in bytes
 * @huge: It is of hugetlbfs
 */
struct hpdma_place {
	char path[HPDMA_PLACE_PATH];
	uint64_t device;
	uint64_t page_size;
	bool huge;
};

/**
 * struct hpdma_places - all directories there are
 * @count: How many
 * @prefix: What the names of our files begin with: tells containers apart that
 *	share a directory
 * @place: The directories; ordinary pages first
 */
struct hpdma_places {
	size_t count;
	char prefix[40];
	struct hpdma_place place[HPDMA_PLACES];
};

/**
 * hpdma_places_find() - look where names can be
 * @sys: System calls
 * @places: Filled; has none if this system allows no names
 */
void hpdma_places_find(const struct hpdma_sys *sys,
		       struct hpdma_places *places);

#endif /* HPDMA_SRC_PLACES_H */
