/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CHARDEV_H
#define HPDMA_CHARDEV_H

int hpdma_chardev_init(void);
void hpdma_chardev_exit(void);

#endif
