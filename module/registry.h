/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_REGISTRY_H
#define HPDMA_REGISTRY_H

#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct hpdma_registered - what the registry knows of a buffer
 * @node: In the tree; empty if it is not there
 * @serial: Its number, from 1, never used twice; constant
 */
struct hpdma_registered {
	struct rb_node node;
	u64 serial;
};

void hpdma_registry_init(struct hpdma_registered *entry);
void hpdma_registry_add(struct hpdma_registered *entry);
void hpdma_registry_remove(struct hpdma_registered *entry);
bool hpdma_registry_walk(u64 *after,
			 bool (*visit)(struct hpdma_registered *entry,
				       void *arg),
			 void *arg);

#endif
