/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_LINGER_H
#define HPDMA_LINGER_H

#include <linux/types.h>

/* How often it is looked whether somebody has let go. */
#define HPDMA_LINGER_MS 100

/**
 * struct hpdma_linger - something that others may still hold
 * @entry: Among those that wait
 * @is_held: Does somebody else hold it? May not sleep
 * @release: Let it go
 */
struct hpdma_linger {
	struct list_head entry;
	bool (*is_held)(const struct hpdma_linger *linger);
	void (*release)(struct hpdma_linger *linger);
};

void hpdma_linger_add(struct hpdma_linger *linger);
void hpdma_linger_exit(void);

#endif
