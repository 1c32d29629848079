// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that nobody of ours holds any more, but parts of whose memory somebody
 * else still does: a page of it in a pipe keeps the whole compound page. The
 * buffer waits, charged and listed, until the last of them has gone; otherwise
 * memory could be had that nobody is charged for. Nobody tells us of that moment,
 * so it is looked for ten times a second.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "linger.h"

#define INTERVAL (HPDMA_LINGER_MS * HZ / 1000 + 1)

static DEFINE_SPINLOCK(lock);
static LIST_HEAD(waiting);

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(looker, look);

static void look(struct work_struct *work)
{
	struct hpdma_linger *linger, *next;
	LIST_HEAD(ready);

	spin_lock(&lock);
	list_for_each_entry_safe(linger, next, &waiting, entry)
		if (!linger->is_held(linger))
			list_move(&linger->entry, &ready);
	if (!list_empty(&waiting))
		schedule_delayed_work(&looker, INTERVAL);
	spin_unlock(&lock);

	list_for_each_entry_safe(linger, next, &ready, entry) {
		linger->release(linger);
		/* hpdma_linger_exit() waits for this function to return. */
		module_put(THIS_MODULE);
		cond_resched();
	}
}

/**
 * hpdma_linger_add - release something as soon as nobody holds it
 * @linger: Its memory; @is_held and @release are set. The module is held until
 *	then
 */
void hpdma_linger_add(struct hpdma_linger *linger)
{
	__module_get(THIS_MODULE);
	spin_lock(&lock);
	list_add_tail(&linger->entry, &waiting);
	schedule_delayed_work(&looker, INTERVAL);
	spin_unlock(&lock);
}

/* Nothing waits any more: it would hold the module. */
void hpdma_linger_exit(void)
{
	cancel_delayed_work_sync(&looker);
}
