/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NUMA balancing takes entries of page tables away to see who uses a page, and
 * leaves alone areas that say they have no policy. 6.7 asks for an index too.
 */
#ifndef HPDMA_COMPAT_BALANCING_H
#define HPDMA_COMPAT_BALANCING_H

#include <linux/mempolicy.h>
#include <linux/mm.h>

#ifdef CONFIG_NUMA

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct mempolicy *hpdma_compat_no_policy(
	struct vm_area_struct *vma, unsigned long addr)
{
	return NULL;
}
#else
static inline struct mempolicy *hpdma_compat_no_policy(
	struct vm_area_struct *vma, unsigned long addr, pgoff_t *index)
{
	*index = 0;
	return NULL;
}
#endif

#define HPDMA_COMPAT_NO_BALANCING .get_policy = hpdma_compat_no_policy,

#else

#define HPDMA_COMPAT_NO_BALANCING

#endif

#endif
