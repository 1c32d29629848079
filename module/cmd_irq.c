// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that are about interrupts. */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cmd.h"
#include "devirq.h"

static void put_eventfds(struct eventfd_ctx **eventfds, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (eventfds[i])
			eventfd_ctx_put(eventfds[i]);
	kvfree(eventfds);
}

static int get_eventfd(s32 fd, struct eventfd_ctx **out)
{
	struct eventfd_ctx *eventfd;

	if (fd < -1)
		return -EINVAL;
	if (fd == -1)
		return 0;
	eventfd = eventfd_ctx_fdget(fd);
	/* EINVAL says it is some other file: the contract's EBADF. */
	if (IS_ERR(eventfd))
		return -EBADF;
	*out = eventfd;
	return 0;
}

/* Those of the caller's array, NULL for -1; all NULL if there is no array. */
static int get_eventfds(u64 array, u32 count, struct eventfd_ctx ***out)
{
	struct eventfd_ctx **eventfds;
	const s32 __user *fds = u64_to_user_ptr(array);
	int ret = 0;
	s32 fd;
	u32 i;

	eventfds = kvcalloc(count, sizeof(*eventfds), GFP_KERNEL_ACCOUNT);
	if (!eventfds)
		return -ENOMEM;
	for (i = 0; array && i < count; i++) {
		ret = get_user(fd, &fds[i]) ? -EFAULT :
					      get_eventfd(fd, &eventfds[i]);
		if (ret)
			goto err_put;
	}
	*out = eventfds;
	return 0;

err_put:
	put_eventfds(eventfds, count);
	return ret;
}

int hpdma_cmd_irq_set(struct hpdma_call *call)
{
	const struct hpdma_ioc_irq_set *arg = &call->arg.irq_set;
	struct hpdma_devfile *devfile = call->devfile;
	struct eventfd_ctx **eventfds;
	u32 type = arg->type;
	u32 most;
	int ret;

	if (type > HPDMA_IRQ_MSIX)
		return -EINVAL;
	if (type == HPDMA_IRQ_NONE ? arg->start || arg->count : !arg->count)
		return -EINVAL;
	if (!hpdma_devfile_context(devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	/* What it had does not matter any more. */
	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	if (type == HPDMA_IRQ_NONE)
		return hpdma_devirq_set(devfile, type, 0, 0, NULL,
					&call->reason);
	most = devfile->device->event
		       .most[array_index_nospec(type, HPDMA_IRQ_MSIX + 1)];
	if (arg->start >= most || arg->count > most - arg->start) {
		call->reason = HPDMA_REASON_NO_INTERRUPT;
		return -EOPNOTSUPP;
	}
	ret = get_eventfds(arg->eventfds, arg->count, &eventfds);
	if (ret)
		return ret;
	ret = hpdma_devirq_set(devfile, type, arg->start, arg->count, eventfds,
			       &call->reason);
	/* The new ones if it has failed, the old ones if not. */
	put_eventfds(eventfds, arg->count);
	if (ret == -EOPNOTSUPP)
		call->reason = HPDMA_REASON_NO_INTERRUPT;
	return ret;
}

/* Return: 0 if interrupts may be delivered to a CPU that the caller names. */
static int check_cpu(s32 cpu)
{
	if (cpu == -1)
		return 0;
	if (cpu < 0 || cpu >= nr_cpu_ids)
		return -EINVAL;
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	if (!cpu_online(cpu))
		return -EINVAL;
	return cpumask_test_cpu(cpu, current->cpus_ptr) ? 0 : -EPERM;
}

static int steer(struct hpdma_call *call)
{
	const struct hpdma_ioc_irq_ctrl *arg = &call->arg.irq_ctrl;
	int ret = check_cpu(arg->cpu);

	if (ret)
		return ret;
	ret = hpdma_devirq_steer(call->devfile, arg->start, arg->count,
				 arg->cpu);
	if (ret == -EOPNOTSUPP)
		call->reason = HPDMA_REASON_NO_INTERRUPT;
	return ret;
}

int hpdma_cmd_irq_ctrl(struct hpdma_call *call)
{
	const struct hpdma_ioc_irq_ctrl *arg = &call->arg.irq_ctrl;

	if (arg->__reserved || !arg->count)
		return -EINVAL;
	switch (arg->action) {
	case HPDMA_IRQ_MASK:
	case HPDMA_IRQ_UNMASK:
		if (arg->cpu)
			return -EINVAL;
		return hpdma_devirq_mask(call->devfile, arg->start, arg->count,
					 arg->action == HPDMA_IRQ_MASK);
	case HPDMA_IRQ_AFFINITY:
		return steer(call);
	default:
		return -EINVAL;
	}
}

/* How many a device can have at all: what the caller says is no length to trust. */
static u32 most_vectors(const struct hpdma_event *event)
{
	u32 most = 0, type;

	for (type = 0; type < ARRAY_SIZE(event->most); type++)
		most = max(most, event->most[type]);
	return most;
}

int hpdma_cmd_irq_counts(struct hpdma_call *call)
{
	struct hpdma_ioc_irq_counts *arg = &call->arg.irq_counts;
	struct hpdma_ioc_irq_counts __user *user = call->user;
	u32 room = min(arg->count, most_vectors(&call->devfile->device->event));
	u64 *counts;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	/* First, so that a struct that cannot be written leaves the array alone. */
	if (put_user(arg->out_count, &user->out_count))
		return -EFAULT;
	counts = kvcalloc(room, sizeof(*counts), GFP_KERNEL_ACCOUNT);
	if (!counts)
		return -ENOMEM;
	ret = hpdma_devirq_counts(call->devfile, counts, room, &arg->out_count);
	if (ret)
		goto out;
	room = min(room, arg->out_count);
	if (copy_to_user(u64_to_user_ptr(arg->counts), counts,
			 room * sizeof(*counts)))
		ret = -EFAULT;
	else
		ret = hpdma_ioctl_respond(call);
out:
	kvfree(counts);
	return ret;
}
