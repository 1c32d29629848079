/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the kernel's own mapping of memory is cached. x86 can change it, if it has
 * page attributes; others get stubs.
 */
#ifndef HPDMA_COMPAT_CACHING_H
#define HPDMA_COMPAT_CACHING_H

#include <linux/errno.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>

#ifdef CONFIG_X86_PAT

#include <asm/memtype.h>
#include <asm/set_memory.h>

static inline bool hpdma_compat_can_combine(void)
{
	/* "nopat" leaves write-combining to be uncached. */
	return pat_enabled();
}

static inline int hpdma_compat_combine(struct page *page, unsigned int count)
{
	return set_memory_wc((unsigned long)page_address(page), count);
}

static inline int hpdma_compat_cache(struct page *page, unsigned int count)
{
	return set_memory_wb((unsigned long)page_address(page), count);
}

#else

static inline bool hpdma_compat_can_combine(void)
{
	return false;
}

static inline int hpdma_compat_combine(struct page *page, unsigned int count)
{
	return -EOPNOTSUPP;
}

static inline int hpdma_compat_cache(struct page *page, unsigned int count)
{
	return 0;
}

#endif

/*
 * Huge pages whose struct pages are shared and read-only, to save memory (from
 * 5.14): the kernel keeps what it knows of a page's caching in there. 6.1 has
 * the test; before that, those who can have such pages are taken to.
 */
static inline bool hpdma_compat_shares_tails(struct page *head)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
	return IS_ENABLED(CONFIG_HUGETLB_PAGE_FREE_VMEMMAP) ||
	       IS_ENABLED(CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP);
#else
	return folio_test_hugetlb_vmemmap_optimized(page_folio(head));
#endif
}

#endif
