/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_COMPAT_HUGETLB_PIN_H
#define HPDMA_COMPAT_HUGETLB_PIN_H

#include <linux/fs.h>

/**
 * hpdma_compat_hugetlb_pin - pin every page of a populated hugetlbfs file
 * @file: The file; all its pages exist (vfs_fallocate)
 * @page_size: Of the file, in bytes
 * @length: Bytes of the file to pin
 * @add: Called with each huge page's head, in order, once it is pinned
 * @arg: First argument of @add
 *
 * Each huge page gets one long-term pin, which @add owns if it returns 0. On
 * failure the pages already given to @add stay pinned.
 *
 * Return: 0; -EINTR on a fatal signal; the error of @add; or another -errno.
 */
int hpdma_compat_hugetlb_pin(struct file *file, u64 page_size, u64 length,
			     int (*add)(void *arg, struct page *head),
			     void *arg);

#endif
