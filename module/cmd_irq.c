// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that are about interrupts. */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/uaccess.h>

#include "cmd.h"
#include "devfile.h"

int hpdma_cmd_irq_set(struct hpdma_call *call)
{
	const struct hpdma_ioc_irq_set *arg = &call->arg.irq_set;
	struct eventfd_ctx *eventfd = NULL;
	s32 fd = -1;
	int ret;

	if (arg->type > HPDMA_IRQ_MSI || arg->start ||
	    arg->count != (arg->type != HPDMA_IRQ_NONE))
		return -EINVAL;
	if (arg->count && arg->eventfds &&
	    get_user(fd, (s32 __user *)u64_to_user_ptr(arg->eventfds)))
		return -EFAULT;
	if (fd < -1)
		return -EINVAL;
	if (!hpdma_devfile_context(call->devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	if (fd >= 0) {
		eventfd = eventfd_ctx_fdget(fd);
		/* EINVAL says it is some other file: the contract's EBADF. */
		if (IS_ERR(eventfd))
			return -EBADF;
	}
	ret = hpdma_devfile_set_irq(call->devfile, arg->type, eventfd,
				    &call->reason);
	if (ret && eventfd)
		eventfd_ctx_put(eventfd);
	if (ret == -EOPNOTSUPP)
		call->reason = HPDMA_REASON_NO_INTERRUPT;
	return ret;
}
