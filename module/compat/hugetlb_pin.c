// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ways to pin the pages of a hugetlbfs file. From 6.11 the kernel does it
 * from the file. Before that only memory mapped into a process can be pinned,
 * so the file is mapped into the caller for a moment. Another thread may put
 * something else at that address meanwhile: every pinned page is therefore
 * compared with the file's page cache.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "compat/hugetlb_pin.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)

/* 6.7 made the page cache of hugetlbfs count in base pages. */
static pgoff_t cache_index(u64 offset, u64 page_size)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return div64_u64(offset, page_size);
#else
	return offset >> PAGE_SHIFT;
#endif
}

static bool is_page_of_file(struct file *file, u64 offset, u64 page_size,
			    struct page *head)
{
	struct page *cached;

	cached = find_get_page(file->f_mapping, cache_index(offset, page_size));
	if (!cached)
		return false;
	put_page(cached);
	return cached == head;
}

static int pin_one(struct file *file, unsigned long addr, u64 offset,
		   u64 page_size, struct page **out)
{
	long ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	ret = pin_user_pages_fast(addr, 1, FOLL_WRITE | FOLL_LONGTERM, out);
	if (ret != 1)
		return ret < 0 ? ret : -EFAULT;
	if (!is_page_of_file(file, offset, page_size, *out)) {
		unpin_user_page(*out);
		return -EFAULT;
	}
	return 0;
}

/*
 * An area that stayed would hold the file, and with it the memory. Without
 * memory the kernel cannot take it away; a caller who is being killed has it
 * taken away with all others.
 */
static void unmap_area(unsigned long addr, u64 length)
{
	unsigned int tries = 10;

	while (vm_munmap(addr, length) == -ENOMEM && tries--)
		cond_resched();
}

int hpdma_compat_hugetlb_pin(struct file *file, u64 page_size, u64 length,
			     int (*add)(void *arg, struct page *head),
			     void *arg)
{
	unsigned long addr;
	u64 offset;
	int ret = 0;

	addr = vm_mmap(file, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (IS_ERR_VALUE(addr))
		return (int)addr;
	for (offset = 0; offset < length && !ret; offset += page_size) {
		struct page *page;

		ret = pin_one(file, addr + offset, offset, page_size, &page);
		if (ret)
			break;
		ret = add(arg, page);
		if (ret)
			unpin_user_page(page);
	}
	unmap_area(addr, length);
	return ret;
}

#else

int hpdma_compat_hugetlb_pin(struct file *file, u64 page_size, u64 length,
			     int (*add)(void *arg, struct page *head),
			     void *arg)
{
	u64 offset;

	for (offset = 0; offset < length; offset += page_size) {
		struct folio *folio;
		pgoff_t ignored;
		long ret;

		if (fatal_signal_pending(current))
			return -EINTR;
		ret = memfd_pin_folios(file, offset, offset + page_size - 1,
				       &folio, 1, &ignored);
		if (ret != 1)
			return ret < 0 ? ret : -EFAULT;
		ret = add(arg, folio_page(folio, 0));
		if (ret) {
			unpin_folio(folio);
			return ret;
		}
	}
	return 0;
}

#endif
