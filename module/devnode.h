/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVNODE_H
#define HPDMA_DEVNODE_H

#include <linux/fs.h>

extern const struct file_operations hpdma_devnode_fops;

#endif
