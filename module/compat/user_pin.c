// SPDX-License-Identifier: GPL-2.0-only
/*
 * Below 6.3 a long-term pin keeps the mmap lock while it populates a page. What
 * can be waited for only without that lock (userfaultfd) then fails, and other
 * waits (a FUSE server) cannot be ended by a signal. Pages that are not there
 * are therefore populated by a short pin first, which knows how to wait.
 */
#include <linux/mm.h>

#include "compat/user_pin.h"

#define LONG_FOR_WRITING (FOLL_WRITE | FOLL_LONGTERM)

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)

static long populate(unsigned long addr, unsigned long count,
		     struct page **pages)
{
	long got = get_user_pages_unlocked(addr, count, pages, FOLL_WRITE);
	long i;

	for (i = 0; i < got; i++)
		put_page(pages[i]);
	return got;
}

long hpdma_compat_user_pin(unsigned long addr, unsigned long count,
			   struct page **pages)
{
	long got;

	got = pin_user_pages_fast_only(addr, count, LONG_FOR_WRITING, pages);
	if (got > 0)
		return got;
	got = populate(addr, count, pages);
	if (got > 0)
		got = pin_user_pages_fast(addr, got, LONG_FOR_WRITING, pages);
	return got ? got : -EFAULT;
}

#else

long hpdma_compat_user_pin(unsigned long addr, unsigned long count,
			   struct page **pages)
{
	long got = pin_user_pages_fast(addr, count, LONG_FOR_WRITING, pages);

	return got ? got : -EFAULT;
}

#endif
