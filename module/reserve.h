/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_RESERVE_H
#define HPDMA_RESERVE_H

#include <linux/types.h>

struct hpdma_run;

int hpdma_reserve_init(void);
void hpdma_reserve_exit(void);
int hpdma_reserve_take(int node, u64 last_address, struct hpdma_run *run);
bool hpdma_reserve_put(u64 addr);
u64 hpdma_reserve_total(void);
u64 hpdma_reserve_free(void);

#endif
