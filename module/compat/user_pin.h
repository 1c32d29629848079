/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_COMPAT_USER_PIN_H
#define HPDMA_COMPAT_USER_PIN_H

#include <linux/mm.h>

/**
 * hpdma_compat_user_pin - pin pages of the caller for long, for writing
 * @addr: First page
 * @count: How many, at least 1
 * @pages: Room for @count
 *
 * Pages that are not there are populated; waiting for them ends with a fatal
 * signal.
 *
 * Return: how many were pinned, at least 1; -errno.
 */
long hpdma_compat_user_pin(unsigned long addr, unsigned long count,
			   struct page **pages);

#endif
