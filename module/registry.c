// SPDX-License-Identifier: GPL-2.0-only
/*
 * All buffers there are, by their serial numbers. The tree holds none of them: a
 * buffer leaves it before it goes. Being in the tree costs no memory, so it
 * cannot fail.
 */
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "registry.h"

/* How many entries are visited before others get the lock. */
#define STRETCH 256

static struct rb_root tree = RB_ROOT;
static u64 last_serial;
static DEFINE_SPINLOCK(tree_lock);

/**
 * hpdma_registry_init - prepare an entry that may never be added
 * @entry: Its memory
 */
void hpdma_registry_init(struct hpdma_registered *entry)
{
	RB_CLEAR_NODE(&entry->node);
}

/**
 * hpdma_registry_add - give a buffer its number and let others see it
 * @entry: Of the buffer, which is complete
 */
void hpdma_registry_add(struct hpdma_registered *entry)
{
	struct rb_node **link = &tree.rb_node, *parent = NULL;

	spin_lock(&tree_lock);
	entry->serial = ++last_serial;
	/* None is greater. */
	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_color(&entry->node, &tree);
	spin_unlock(&tree_lock);
}

/**
 * hpdma_registry_remove - nobody looks at the buffer any more on return
 * @entry: Of the buffer, whether it was added or not
 */
void hpdma_registry_remove(struct hpdma_registered *entry)
{
	if (RB_EMPTY_NODE(&entry->node))
		return;
	spin_lock(&tree_lock);
	rb_erase(&entry->node, &tree);
	spin_unlock(&tree_lock);
}

/* The first one after a number; under the lock. */
static struct hpdma_registered *find_after(u64 serial)
{
	struct hpdma_registered *found = NULL;
	struct rb_node *node = tree.rb_node;

	while (node) {
		struct hpdma_registered *entry =
			rb_entry(node, struct hpdma_registered, node);

		if (entry->serial > serial) {
			found = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * hpdma_registry_walk - look at some buffers, in order
 * @after: Those with a greater number; set to the last one visited
 * @visit: Called with the lock held: may not sleep, and keeps nothing. Returns
 *	false to end before this entry
 * @arg: For @visit
 *
 * Return: whether there may be more, for which to call again.
 */
bool hpdma_registry_walk(u64 *after,
			 bool (*visit)(struct hpdma_registered *entry,
				       void *arg),
			 void *arg)
{
	struct hpdma_registered *entry;
	unsigned int count = 0;
	struct rb_node *node;

	spin_lock(&tree_lock);
	entry = find_after(*after);
	while (entry && count++ < STRETCH && visit(entry, arg)) {
		*after = entry->serial;
		node = rb_next(&entry->node);
		entry = node ? rb_entry(node, struct hpdma_registered, node) :
			       NULL;
	}
	spin_unlock(&tree_lock);
	return entry;
}
