// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOMMU domain of our own, in which callers choose the addresses. What they
 * choose is checked before it gets here: the kernel checks little and logs much.
 */
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "domain.h"

#define DETACH_TRIES 3

/* Sizes that are one entry of a page table everywhere. */
#define PLAIN_PAGES (PAGE_SIZE | PMD_SIZE | PUD_SIZE)

/**
 * struct platform - what the platform wants of a device's addresses
 * @reserved: Array of what is reserved
 * @count: How many
 * @messages: Where interrupts are to be mapped, if @maps_messages
 * @maps_messages: They are translated like memory
 * @needs_direct: Firmware needs memory mapped that we would not map
 */
struct platform {
	struct hpdma_iova_region *reserved;
	unsigned int count;
	u64 messages;
	bool maps_messages;
	bool needs_direct;
};

static void free_list(struct list_head *list)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, list, list)
		kfree(region);
}

static int read_list(const struct list_head *list, struct platform *platform)
{
	const struct iommu_resv_region *region;
	unsigned int count = 0;

	list_for_each_entry(region, list, list)
		count++;
	platform->reserved =
		kcalloc(count, sizeof(*platform->reserved), GFP_KERNEL_ACCOUNT);
	if (count && !platform->reserved)
		return -ENOMEM;
	list_for_each_entry(region, list, list) {
		struct hpdma_iova_region *reserved =
			&platform->reserved[platform->count++];

		reserved->first = region->start & PAGE_MASK;
		reserved->last = (region->start + region->length - 1) |
				 ~PAGE_MASK;
		if (region->type == IOMMU_RESV_DIRECT)
			platform->needs_direct = true;
		if (region->type == IOMMU_RESV_SW_MSI) {
			platform->maps_messages = true;
			platform->messages = region->start;
		}
	}
	return 0;
}

static int ask_platform(struct device *dev, struct platform *platform)
{
	struct iommu_group *group = iommu_group_get(dev);
	LIST_HEAD(list);
	int ret;

	if (!group)
		return -ENODEV;
	ret = iommu_get_group_resv_regions(group, &list);
	iommu_group_put(group);
	if (!ret)
		ret = read_list(&list, platform);
	free_list(&list);
	return ret;
}

static bool is_attached(const struct hpdma_domain *domain)
{
	return iommu_get_domain_for_dev(domain->dev) == domain->iommu;
}

/*
 * Going back to the kernel's own translations can fail for want of memory, of which
 * the kernel warns and tells nobody. A domain that is still in use is not freed: it
 * translates nothing.
 */
static void detach(struct hpdma_domain *domain)
{
	struct iommu_group *group = iommu_group_get(domain->dev);
	int i;

	/* Of the group: others may have come into it, and were put in here. */
	for (i = 0; i < DETACH_TRIES && is_attached(domain); i++)
		iommu_detach_group(domain->iommu, group);
	iommu_group_put(group);
}

/* Old drivers know the limits of a domain only once it is attached. */
static int read_limits(struct hpdma_domain *domain, u64 last_address,
		       const struct platform *platform)
{
	const struct iommu_domain_geometry *aperture = &domain->iommu->geometry;
	u64 first = PAGE_ALIGN((u64)aperture->aperture_start);
	u64 last = min_t(u64, aperture->aperture_end, last_address);
	u64 pages = domain->iommu->pgsize_bitmap;

	if ((last & ~PAGE_MASK) != ~PAGE_MASK)
		last = (last & PAGE_MASK) - 1;
	if (!(pages & (PAGE_SIZE | (PAGE_SIZE - 1))) || first >= last)
		return -EOPNOTSUPP;
	/*
	 * VT-d on 5.10 says all sizes, AMD's has all: then what is unmapped one by
	 * one would have to be what the driver has made one entry of.
	 */
	if (pages & PAGE_SIZE)
		pages &= PLAIN_PAGES;
	domain->iommu->pgsize_bitmap = pages;
	domain->pages = pages;

	domain->regions.array = kcalloc(2 * platform->count + 1,
					sizeof(*domain->regions.array),
					GFP_KERNEL_ACCOUNT);
	if (!domain->regions.array)
		return -ENOMEM;
	hpdma_iova_divide(&domain->regions, first, last, platform->reserved,
			  platform->count);
	return 0;
}

static int attach(struct hpdma_domain *domain, u64 last_address,
		  const struct platform *platform)
{
	int ret;

	if (platform->maps_messages) {
		ret = hpdma_iommu_map_messages(domain->iommu,
					       platform->messages);
		if (ret)
			return ret;
	}
	ret = iommu_attach_device(domain->iommu, domain->dev);
	if (ret)
		return ret;
	ret = read_limits(domain, last_address, platform);
	if (ret)
		detach(domain);
	return ret;
}

