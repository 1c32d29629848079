/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEBUGFS_H
#define HPDMA_DEBUGFS_H

void hpdma_debugfs_init(void);
void hpdma_debugfs_exit(void);

#endif
