// SPDX-License-Identifier: GPL-2.0-only
/*
 * Part of a file of tmpfs or hugetlbfs, memfds among them, pinned for long. Its
 * pages are populated and pinned from the file; the buffer does not hold it. The
 * file's owner may close, truncate or punch it: the buffer's frames stay.
 */
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "compat/file_pin.h"
#include "pinned.h"

static bool is_hugetlbfs(const struct inode *inode)
{
	return inode->i_sb->s_magic == HUGETLBFS_MAGIC;
}

/* Pipes, devices and the like may have a name in these file systems too. */
static bool is_memory(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) &&
	       (inode->i_sb->s_magic == TMPFS_MAGIC || is_hugetlbfs(inode));
}

static unsigned int seals_of(struct inode *inode)
{
	return is_hugetlbfs(inode) ? READ_ONCE(HUGETLBFS_I(inode)->seals) :
				     READ_ONCE(SHMEM_I(inode)->seals);
}

/*
 * A file that cannot get seals, an ordinary one, is its owner's to shrink. One
 * that can is made to be trusted, and trusted it shall be.
 */
static int check_seals(struct inode *inode, struct hpdma_wish *wish)
{
	unsigned int seals = seals_of(inode);

	if (!(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) &&
	    seals & (F_SEAL_SEAL | F_SEAL_SHRINK))
		return 0;
	wish->reason = HPDMA_REASON_SEALS;
	return -EPERM;
}

/**
 * hpdma_backing_file_check - can a part of this file be had?
 * @wish: Its range does not wrap; @reason is set where errno does not say enough
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_backing_file_check(struct hpdma_wish *wish)
{
	struct inode *inode = file_inode(wish->file);

	if (!is_memory(inode)) {
		wish->reason = HPDMA_REASON_FILE;
		return -EOPNOTSUPP;
	}
	if (!(wish->file->f_mode & FMODE_READ) ||
	    !(wish->file->f_mode & FMODE_WRITE))
		return -EACCES;
	wish->page_size = is_hugetlbfs(inode) ?
				  huge_page_size(hstate_inode(inode)) :
				  PAGE_SIZE;
	if ((wish->user_addr | wish->length) & (wish->page_size - 1))
		return -EINVAL;
	if (wish->user_addr + wish->length > i_size_read(inode))
		return -EINVAL;
	return check_seals(inode, wish);
}

/*
 * Pages of the file that are missing are allocated by the caller's memory
 * policy. Doing it before pinning has an error of its own for each limit.
 *
 * fallocate() of tmpfs undoes what it did if it fails. That of hugetlbfs does
 * not: a mapping, for a moment, reserves all that is missing or fails.
 */
static int populate(const struct hpdma_wish *wish)
{
	struct file *file = wish->file;
	unsigned long addr = 0;
	int ret;

	if (is_hugetlbfs(file_inode(file))) {
		addr = vm_mmap(file, 0, wish->length, PROT_READ | PROT_WRITE,
			       MAP_SHARED, wish->user_addr);
		if (IS_ERR_VALUE(addr))
			return (int)addr;
	}
	ret = vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, wish->user_addr,
			    wish->length);
	if (addr)
		hpdma_compat_file_unmap(addr, wish->length);
	return ret;
}

static int add_run(void *arg, struct page *first, u64 length)
{
	return hpdma_memory_add(arg, first, length);
}

static int explain(int error, struct hpdma_wish *wish)
{
	switch (error) {
	case -ENOMEM:
	case -ENOSPC:
		if (is_hugetlbfs(file_inode(wish->file)))
			wish->reason = HPDMA_REASON_HUGEPAGES;
		return -ENOMEM;
	case -EINTR:
	case -ERESTARTSYS:
		return -EINTR;
	case -EAGAIN:
		/* mlockall(MCL_FUTURE) counts the mapping. */
		wish->reason = HPDMA_REASON_MEMLOCK;
		return -ENOSPC;
	default:
		wish->reason = HPDMA_REASON_PINNING;
		return -EFAULT;
	}
}

static u64 file_cost(const struct hpdma_wish *wish)
{
	return wish->length;
}

static void file_put(struct hpdma_memory *memory)
{
	hpdma_pinned_release(memory, HPDMA_FILE_PIN_IS_WHOLE);
}

static int file_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	struct inode *inode = file_inode(wish->file);
	int ret;

	memory->page_size = wish->page_size;
	ret = populate(wish);
	if (!ret)
		ret = hpdma_compat_file_pin(wish->file, wish->user_addr,
					    wish->length, wish->page_size,
					    add_run, memory);
	if (ret) {
		ret = explain(ret, wish);
		goto err_pins;
	}
	/*
	 * A seal against writing waits for pins, under this lock, and fails.
	 * One that was quicker than the pins is seen now.
	 */
	inode_lock_shared(inode);
	ret = check_seals(inode, wish);
	inode_unlock_shared(inode);
	if (ret)
		goto err_pins;
	return 0;

err_pins:
	file_put(memory);
	return ret;
}

const struct hpdma_backing_ops hpdma_backing_file = {
	.kind = HPDMA_BACKING_USER,
	.pins = true,
	.cost = file_cost,
	.get = file_get,
	.put = file_put,
};
