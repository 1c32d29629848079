/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_IOCTL_H
#define HPDMA_IOCTL_H

struct hpdma_context;
struct hpdma_devfile;

long hpdma_ioctl_context(struct hpdma_context *context, unsigned int number,
			 unsigned long arg);
long hpdma_ioctl_devfile(struct hpdma_devfile *devfile, unsigned int number,
			 unsigned long arg);

#endif
