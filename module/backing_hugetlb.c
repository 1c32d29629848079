// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages from the hugetlb pools. No kernel exports their allocator, so the
 * module mounts a hugetlbfs of its own for each page size, which no path leads
 * to, and makes an unnamed file in it for each buffer. Areas map that file, so
 * hugetlb's own code serves their faults.
 *
 * The file must neither lose nor change its pages while a device may use them:
 *  - every page is pinned: compaction and migration leave it;
 *  - the inode is immutable and sealed, and its file operations are ours: no
 *    truncation, hole, growth or reopening, on whatever way somebody reaches
 *    it (/proc/PID/map_files, MADV_REMOVE). Each of the three alone leaves a
 *    way open.
 * Our .release is the one moment when nobody holds the file any more: no id,
 * no dma-buf, no area.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/hpdma.h>

#include "backing.h"
#include "compat/caching.h"
#include "compat/file_pin.h"

#define IMMUTABLE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static struct {
	u64 page_size;
	struct vfsmount *mnt;
} pools[] = {
	{ PMD_SIZE },
	{ PUD_SIZE },
};

/*
 * hugetlbfs's own, as found on the first file, and ours made from them, also for
 * write-combining memory.
 */
static const struct file_operations *hugetlbfs_fops;
static struct file_operations buffer_fops __ro_after_init;
static struct file_operations combining_fops __ro_after_init;

static struct vfsmount *mount_pool(u64 page_size)
{
	struct file_system_type *type = get_fs_type("hugetlbfs");
	struct fs_context *fc;
	struct vfsmount *mnt;
	char size[24];
	int ret;

	if (!type)
		return ERR_PTR(-ENODEV);
	fc = fs_context_for_mount(type, 0);
	if (IS_ERR(fc))
		return ERR_CAST(fc);
	snprintf(size, sizeof(size), "%lluK", page_size >> 10);
	ret = hpdma_parse_fs_string(fc, "pagesize", size);
	/* Files are made with the caller's credentials. */
	if (!ret)
		ret = hpdma_parse_fs_string(fc, "mode", "1777");
	mnt = ret ? ERR_PTR(ret) : fc_mount(fc);
	put_fs_context(fc);
	if (IS_ERR(mnt))
		return mnt;
	/* No path leads here: nothing for AppArmor to judge by path. */
	mnt->mnt_sb->s_flags |= SB_NOUSER;
	/* Nor is anything here executed, whatever a personality implies. */
	mnt->mnt_flags |= MNT_NOEXEC;
	return mnt;
}

static struct file *open_file(struct vfsmount *mnt)
{
	return hpdma_file_open_root(mnt, O_TMPFILE | O_RDWR | O_LARGEFILE,
				    0600);
}

static struct vfsmount *find_pool(u64 page_size)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pools); i++)
		if (pools[i].mnt && pools[i].page_size == page_size)
			return pools[i].mnt;
	return NULL;
}

u64 hpdma_backing_hugetlb_sizes(void)
{
	unsigned int i;
	u64 sizes = 0;

	for (i = 0; i < ARRAY_SIZE(pools); i++)
		if (pools[i].mnt)
			sizes |= pools[i].page_size;
	return sizes;
}

static void set_seals(struct inode *inode, unsigned int seals)
{
	HUGETLBFS_I(inode)->seals = seals;
}

/* Before anybody can map it: whoever keeps a mapping meets our rules. */
static void freeze_file(struct file *file, const struct file_operations *fops)
{
	struct inode *inode = file_inode(file);

	inode_lock(inode);
	inode_set_flags(inode, S_IMMUTABLE, S_IMMUTABLE);
	set_seals(inode, IMMUTABLE_SEALS);
	inode->i_fop = fops;
	inode_unlock(inode);

	/* The last fput() drops a reference of the operations' owner. */
	__module_get(THIS_MODULE);
	file->private_data = NULL;
	file->f_op = fops;
}

/*
 * An O_PATH descriptor got through /proc may keep the inode alive for any time
 * to come, and with it the pages: truncate before letting go, and leave a file
 * that cannot be opened.
 */
static void empty_file(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = 0 };

	inode_lock(inode);
	set_seals(inode, 0);
	hpdma_inode_setattr(file, &attr);
	set_seals(inode, IMMUTABLE_SEALS);
	inode->i_mode &= ~0777;
	inode->i_fop = hugetlbfs_fops;
	inode_unlock(inode);
}

static void unpin(struct hpdma_memory *memory, u64 page_size)
{
	unsigned int i;

	for (i = 0; i < memory->spans.count; i++) {
		const struct hpdma_span *span = &memory->spans.array[i];
		u64 at;

		for (at = 0; at < span->length; at += page_size)
			unpin_user_page(hpdma_page_at(span->addr + at));
	}
}

static int add_page(void *arg, struct page *head, u64 length)
{
	struct hpdma_memory *memory = arg;

	if (memory->write_combine && hpdma_compat_shares_tails(head))
		return -EOPNOTSUPP;
	return hpdma_memory_add(memory, head, length);
}

