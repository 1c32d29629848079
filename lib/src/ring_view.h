/* SPDX-License-Identifier: MIT */
/*
 * A ring for a look at it, without an allocation: for who must not fail.
 */
#ifndef HPDMA_SRC_RING_VIEW_H
#define HPDMA_SRC_RING_VIEW_H

#include <hpdma/ring.h>

/**
 * hpdma_ring_view() - hpdma_ring_attach(), into the caller's memory
 * @mem: As of hpdma_ring_attach()
 * @size: As of hpdma_ring_attach()
 * @owner: As of hpdma_ring_attach()
 * @ring: Filled; needs no end
 *
 * Return: As hpdma_ring_attach(), but never -ENOMEM.
 */
int hpdma_ring_view(void *mem, size_t size, uint32_t owner,
		    struct hpdma_ring *ring);

#endif /* HPDMA_SRC_RING_VIEW_H */
