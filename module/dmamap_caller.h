/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DMAMAP_CALLER_H
#define HPDMA_DMAMAP_CALLER_H

#include <linux/types.h>

#include "backing.h"
#include "domain.h"
#include "span.h"

/**
 * struct hpdma_dmamap_caller - memory, mapped where the caller has chosen
 * @domain: The device's; or NULL if nothing is mapped
 * @iova: The first address; constant
 * @length: Bytes; constant
 * @offset: The first byte of the buffer that is mapped; constant
 *
 * The device's lock protects it. It owns the ranges in the domain that are mapped
 * still.
 */
struct hpdma_dmamap_caller {
	struct hpdma_domain *domain;
	u64 iova;
	u64 length;
	u64 offset;
};

int hpdma_dmamap_caller_map(struct hpdma_dmamap_caller *caller,
			    struct hpdma_domain *domain,
			    const struct hpdma_memory *memory, bool read_only,
			    u32 *reason);
void hpdma_dmamap_caller_unmap(struct hpdma_dmamap_caller *caller);
int hpdma_dmamap_caller_unmap_part(struct hpdma_dmamap_caller *caller,
				   const struct hpdma_memory *memory,
				   u64 offset, u64 length, u32 *reason);
int hpdma_dmamap_caller_addresses(const struct hpdma_dmamap_caller *caller,
				  struct hpdma_spans *addrs);

#endif
