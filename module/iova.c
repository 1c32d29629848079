// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVAs that callers choose: which there are, which are in use, and where pages
 * of the IOMMU end. The kernel checks none of this: it maps what is asked for over
 * what is there. Pure: KUnit tests it directly.
 */
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "iova.h"

static void append(struct hpdma_iova_regions *regions, u64 first, u64 last,
		   bool reserved)
{
	struct hpdma_iova_region *end = regions->array + regions->count;

	/* Usable ones never meet. */
	if (reserved && regions->count && end[-1].reserved) {
		end[-1].last = last;
		return;
	}
	*end = (struct hpdma_iova_region){
		.first = first,
		.last = last,
		.reserved = reserved,
	};
	regions->count++;
}

/* The lowest of those that do not end below an address, or NULL. */
static const struct hpdma_iova_region *lowest(
	const struct hpdma_iova_region *array, unsigned int count, u64 addr)
{
	const struct hpdma_iova_region *found = NULL;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (array[i].last >= addr &&
		    (!found || array[i].first < found->first))
			found = &array[i];
	return found;
}

/**
 * hpdma_iova_divide - tell usable addresses from reserved ones
 * @regions: Empty, with room for 2 * @count + 1
 * @first: First address there is
 * @last: Last address there is
 * @reserved: What is reserved, in any order; may overlap, and lie beyond
 * @count: How many these are
 */
void hpdma_iova_divide(struct hpdma_iova_regions *regions, u64 first, u64 last,
		       const struct hpdma_iova_region *reserved,
		       unsigned int count)
{
	for (;;) {
		const struct hpdma_iova_region *next =
			lowest(reserved, count, first);
		u64 end;

		if (!next || next->first > last) {
			append(regions, first, last, false);
			return;
		}
		if (next->first > first)
			append(regions, first, next->first - 1, false);
		end = min(next->last, last);
		append(regions, max(next->first, first), end, true);
		if (end == last)
			return;
		first = end + 1;
	}
}

/**
 * hpdma_iova_usable - does a range lie in one usable region?
 * @regions: The regions
 * @first: First address
 * @last: Last address, not below @first
 */
bool hpdma_iova_usable(const struct hpdma_iova_regions *regions, u64 first,
		       u64 last)
{
	unsigned int i;

	for (i = 0; i < regions->count; i++) {
		const struct hpdma_iova_region *region = &regions->array[i];

		if (first >= region->first && last <= region->last)
			return !region->reserved;
	}
	return false;
}

static struct hpdma_iova_range *range_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct hpdma_iova_range, node);
}

/**
 * hpdma_iova_add - use a range
 * @used: The tree of those in use
 * @range: With its addresses and owner filled in
 *
 * Return: false if some of it is in use, and nothing was done.
 */
bool hpdma_iova_add(struct rb_root *used, struct hpdma_iova_range *range)
{
	struct rb_node **link = &used->rb_node, *parent = NULL;

	while (*link) {
		struct hpdma_iova_range *other = range_of(*link);

		parent = *link;
		if (range->last < other->first)
			link = &parent->rb_left;
		else if (range->first > other->last)
			link = &parent->rb_right;
		else
			return false;
	}
	rb_link_node(&range->node, parent, link);
	rb_insert_color(&range->node, used);
	return true;
}

/**
 * hpdma_iova_find - the lowest range of an owner's
 * @used: The tree
 * @first: It does not end below this address
 * @last: Nor does it begin above this one
 * @owner: Whose it is
 *
 * Return: the range, or NULL.
 */
struct hpdma_iova_range *hpdma_iova_find(const struct rb_root *used, u64 first,
					 u64 last, const void *owner)
{
	struct hpdma_iova_range *range = range_of(used->rb_node);
	struct hpdma_iova_range *found = NULL;

	while (range) {
		if (range->last >= first) {
			found = range;
			range = range_of(range->node.rb_left);
		} else {
			range = range_of(range->node.rb_right);
		}
	}
	/* Others may have got what the owner has given back. */
	while (found && found->first <= last && found->owner != owner)
		found = range_of(rb_next(&found->node));
	return found && found->first <= last ? found : NULL;
}

/**
 * hpdma_iova_cut - give back a part of a range
 * @used: The tree
 * @range: In the tree
 * @first: First address of the part
 * @last: Last address of it; the part lies inside
 * @spare: A range to be used, and then set to NULL, if two are left
 *
 * Return: true if nothing is left of @range: it is out of the tree.
 */
bool hpdma_iova_cut(struct rb_root *used, struct hpdma_iova_range *range,
		    u64 first, u64 last, struct hpdma_iova_range **spare)
{
	struct hpdma_iova_range *upper = *spare;

	if (first == range->first && last == range->last) {
		rb_erase(&range->node, used);
		return true;
	}
	if (first == range->first) {
		range->first = last + 1;
		return false;
	}
	if (last == range->last) {
		range->last = first - 1;
		return false;
	}
	upper->owner = range->owner;
	upper->first = last + 1;
	upper->last = range->last;
	range->last = first - 1;
	*spare = NULL;
	hpdma_iova_add(used, upper);
	return false;
}

/* Is a place inside, and not at the edge, of an IOMMU page of this size? */
static bool splits_page(u64 page, u64 iova, u64 phys, u64 length, u64 at)
{
	u64 inside = (iova + at) & (page - 1);

	/* Of such pages are made what is as aligned here as there. */
	if ((iova ^ phys) & (page - 1) || !inside)
		return false;
	return inside <= at && length - at >= page - inside;
}

/**
 * hpdma_iova_splits - would a cut go through a page of the IOMMU?
 * @pages: Page sizes of the IOMMU, ORed
 * @iova: Where a run is mapped
 * @phys: The run
 * @length: Bytes of it
 * @at: Where the cut would be, in bytes from its beginning, and inside
 *
 * A run is mapped in the largest pages that fit. Each aligned piece as long as a
 * page then lies in a page of this size or in a larger one.
 */
bool hpdma_iova_splits(u64 pages, u64 iova, u64 phys, u64 length, u64 at)
{
	for (; pages; pages &= pages - 1)
		if (splits_page(pages & -pages, iova, phys, length, at))
			return true;
	return false;
}
