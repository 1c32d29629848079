// SPDX-License-Identifier: GPL-2.0-only
/* /dev/hpdma. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "chardev.h"
#include "context.h"
#include "fdinfo.h"
#include "ioctl.h"
#include "mmap.h"

static int chardev_open(struct inode *inode, struct file *file)
{
	struct hpdma_context *context;
	int ret;

	/* Buffers are read and written: neither alone is a lesser right. */
	if (!(file->f_mode & FMODE_READ) || !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	ret = hpdma_context_create(&context);
	if (ret)
		return ret;
	file->private_data = context;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	hpdma_context_close(file->private_data);
	return 0;
}

static long chardev_ioctl(struct file *file, unsigned int number,
			  unsigned long arg)
{
	return hpdma_ioctl_context(file->private_data, number, arg);
}

static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return hpdma_mmap_buffer(file->private_data, vma);
}

static unsigned long chardev_get_area(struct file *file, unsigned long addr,
				      unsigned long len, unsigned long pgoff,
				      unsigned long flags)
{
	return hpdma_mmap_get_area(file->private_data, addr, len, pgoff, flags);
}

static void chardev_show_fdinfo(struct seq_file *seq, struct file *file)
{
	hpdma_fdinfo_context(seq, file->private_data);
}

const struct file_operations hpdma_chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = chardev_mmap,
	.get_unmapped_area = chardev_get_area,
	.show_fdinfo = chardev_show_fdinfo,
};

static struct miscdevice chardev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hpdma",
	.fops = &hpdma_chardev_fops,
	.mode = 0660,
};

int hpdma_chardev_init(void)
{
	return misc_register(&chardev);
}

void hpdma_chardev_exit(void)
{
	misc_deregister(&chardev);
}
