// SPDX-License-Identifier: GPL-2.0-only
/*
 * Overflow-safe checks of lengths, ranges, address bits and names that come from
 * users. Pure: knows no kernel state, so KUnit tests it directly.
 */
#include <linux/errno.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "check.h"

/**
 * hpdma_check_length - may a buffer have this length?
 * @length: Bytes
 * @granule: What it must be a multiple of; a power of two
 *
 * Return: 0; -EINVAL if it is 0, not a multiple or longer than any buffer.
 */
int hpdma_check_length(u64 length, u64 granule)
{
	if (!length || length > HPDMA_MAX_LENGTH || length & (granule - 1))
		return -EINVAL;
	return 0;
}

/**
 * hpdma_check_range - does a range lie inside a buffer?
 * @offset: First byte
 * @length: Bytes; 0 is replaced by the rest of the buffer
 * @total: Length of the buffer
 * @granule: What offset and length must be multiples of; a power of two
 *
 * Return: 0; -EOVERFLOW if offset + length wraps; -EINVAL if the range is empty,
 * misaligned or not inside.
 */
int hpdma_check_range(u64 offset, u64 *length, u64 total, u64 granule)
{
	u64 end;

	if (offset & (granule - 1) || *length & (granule - 1))
		return -EINVAL;
	if (check_add_overflow(offset, *length, &end))
		return -EOVERFLOW;
	if (offset >= total || end > total)
		return -EINVAL;
	if (!*length)
		*length = total - offset;
	return 0;
}

/**
 * hpdma_check_address_bits - can so many address bits be asked for?
 * @bits: 0 for no wish
 *
 * Return: 0 or -EINVAL.
 */
int hpdma_check_address_bits(u32 bits)
{
	if (bits &&
	    (bits < HPDMA_MIN_ADDRESS_BITS || bits > HPDMA_MAX_ADDRESS_BITS))
		return -EINVAL;
	return 0;
}

/**
 * hpdma_check_last_address - the highest address that fits
 * @bits: Address bits, checked; 0 for no limit
 */
u64 hpdma_check_last_address(u32 bits)
{
	if (!bits || bits >= 64)
		return U64_MAX;
	return (1ULL << bits) - 1;
}

/**
 * hpdma_check_name - may a buffer be called that?
 * @name: Not necessarily terminated
 * @size: Bytes there
 *
 * What shells, logs and paths take for something else is not allowed. Nothing
 * may follow the name, so that two names are equal if all their bytes are.
 *
 * Return: 0 or -EINVAL.
 */
int hpdma_check_name(const u8 *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++)
		if (name[i] <= ' ' || name[i] == 0x7f || name[i] == '/')
			return -EINVAL;
	if (!i || i == size || memchr_inv(name + i, 0, size - i))
		return -EINVAL;
	return 0;
}
