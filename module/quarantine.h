/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_QUARANTINE_H
#define HPDMA_QUARANTINE_H

#include "device.h"
#include "dmamap.h"

void hpdma_quarantine_fill(struct hpdma_device *device);
void hpdma_quarantine_walk(void (*see)(const struct hpdma_dmamap *map,
				       void *arg),
			   void *arg);

#endif
