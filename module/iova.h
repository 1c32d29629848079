/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_IOVA_H
#define HPDMA_IOVA_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct hpdma_spans;

/**
 * struct hpdma_iova_region - a range of IOVAs
 * @first: First address
 * @last: Last address
 * @reserved: 1 if nothing can be mapped there, else 0
 * @__reserved: 0
 */
struct hpdma_iova_region {
	u64 first;
	u64 last;
	u32 reserved;
	u32 __reserved;
};

/**
 * struct hpdma_iova_regions - what there is to choose from
 * @array: The regions: ascending, no two overlap
 * @count: How many there are
 */
struct hpdma_iova_regions {
	struct hpdma_iova_region *array;
	unsigned int count;
};

/**
 * struct hpdma_iova_range - IOVAs that are in use
 * @node: In the tree of the domain
 * @owner: Whose they are
 * @first: First address
 * @last: Last address
 */
struct hpdma_iova_range {
	struct rb_node node;
	const void *owner;
	u64 first;
	u64 last;
};

void hpdma_iova_divide(struct hpdma_iova_regions *regions, u64 first, u64 last,
		       const struct hpdma_iova_region *reserved,
		       unsigned int count);
bool hpdma_iova_usable(const struct hpdma_iova_regions *regions, u64 first,
		       u64 last);

bool hpdma_iova_add(struct rb_root *used, struct hpdma_iova_range *range);
struct hpdma_iova_range *hpdma_iova_find(const struct rb_root *used, u64 first,
					 u64 last, const void *owner);
bool hpdma_iova_cut(struct rb_root *used, struct hpdma_iova_range *range,
		    u64 first, u64 last, struct hpdma_iova_range **spare);

bool hpdma_iova_splits(u64 pages, u64 iova, u64 phys, u64 length, u64 at);

#endif
