// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the user, pinned for long at its present frames. Pinning goes in
 * chunks so that a fatal signal ends it, and holds no lock of ours: the kernel
 * takes the mmap lock underneath, if it has to.
 *
 * Huge pages of hugetlb cost one pin each, for an area of hugetlb maps them
 * whole: where one page is, there are the others. That must be true at one
 * moment at least, so the pinned pages are compared with what the area maps
 * while nobody can change the area. Hugetlb pages elsewhere (udmabuf maps single
 * pages of them) are refused. All other memory costs a pin for each base page,
 * transparent huge pages too: so the kernel counts the pins of an address range.
 *
 * What fork() and copy on write do to registered memory
 *
 *  - Private memory that was shared when it is registered (a page not written
 *    since a fork, the zero page, a page of a file) is copied first: the pinned
 *    frame is the caller's own.
 *  - At fork() the child gets copies of pinned private pages at once; the
 *    parent keeps the pinned frames, whoever writes first. The same holds for
 *    anonymous memory, transparent huge pages and, from 5.12, private hugetlb
 *    memory. On 5.10 that is shared, and who writes first gets the copy: give
 *    it MADV_DONTFORK.
 *  - Shared memory (MAP_SHARED, SysV, files of tmpfs and hugetlbfs) is one for
 *    parent, child and device.
 *  - The child has no part in the buffer but by the open file it inherits. When
 *    the parent ends, the buffer lives as long as that file.
 *  - After munmap(), MADV_DONTNEED, a hole punched or a truncation the buffer
 *    keeps its frames; who maps the place anew has others.
 */
#include <linux/hugetlb.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "compat/user_pin.h"
#include "pinned.h"

#define CHUNK_PAGES (PAGE_SIZE / sizeof(struct page *))

/* How often an area may change while it is looked at. */
#define MAX_TRIES 16

/**
 * struct pinning - memory being pinned
 * @memory: What is pinned so far
 * @addr: The next address
 * @end: Where it ends
 * @pages: Room for pages pinned at once
 * @room: For how many, at most CHUNK_PAGES
 */
struct pinning {
	struct hpdma_memory *memory;
	unsigned long addr;
	unsigned long end;
	struct page **pages;
	unsigned long room;
};

/**
 * struct area - of what kind the memory at an address is
 * @end: Where this kind ends, or the range does
 * @huge: Size of its hugetlb pages, or 0
 */
struct area {
	unsigned long end;
	unsigned long huge;
};

static u64 user_cost(const struct hpdma_wish *wish)
{
	return wish->length;
}

static void user_put(struct hpdma_memory *memory)
{
	hpdma_pinned_release(memory, false);
}

/* The caller holds the mmap lock. */
static void look_locked(const struct pinning *range, struct area *area)
{
	struct vm_area_struct *vma = find_vma(current->mm, range->addr);

	area->huge = 0;
	area->end = range->end;
	if (!vma)
		return;
	if (vma->vm_start > range->addr) {
		area->end = min(area->end, vma->vm_start);
		return;
	}
	area->end = min(area->end, vma->vm_end);
	if (is_vm_hugetlb_page(vma))
		area->huge = huge_page_size(hstate_vma(vma));
}

static int look(const struct pinning *range, struct area *area)
{
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	look_locked(range, area);
	mmap_read_unlock(current->mm);
	return 0;
}

static unsigned long next_huge(const struct area *area, unsigned long addr)
{
	return min(area->end, ALIGN(addr + 1, area->huge));
}

/* Is it that page of a huge page which an area of hugetlb maps at @addr? */
static bool is_huge_at(struct page *page, unsigned long addr,
		       unsigned long huge)
{
	struct page *head = compound_head(page);

	return PageHuge(head) && page_size(head) == huge &&
	       page_to_phys(page) - page_to_phys(head) == (addr & (huge - 1));
}

/* The page mapped at @addr, if that is writable and can be had at once. */
static bool is_mapped(struct page *page, unsigned long addr)
{
	struct page *now;

	if (get_user_pages_fast_only(addr, 1, FOLL_WRITE, &now) != 1)
		return false;
	put_page(now);
	return now == page;
}

/*
 * Does the area still hold these huge pages, all at this moment? Pinned, they
 * can be compared by their address.
 */
static int prove_huge(const struct pinning *range, const struct area *before,
		      long count)
{
	unsigned long addr = range->addr;
	struct area area;
	int ret = 0;
	long i;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	look_locked(range, &area);
	if (area.huge != before->huge || area.end < before->end)
		ret = -EAGAIN;
	for (i = 0; i < count && !ret; i++) {
		if (!is_huge_at(range->pages[i], addr, area.huge) ||
		    !is_mapped(range->pages[i], addr))
			ret = -EAGAIN;
		addr = next_huge(before, addr);
	}
	mmap_read_unlock(current->mm);
	return ret;
}

