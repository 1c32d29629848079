/* SPDX-License-Identifier: MIT */
/*
 * What memory the system has, as far as everybody may know.
 */
#ifndef HPDMA_SRC_POOLS_H
#define HPDMA_SRC_POOLS_H

#include <stdint.h>

#include "sys.h"

/**
 * hpdma_pools_sizes() - sizes of huge pages that can be had at times
 * @sys: System calls
 *
 * Return: Sizes in bytes of the pools that have pages or may grow, ORed; 0 also
 * if the system does not tell.
 */
uint64_t hpdma_pools_sizes(const struct hpdma_sys *sys);

/**
 * hpdma_pool_free() - how much of a pool can be had now
 * @sys: System calls
 * @page_size: Size of its pages in bytes
 *
 * Return: Bytes, at most: some may be promised to others, or somebody is faster.
 */
uint64_t hpdma_pool_free(const struct hpdma_sys *sys, uint64_t page_size);

/**
 * hpdma_memory_available() - how much memory can be had without swapping
 * @sys: System calls
 *
 * Return: Bytes; UINT64_MAX if the system does not tell.
 */
uint64_t hpdma_memory_available(const struct hpdma_sys *sys);

#endif /* HPDMA_SRC_POOLS_H */
