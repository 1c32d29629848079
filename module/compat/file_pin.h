/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_COMPAT_FILE_PIN_H
#define HPDMA_COMPAT_FILE_PIN_H

#include <linux/fs.h>
#include <linux/version.h>

/*
 * How many pins hpdma_compat_file_pin() takes of a compound page that is not
 * hugetlb's: one, or one for each base page. Of a huge page of hugetlb it is
 * always one.
 */
#define HPDMA_FILE_PIN_IS_WHOLE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))

/**
 * hpdma_compat_file_pin - pin pages of a file of tmpfs or hugetlbfs
 * @file: The file, populated (vfs_fallocate), open for reading and writing
 * @offset: First byte, a multiple of @page_size
 * @length: Bytes, a multiple of @page_size
 * @page_size: The huge page size of hugetlbfs, otherwise PAGE_SIZE
 * @add: Called with each run of pages, in order, once it is pinned: by one pin,
 *	or, of tmpfs where HPDMA_FILE_PIN_IS_WHOLE is not, one for its one page
 * @arg: First argument of @add
 *
 * The pins are for long, and @add owns those of its run if it returns 0. On
 * failure what was already given to @add stays pinned. All pages have content:
 * what was allocated but never written is zero.
 *
 * Return: 0; -EINTR on a fatal signal; the error of @add; or another -errno.
 */
int hpdma_compat_file_pin(struct file *file, u64 offset, u64 length,
			  u64 page_size,
			  int (*add)(void *arg, struct page *first, u64 length),
			  void *arg);

void hpdma_compat_file_unmap(unsigned long addr, u64 length);

#endif