/* One page of each huge page. Return: how many, or -errno. */
static long pin_each_huge(const struct pinning *range, const struct area *area)
{
	unsigned long addr = range->addr;
	long count, got;

	for (count = 0; count < range->room && addr < area->end; count++) {
		got = fatal_signal_pending(current) ?
			      -EINTR :
			      hpdma_compat_user_pin(addr, 1,
						    range->pages + count);
		if (got < 0) {
			unpin_user_pages(range->pages, count);
			return got;
		}
		addr = next_huge(area, addr);
	}
	return count;
}

/* Return: 0, with the range advanced; -EAGAIN if the area changed; -errno. */
static int pin_huge(struct pinning *range, const struct area *area)
{
	long count = pin_each_huge(range, area), i;
	unsigned long next;
	int ret;

	if (count < 0)
		return count;
	ret = prove_huge(range, area, count);
	for (i = 0; i < count && !ret; i++) {
		next = next_huge(area, range->addr);
		ret = hpdma_memory_add(range->memory, range->pages[i],
				       next - range->addr);
		if (ret)
			break;
		range->addr = next;
	}
	if (ret) {
		unpin_user_pages(range->pages + i, count - i);
		return ret;
	}
	range->memory->page_size =
		min_t(u64, range->memory->page_size, area->huge);
	return 0;
}

/*
 * The file system would write a page back, and take it for clean, while the
 * device goes on writing to it.
 */
static int check_page(struct page *head)
{
	if (PageHuge(head))
		return -EAGAIN;
	return hpdma_page_is_of_file(head) ? -EFAULT : 0;
}

/* Does a page continue the run before it, on its node? */
static bool continues(struct page *page, struct page *before)
{
	return page_to_pfn(page) == page_to_pfn(before) + 1 &&
	       page_to_nid(page) == page_to_nid(before);
}

/* Adds pinned pages by runs. On failure those not added are unpinned. */
static int add_runs(struct pinning *range, long count)
{
	struct page **pages = range->pages, *checked = NULL;
	long first = 0, i;
	int ret = 0;

	for (i = 0; i < count; i++) {
		struct page *head = compound_head(pages[i]);

		if (head != checked) {
			ret = check_page(head);
			if (ret)
				break;
			checked = head;
		}
		if (i + 1 < count && continues(pages[i + 1], pages[i]))
			continue;
		ret = hpdma_memory_add(range->memory, pages[first],
				       (i + 1 - first) << PAGE_SHIFT);
		if (ret)
			break;
		range->addr += (i + 1 - first) << PAGE_SHIFT;
		first = i + 1;
	}
	if (ret)
		unpin_user_pages(pages + first, count - first);
	return ret;
}

/* As pin_huge(). */
static int pin_chunk(struct pinning *range, const struct area *area)
{
	unsigned long want = (area->end - range->addr) >> PAGE_SHIFT;
	long got;

	range->memory->page_size = PAGE_SIZE;
	got = hpdma_compat_user_pin(range->addr, min(want, range->room),
				    range->pages);
	return got < 0 ? got : add_runs(range, got);
}

static int pin_range(struct pinning *range)
{
	unsigned long before = range->addr;
	unsigned int tries = 0;
	struct area area;
	int ret;

	while (range->addr < range->end) {
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = look(range, &area);
		if (!ret)
			ret = area.huge ? pin_huge(range, &area) :
					  pin_chunk(range, &area);
		/* Whoever gets on tries again as often as he likes. */
		if (range->addr != before)
			tries = 0;
		before = range->addr;
		if (ret && (ret != -EAGAIN || ++tries == MAX_TRIES))
			return ret;
		cond_resched();
	}
	return 0;
}

static int explain(int error, struct hpdma_wish *wish)
{
	switch (error) {
	case -ENOMEM:
		return -ENOMEM;
	case -EINTR:
	case -ERESTARTSYS:
		return -EINTR;
	default:
		wish->reason = HPDMA_REASON_PINNING;
		return -EFAULT;
	}
}

static int user_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	struct pinning range = {
		.memory = memory,
		.addr = wish->user_addr,
		.end = wish->user_addr + wish->length,
		.room = min_t(u64, wish->length >> PAGE_SHIFT, CHUNK_PAGES),
	};
	int ret;

	range.pages =
		kmalloc_array(range.room, sizeof(*range.pages), GFP_KERNEL);
	if (!range.pages)
		return -ENOMEM;
	/* Until smaller ones are found. */
	memory->page_size = U64_MAX;
	ret = pin_range(&range);
	kfree(range.pages);
	if (ret) {
		user_put(memory);
		return explain(ret, wish);
	}
	return 0;
}

const struct hpdma_backing_ops hpdma_backing_user = {
	.kind = HPDMA_BACKING_USER,
	.pins = true,
	.cost = user_cost,
	.get = user_get,
	.put = user_put,
};