static int create(struct hpdma_domain *domain, u64 last_address, u32 *reason)
{
	struct platform platform = {};
	int ret;

	ret = ask_platform(domain->dev, &platform);
	if (ret)
		goto out;
	/* With an API that maps addresses alone caches cannot be maintained. */
	ret = -EOPNOTSUPP;
	if (platform.needs_direct || !dev_is_dma_coherent(domain->dev)) {
		*reason = HPDMA_REASON_MODE;
		goto out;
	}
	domain->iommu = hpdma_iommu_domain_alloc(domain->dev);
	if (IS_ERR(domain->iommu)) {
		ret = PTR_ERR(domain->iommu);
		goto out;
	}
	ret = attach(domain, last_address, &platform);
	if (ret && !is_attached(domain))
		iommu_domain_free(domain->iommu);
out:
	kfree(platform.reserved);
	if (ret && ret != -ENOMEM && !*reason)
		*reason = HPDMA_REASON_NO_IOMMU;
	return ret && ret != -ENOMEM ? -EOPNOTSUPP : ret;
}

/**
 * hpdma_domain_create - take a device's translations from the kernel
 * @dev: The device: alone in its group, stopped, nothing mapped for it
 * @last_address: The highest it drives
 * @reason: Set where errno does not say enough
 * @out: Set to the domain
 *
 * Return: 0, -ENOMEM or -EOPNOTSUPP.
 */
int hpdma_domain_create(struct device *dev, u64 last_address, u32 *reason,
			struct hpdma_domain **out)
{
	struct hpdma_domain *domain;
	int ret;

	domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!domain)
		return -ENOMEM;
	domain->dev = dev;
	domain->used = RB_ROOT;
	ret = create(domain, last_address, reason);
	if (ret) {
		kfree(domain);
		return ret;
	}
	*out = domain;
	return 0;
}

/**
 * hpdma_domain_destroy - give the device's translations back to the kernel
 * @domain: The domain, in which nothing is mapped; the device is stopped
 */
void hpdma_domain_destroy(struct hpdma_domain *domain)
{
	detach(domain);
	if (!is_attached(domain))
		iommu_domain_free(domain->iommu);
	kfree(domain->regions.array);
	kfree(domain);
}

/**
 * hpdma_domain_pages - page sizes of a domain
 * @domain: The domain, or NULL
 *
 * Return: the sizes ORed, 0 without a domain.
 */
u64 hpdma_domain_pages(const struct hpdma_domain *domain)
{
	return domain ? domain->pages : 0;
}

/*
 * How much is mapped or unmapped without a pause: to where no page of the IOMMU
 * goes across, so that the same pages are made as without a pause.
 */
static u64 step_of(const struct hpdma_domain *domain, u64 iova, u64 length)
{
	u64 step = max_t(u64, rounddown_pow_of_two(domain->pages), PMD_SIZE);

	return min(length, step - (iova & (step - 1)));
}

/**
 * hpdma_domain_map - let the device reach a run of memory
 * @domain: The domain
 * @iova: Where; usable, and nothing is mapped there
 * @phys: The memory
 * @length: Bytes
 * @read_only: The device is not to write
 *
 * Return: 0, -ENOMEM or -EINTR, and then nothing is mapped.
 */
int hpdma_domain_map(struct hpdma_domain *domain, u64 iova, u64 phys,
		     u64 length, bool read_only)
{
	int prot = IOMMU_READ | IOMMU_CACHE | (read_only ? 0 : IOMMU_WRITE);
	u64 done = 0, part;
	int ret;

	while (done < length) {
		part = step_of(domain, iova + done, length - done);
		ret = -EINTR;
		if (fatal_signal_pending(current))
			goto err_unmap;
		ret = hpdma_iommu_map(domain->iommu, iova + done, phys + done,
				      part, prot);
		if (ret) {
			/* All that can fail is memory for page tables. */
			ret = -ENOMEM;
			goto err_unmap;
		}
		done += part;
		cond_resched();
	}
	return 0;

err_unmap:
	hpdma_domain_unmap(domain, iova, done);
	return ret;
}

/**
 * hpdma_domain_unmap - keep the device from memory
 * @domain: The domain
 * @iova: The first address
 * @length: Bytes; all of them are mapped, and no page of the IOMMU goes across
 *	either end
 *
 * The kernel flushes the IOMMU before it returns from each step.
 */
void hpdma_domain_unmap(struct hpdma_domain *domain, u64 iova, u64 length)
{
	while (length) {
		u64 part = step_of(domain, iova, length);

		/* Not by any argument of a user's. */
		if (WARN_ON_ONCE(iommu_unmap(domain->iommu, iova, part) !=
				 part))
			domain->broken = true;
		iova += part;
		length -= part;
		cond_resched();
	}
}
