/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CHECK_H
#define HPDMA_CHECK_H

#include <linux/bits.h>
#include <linux/types.h>

/* Address bits that can be asked for; a device drives at least 24 (ISA DMA). */
#define HPDMA_MIN_ADDRESS_BITS 24
#define HPDMA_MAX_ADDRESS_BITS 64

/* The longest buffer: what one mmap cookie can address (mapoff.h). */
#define HPDMA_MAX_LENGTH BIT_ULL(40)

int hpdma_check_length(u64 length, u64 granule);
int hpdma_check_range(u64 offset, u64 *length, u64 total, u64 granule);
int hpdma_check_address_bits(u32 bits);
u64 hpdma_check_last_address(u32 bits);
int hpdma_check_name(const u8 *name, size_t size);

#endif
