// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ways to pin the pages of a file of tmpfs or hugetlbfs. Only memory mapped
 * into a process can be pinned everywhere, so the file is mapped into the
 * caller for a moment. Another thread may put something else at that address
 * meanwhile: every pinned page is therefore compared with the file's page cache.
 *
 * From 6.11 the kernel can pin from the file. But where a page of hugetlb is
 * missing, because somebody has just punched a hole, it adds one that is not
 * cleared and miscounts the pool (before 7.0). So it is asked only for tmpfs,
 * and for files that nobody can change.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>

#include "compat/file_pin.h"
#include "compat/user_pin.h"

/* Pinned at a time. */
#define BATCH 64

/**
 * hpdma_compat_file_unmap - take a mapping out of the caller, for sure
 * @addr: As vm_mmap() returned it
 * @length: Bytes
 *
 * An area that stayed would hold the file, and with it the memory. Without
 * memory the kernel cannot take it away; a caller who is being killed has it
 * taken away with all others.
 */
void hpdma_compat_file_unmap(unsigned long addr, u64 length)
{
	unsigned int tries = 10;

	while (vm_munmap(addr, length) == -ENOMEM && tries--)
		cond_resched();
}

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
			    struct page *page)
{
	struct page *cached;

	cached = find_get_page(file->f_mapping, cache_index(offset, page_size));
	if (!cached)
		return false;
	put_page(cached);
	return cached == page;
}

/* Return: how many bytes were pinned and added, at least one page, or -errno. */
static long pin_batch(struct file *file, unsigned long addr, u64 offset,
		      u64 length, u64 page_size,
		      int (*add)(void *arg, struct page *first, u64 length),
		      void *arg)
{
	/* The huge pages of hugetlb each get one pin, at their beginning. */
	unsigned long want = page_size == PAGE_SIZE ? length >> PAGE_SHIFT : 1;
	struct page *pages[BATCH];
	long got, i;
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	got = hpdma_compat_user_pin(addr, min_t(unsigned long, want, BATCH),
				    pages);
	if (got < 0)
		return got;
	for (i = 0; i < got; i++) {
		ret = -EFAULT;
		if (is_page_of_file(file, offset + i * page_size, page_size,
				    pages[i]))
			ret = add(arg, pages[i], page_size);
		if (ret) {
			unpin_user_pages(pages + i, got - i);
			return ret;
		}
	}
	return got * page_size;
}

static int pin_mapped(struct file *file, u64 offset, u64 length, u64 page_size,
		      int (*add)(void *arg, struct page *first, u64 length),
		      void *arg)
{
	unsigned long addr;
	long got = 0;
	u64 at;

	addr = vm_mmap(file, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED,
		       offset);
	if (IS_ERR_VALUE(addr))
		return (int)addr;
	for (at = 0; at < length; at += got) {
		got = pin_batch(file, addr + at, offset + at, length - at,
				page_size, add, arg);
		if (got < 0)
			break;
	}
	hpdma_compat_file_unmap(addr, length);
	return got < 0 ? (int)got : 0;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)

static bool can_pin_unmapped(struct file *file)
{
	return false;
}

static int pin_unmapped(struct file *file, u64 offset, u64 length,
			int (*add)(void *arg, struct page *first, u64 length),
			void *arg)
{
	return -EOPNOTSUPP;
}

#else

static bool can_pin_unmapped(struct file *file)
{
	return !is_file_hugepages(file) || IS_IMMUTABLE(file_inode(file));
}

/*
 * fallocate() of tmpfs leaves pages with the content of their last owner; who
 * maps or reads one has it cleared. So does this, for a device does neither.
 */
static int give_content(struct file *file, struct folio *folio)
{
	struct page *page;

	if (folio_test_uptodate(folio))
		return 0;
	page = shmem_read_mapping_page_gfp(file->f_mapping, folio->index,
					   mapping_gfp_mask(file->f_mapping));
	if (IS_ERR(page))
		return PTR_ERR(page);
	put_page(page);
	/* Somebody truncated the file, and that was another page. */
	return folio_test_uptodate(folio) ? 0 : -EFAULT;
}

/* Return: how many bytes at @at were added, or -errno. */
static long add_folio(struct file *file, u64 at, u64 end, struct folio *folio,
		      int (*add)(void *arg, struct page *first, u64 length),
		      void *arg)
{
	u64 inside = at - folio_pos(folio), length;
	int ret;

	if (at < (u64)folio_pos(folio) || inside >= folio_size(folio))
		return -EFAULT;
	ret = give_content(file, folio);
	if (ret)
		return ret;
	length = min_t(u64, folio_size(folio) - inside, end - at);
	ret = add(arg, folio_page(folio, inside >> PAGE_SHIFT), length);
	return ret ? ret : (long)length;
}

static int pin_unmapped(struct file *file, u64 offset, u64 length,
			int (*add)(void *arg, struct page *first, u64 length),
			void *arg)
{
	const u64 end = offset + length;
	struct folio *folios[BATCH];
	pgoff_t ignored;
	long got, i, part;

	while (offset < end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		got = memfd_pin_folios(file, offset, end - 1, folios, BATCH,
				       &ignored);
		if (got <= 0)
			return got ? got : -EFAULT;
		for (i = 0; i < got; i++) {
			part = add_folio(file, offset, end, folios[i], add,
					 arg);
			if (part < 0) {
				unpin_folios(folios + i, got - i);
				return part;
			}
			offset += part;
		}
		cond_resched();
	}
	return 0;
}

#endif

int hpdma_compat_file_pin(struct file *file, u64 offset, u64 length,
			  u64 page_size,
			  int (*add)(void *arg, struct page *first, u64 length),
			  void *arg)
{
	if (can_pin_unmapped(file))
		return pin_unmapped(file, offset, length, add, arg);
	return pin_mapped(file, offset, length, page_size, add, arg);
}
