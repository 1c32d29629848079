/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DOMAIN_H
#define HPDMA_DOMAIN_H

#include <linux/types.h>

#include "iova.h"

struct device;
struct iommu_domain;

/**
 * struct hpdma_domain - translations of our own for one device
 * @dev: The device
 * @iommu: The kernel's domain, attached
 * @pages: Page sizes of the IOMMU, ORed; constant
 * @regions: Which IOVAs there are; constant
 * @used: Tree of &struct hpdma_iova_range
 * @broken: The IOMMU driver has not unmapped what it was told to
 *
 * While there is one no function of the DMA API is called for the device: on 5.10
 * the kernel would not survive it. The device's lock serialises everything.
 */
struct hpdma_domain {
	struct device *dev;
	struct iommu_domain *iommu;
	u64 pages;
	struct hpdma_iova_regions regions;
	struct rb_root used;
	bool broken;
};

int hpdma_domain_create(struct device *dev, u64 last_address, u32 *reason,
			struct hpdma_domain **out);
void hpdma_domain_destroy(struct hpdma_domain *domain);
u64 hpdma_domain_pages(const struct hpdma_domain *domain);

int hpdma_domain_map(struct hpdma_domain *domain, u64 iova, u64 phys,
		     u64 length, bool read_only);
void hpdma_domain_unmap(struct hpdma_domain *domain, u64 iova, u64 length);

#endif
