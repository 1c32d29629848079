// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory, mapped for a device at addresses that the caller has chosen, all of it
 * in one range, of which parts can be unmapped. Others may then use what these had.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "dmamap_caller.h"

static u64 last_of(const struct hpdma_dmamap_caller *caller)
{
	return caller->iova + caller->length - 1;
}

static int check(const struct hpdma_domain *domain,
		 const struct hpdma_dmamap_caller *caller, u32 *reason)
{
	u64 end;

	if (!PAGE_ALIGNED(caller->iova))
		return -EINVAL;
	if (check_add_overflow(caller->iova, caller->length - 1, &end))
		return -EOVERFLOW;
	if (!hpdma_iova_usable(&domain->regions, caller->iova, end)) {
		*reason = HPDMA_REASON_IOVA_RESERVED;
		return -ERANGE;
	}
	return 0;
}

static int map_runs(const struct hpdma_dmamap_caller *caller,
		    struct hpdma_domain *domain,
		    const struct hpdma_memory *memory, bool read_only)
{
	u64 inside = caller->offset, done = 0, part;
	const struct hpdma_span *run = hpdma_spans_run(&memory->spans, &inside);
	int ret;

	for (; done < caller->length; done += part, run++, inside = 0) {
		part = min(caller->length - done, run->length - inside);
		ret = hpdma_domain_map(domain, caller->iova + done,
				       run->addr + inside, part, read_only);
		if (ret) {
			hpdma_domain_unmap(domain, caller->iova, done);
			return ret;
		}
	}
	return 0;
}

/**
 * hpdma_dmamap_caller_map - let the device reach memory
 * @caller: With its addresses filled in; @length and @offset are checked
 * @domain: The device's domain
 * @memory: Memory with pages, which the caller holds
 * @read_only: The device is not to write
 * @reason: Set where errno does not say enough
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_dmamap_caller_map(struct hpdma_dmamap_caller *caller,
			    struct hpdma_domain *domain,
			    const struct hpdma_memory *memory, bool read_only,
			    u32 *reason)
{
	struct hpdma_iova_range *range;
	int ret;

	ret = check(domain, caller, reason);
	if (ret)
		return ret;
	range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	range->owner = caller;
	range->first = caller->iova;
	range->last = last_of(caller);
	if (!hpdma_iova_add(&domain->used, range)) {
		*reason = HPDMA_REASON_IOVA_USED;
		ret = -EBUSY;
		goto err_range;
	}
	ret = map_runs(caller, domain, memory, read_only);
	if (ret)
		goto err_used;
	caller->domain = domain;
	return 0;

err_used:
	rb_erase(&range->node, &domain->used);
err_range:
	kfree(range);
	return ret;
}

/* With @spare two ranges may be left of one. */
static void unmap(struct hpdma_dmamap_caller *caller, u64 first, u64 last,
		  struct hpdma_iova_range **spare)
{
	struct hpdma_domain *domain = caller->domain;
	struct hpdma_iova_range *range;

	while ((range = hpdma_iova_find(&domain->used, first, last, caller))) {
		u64 from = max(range->first, first);
		u64 to = min(range->last, last);

		hpdma_domain_unmap(domain, from, to - from + 1);
		if (hpdma_iova_cut(&domain->used, range, from, to, spare))
			kfree(range);
		if (to == last)
			break;
		/* What others have in between is passed over but once. */
		first = to + 1;
	}
}

/**
 * hpdma_dmamap_caller_unmap - end the addresses
 * @caller: Mapped
 */
void hpdma_dmamap_caller_unmap(struct hpdma_dmamap_caller *caller)
{
	struct hpdma_iova_range *spare = NULL;

	unmap(caller, caller->iova, last_of(caller), &spare);
	caller->domain = NULL;
}

/* Does a page of the IOMMU lie on both sides of a place in the mapping? */
static bool splits(const struct hpdma_dmamap_caller *caller,
		   const struct hpdma_memory *memory, u64 at)
{
	const struct hpdma_span *run;
	u64 inside, before, after;

	if (at == caller->length)
		return false;
	inside = caller->offset + at;
	run = hpdma_spans_run(&memory->spans, &inside);
	/* As much of the run as is in the mapping. */
	before = min(inside, at);
	after = min(run->length - inside, caller->length - at);
	return hpdma_iova_splits(caller->domain->pages,
				 caller->iova + at - before,
				 run->addr + inside - before, before + after,
				 before);
}

/**
 * hpdma_dmamap_caller_unmap_part - end some of the addresses
 * @caller: Mapped, or what is left of it
 * @memory: The memory
 * @offset: First byte of the part, counted from the first one mapped; checked
 * @length: Bytes of the part, checked
 * @reason: Set where errno does not say enough
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int hpdma_dmamap_caller_unmap_part(struct hpdma_dmamap_caller *caller,
				   const struct hpdma_memory *memory,
				   u64 offset, u64 length, u32 *reason)
{
	struct hpdma_iova_range *spare;
	u64 first = caller->iova + offset;

	if (splits(caller, memory, offset) ||
	    splits(caller, memory, offset + length)) {
		*reason = HPDMA_REASON_IOVA_PAGE;
		return -EINVAL;
	}
	spare = kzalloc(sizeof(*spare), GFP_KERNEL_ACCOUNT);
	if (!spare)
		return -ENOMEM;
	unmap(caller, first, first + length - 1, &spare);
	kfree(spare);
	return 0;
}

/**
 * hpdma_dmamap_caller_addresses - list what is left
 * @caller: Mapped, or what is left of it
 * @addrs: An empty list, to which the addresses are added
 *
 * Return: 0 or -ENOMEM.
 */
int hpdma_dmamap_caller_addresses(const struct hpdma_dmamap_caller *caller,
				  struct hpdma_spans *addrs)
{
	const struct rb_root *used = &caller->domain->used;
	const struct hpdma_iova_range *range;
	u64 last = last_of(caller), first = caller->iova;
	int ret;

	while ((range = hpdma_iova_find(used, first, last, caller))) {
		ret = hpdma_spans_add(addrs, range->first,
				      range->last - range->first + 1);
		if (ret)
			return ret;
		if (range->last == last)
			break;
		first = range->last + 1;
	}
	return 0;
}
