// SPDX-License-Identifier: GPL-2.0-only
/* /dev/hpdmaN: read, poll and write are those of UIO. */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "bar.h"
#include "devirq.h"
#include "devnode.h"
#include "fdinfo.h"
#include "ioctl.h"

static int devnode_open(struct inode *inode, struct file *file)
{
	struct hpdma_device *device =
		container_of(inode->i_cdev, struct hpdma_device, cdev);
	struct hpdma_devfile *devfile;
	int ret;

	ret = hpdma_devfile_open(device, file, &devfile);
	if (ret)
		return ret;
	file->private_data = devfile;
	return 0;
}

static int devnode_release(struct inode *inode, struct file *file)
{
	hpdma_devfile_close(file->private_data);
	return 0;
}

/* Is there a count that is new to this file? */
static int look(struct hpdma_devfile *devfile, u32 *count)
{
	struct hpdma_event *event = &devfile->device->event;

	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	*count = hpdma_event_count(event);
	if (*count != (u32)atomic_read(&devfile->seen))
		return 0;
	return hpdma_event_enabled(event) ? -EAGAIN : -EIO;
}

/*
 * Wait for one. Not wait_event(), which is 200 instructions longer, and all of
 * them are on the way from an interrupt to the program.
 */
static int next_count(struct hpdma_devfile *devfile, bool block, u32 *count)
{
	struct hpdma_event *event = &devfile->device->event;
	DECLARE_WAITQUEUE(wait, current);
	int ret;

	ret = look(devfile, count);
	if (ret != -EAGAIN || !block)
		return ret;
	add_wait_queue(&event->wait, &wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		ret = look(devfile, count);
		if (ret != -EAGAIN)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&event->wait, &wait);
	return ret;
}

static ssize_t devnode_read(struct file *file, char __user *buf, size_t len,
			    loff_t *offset)
{
	struct hpdma_devfile *devfile = file->private_data;
	u32 count;
	int ret;

	if (len != sizeof(s32))
		return -EINVAL;
	hpdma_devirq_begin(devfile);
	ret = next_count(devfile, !(file->f_flags & O_NONBLOCK), &count);
	if (ret)
		return ret;
	if (put_user((s32)count, (s32 __user *)buf))
		return -EFAULT;
	atomic_set(&devfile->seen, count);
	return sizeof(s32);
}

static ssize_t devnode_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *offset)
{
	struct hpdma_devfile *devfile = file->private_data;
	s32 unmask;
	int ret;

	if (len != sizeof(unmask))
		return -EINVAL;
	if (get_user(unmask, (const s32 __user *)buf))
		return -EFAULT;
	if (unmask != 0 && unmask != 1)
		return -EINVAL;
	hpdma_devirq_begin(devfile);
	ret = hpdma_devirq_mask_all(devfile, !unmask);
	return ret ? ret : sizeof(unmask);
}

static __poll_t devnode_poll(struct file *file, poll_table *table)
{
	struct hpdma_devfile *devfile = file->private_data;
	struct hpdma_device *device = devfile->device;
	__poll_t events = 0;

	hpdma_devirq_begin(devfile);
	poll_wait(file, &device->event.wait, table);
	/* Queued before the count is looked at: see deliver() in event.c. */
	smp_mb();
	if (READ_ONCE(device->gone))
		return EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP;
	if (hpdma_event_count(&device->event) !=
	    (u32)atomic_read(&devfile->seen))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!hpdma_event_enabled(&device->event))
		events |= EPOLLERR;
	if (READ_ONCE(device->suspended))
		events |= EPOLLPRI;
	return events;
}

static long devnode_ioctl(struct file *file, unsigned int number,
			  unsigned long arg)
{
	return hpdma_ioctl_devfile(file->private_data, number, arg);
}

static int devnode_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct hpdma_devfile *devfile = file->private_data;

	return hpdma_bar_mmap(devfile->device, vma);
}

static void devnode_show_fdinfo(struct seq_file *seq, struct file *file)
{
	hpdma_fdinfo_devfile(seq, file->private_data);
}

const struct file_operations hpdma_devnode_fops = {
	.owner = THIS_MODULE,
	.open = devnode_open,
	/* As with /dev/uioN, where pread() and pwrite() work, too. */
	.llseek = noop_llseek,
	.release = devnode_release,
	.read = devnode_read,
	.write = devnode_write,
	.poll = devnode_poll,
	.unlocked_ioctl = devnode_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = devnode_mmap,
	.show_fdinfo = devnode_show_fdinfo,
};