static int hugetlb_get(struct hpdma_memory *memory, struct hpdma_wish *wish)
{
	struct vfsmount *mnt = find_pool(wish->page_size);
	struct file *file;
	int ret;

	if (!mnt) {
		wish->reason = HPDMA_REASON_HUGEPAGES;
		return -EOPNOTSUPP;
	}
	file = open_file(mnt);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
		/* So hugetlbfs says that there is no memory for an inode. */
		return ret == -ENOSPC ? -ENOMEM : ret;
	}

	/* It would end in a signal, which by default kills the caller. */
	ret = -ENOSPC;
	if (wish->length > rlimit(RLIMIT_FSIZE)) {
		wish->reason = HPDMA_REASON_FSIZE;
		goto err_file;
	}
	/* Zeroes the pages, and takes them by the caller's memory policy. */
	ret = vfs_fallocate(file, 0, 0, wish->length);
	if (ret) {
		if (ret == -ENOSPC || ret == -ENOMEM) {
			wish->reason = HPDMA_REASON_HUGEPAGES;
			ret = -ENOMEM;
		}
		/*
		 * What looks like a signal may be the kernel's own work for
		 * this task (io_uring's), and then the caller is to see none.
		 */
		if (ret == -EINTR)
			ret = -ERESTARTSYS;
		goto err_file;
	}
	freeze_file(file,
		    memory->write_combine ? &combining_fops : &buffer_fops);
	memory->page_size = wish->page_size;
	memory->map_size = wish->page_size;
	ret = hpdma_compat_file_pin(file, 0, wish->length, wish->page_size,
				    add_page, memory);
	if (ret) {
		/* mlockall(MCL_FUTURE) counts the mapping that pinning needs. */
		if (ret == -EAGAIN) {
			wish->reason = HPDMA_REASON_MEMLOCK;
			ret = -ENOSPC;
		}
		goto err_pins;
	}
	/* A mapping kept since before the kernel's own one is changed. */
	if (memory->write_combine && mapping_mapped(file->f_mapping)) {
		ret = -EBUSY;
		goto err_pins;
	}
	memory->file = file;
	file->private_data = memory;
	return 0;

err_pins:
	unpin(memory, wish->page_size);
	hpdma_spans_free(&memory->spans);
	/* On old kernels another thread may have kept what it was mapped by. */
	empty_file(file);
err_file:
	fput(file);
	return ret;
}

/* Called from .release of the file. */
static void hugetlb_put(struct hpdma_memory *memory)
{
	unpin(memory, memory->page_size);
	empty_file(memory->file);
}

static u64 hugetlb_cost(const struct hpdma_wish *wish)
{
	return wish->length;
}

static int hugetlb_mmap(struct hpdma_memory *memory, struct vm_area_struct *vma)
{
	unsigned long offset = vma->vm_pgoff << PAGE_SHIFT;

	if ((vma->vm_start | vma->vm_end | offset) & (memory->page_size - 1))
		return -EINVAL;
	return hpdma_mmap_other_file(vma, memory->file);
}

static unsigned long hugetlb_get_area(struct hpdma_memory *memory,
				      unsigned long addr, unsigned long len,
				      unsigned long pgoff, unsigned long flags)
{
	return memory->file->f_op->get_unmapped_area(memory->file, addr, len,
						     pgoff, flags);
}

/*
 * Reached through hpdma_mmap_other_file(), remap_file_pages(), or root's
 * /proc/PID/map_files.
 */
static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 pages = i_size_read(file_inode(file)) >> PAGE_SHIFT;
	unsigned long mask = huge_page_size(hstate_inode(file_inode(file))) - 1;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EACCES;
	if ((vma->vm_start | vma->vm_end) & mask)
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	hpdma_vm_flags_mod(vma, VM_DONTDUMP, VM_MAYEXEC);
	/* Mapped for a moment to be pinned: no child is to keep that. */
	if (!file->private_data)
		hpdma_vm_flags_mod(vma, VM_DONTCOPY, 0);
	return hugetlbfs_fops->mmap(file, vma);
}

static int combining_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return file_mmap(file, vma);
}

static int file_open(struct inode *inode, struct file *file)
{
	return -EACCES;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct hpdma_memory *memory = file->private_data;

	if (memory)
		memory->last_put(memory);
	else
		empty_file(file);
	return 0;
}

static int make_fops(struct vfsmount *mnt)
{
	struct file *file = open_file(mnt);

	if (IS_ERR(file))
		return PTR_ERR(file);
	hugetlbfs_fops = file->f_op;
	fput(file);

	buffer_fops = *hugetlbfs_fops;
	buffer_fops.owner = THIS_MODULE;
	buffer_fops.mmap = file_mmap;
	buffer_fops.open = file_open;
	buffer_fops.release = file_release;
	buffer_fops.fallocate = NULL;
	combining_fops = buffer_fops;
	combining_fops.mmap = combining_mmap;
	return 0;
}

/**
 * hpdma_backing_hugetlb_init - mount a hugetlbfs for each page size there is
 *
 * Return: 0, also where there is no hugetlb at all (then none of its sizes is
 * offered); -errno otherwise.
 */
int hpdma_backing_hugetlb_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(pools); i++) {
		struct vfsmount *mnt = mount_pool(pools[i].page_size);

		if (PTR_ERR_OR_ZERO(mnt) == -ENOMEM) {
			ret = -ENOMEM;
			goto err_mounts;
		}
		/* EINVAL: the CPU or the kernel does not have this size. */
		if (IS_ERR(mnt))
			continue;
		pools[i].mnt = mnt;
		if (hugetlbfs_fops)
			continue;
		ret = make_fops(mnt);
		if (ret)
			goto err_mounts;
	}
	return 0;

err_mounts:
	hpdma_backing_hugetlb_exit();
	return ret;
}

/**
 * hpdma_backing_hugetlb_exit - unmount
 *
 * No buffer is left: each holds the module.
 */
void hpdma_backing_hugetlb_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pools); i++) {
		if (pools[i].mnt)
			kern_unmount(pools[i].mnt);
		pools[i].mnt = NULL;
	}
	hugetlbfs_fops = NULL;
}

const struct hpdma_backing_ops hpdma_backing_hugetlb = {
	.kind = HPDMA_BACKING_HUGETLB,
	.pins = true,
	.cost = hugetlb_cost,
	.get = hugetlb_get,
	.put = hugetlb_put,
	.mmap = hugetlb_mmap,
	.get_area = hugetlb_get_area,
};
