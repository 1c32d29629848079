/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CHARDEV_H
#define HPDMA_CHARDEV_H

struct file;
struct hpdma_context;

int hpdma_chardev_init(void);
void hpdma_chardev_exit(void);

struct hpdma_context *hpdma_chardev_context(struct file *file);

#endif
