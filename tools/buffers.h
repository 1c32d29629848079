/* SPDX-License-Identifier: MIT */
/* The buffers that the module lists. */
#ifndef HPDMACTL_BUFFERS_H
#define HPDMACTL_BUFFERS_H

#include <linux/hpdma.h>

/* 0 or an errno, with what the module says beside it. */
int buffers_each(int fd, __u32 flags,
		 void (*each)(const struct hpdma_list_entry *entry, void *arg),
		 void *arg, __u32 *reason);

/* Names are bytes of others: none of them reaches the terminal as it is. */
void buffers_print_name(const struct hpdma_list_entry *entry);

/*
 * Explains which persistent names keep a buffer, and with it the module; returns
 * how many.
 */
int buffers_say_kept(void);

#endif
