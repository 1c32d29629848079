/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVIRQ_H
#define HPDMA_DEVIRQ_H

#include "devfile.h"

struct eventfd_ctx;

int hpdma_devirq_set(struct hpdma_devfile *devfile, u32 type, u32 start,
		     u32 count, struct eventfd_ctx **eventfds, u32 *reason);
int hpdma_devirq_mask(struct hpdma_devfile *devfile, u32 start, u32 count,
		      bool mask);
int hpdma_devirq_mask_all(struct hpdma_devfile *devfile, bool mask);
int hpdma_devirq_steer(struct hpdma_devfile *devfile, u32 start, u32 count,
		       int cpu);
int hpdma_devirq_counts(struct hpdma_devfile *devfile, u64 *counts, u32 count,
			u32 *enabled);
void hpdma_devirq_begin(struct hpdma_devfile *devfile);

#endif
