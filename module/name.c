// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of buffers, for each PID namespace its own.
 *
 * One lock decides about names and about the last id of a buffer, so that under
 * it a buffer with a name that is not persistent has an id, and with the id a
 * reference: whoever finds the name can take both. A buffer comes to its first
 * id without the lock, which is harmless: without an id it has no such name.
 * Every buffer's last id takes the lock, named or not; a lock that is mostly
 * free, beside the one that the kernel itself takes for each dma-buf.
 *
 * Nobody tells a module that a PID namespace has died. So each name holds its
 * namespace, lest another one come to live at its address, and as long as there
 * are names of any but the initial one, they are looked through each second.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/pid_namespace.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "name.h"
#include "quota.h"

/**
 * struct hpdma_name - a name of a buffer
 * @node: In the table
 * @mortal: In the list of those whose namespace can die; else empty. When the
 *	name is taken off, in a list of those to be discarded
 * @ns: Where it can be seen; held
 * @buffer: What it names; held if persistent
 * @uid: Owner, who may always open it
 * @gid: Group
 * @mode: Permissions
 * @persistent: It holds the buffer
 * @text: All bytes count
 *
 * Constant while in the table.
 */
struct hpdma_name {
	struct rb_node node;
	struct list_head mortal;
	struct pid_namespace *ns;
	struct hpdma_buffer *buffer;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	bool persistent;
	u8 text[HPDMA_NAME_SIZE];
};

/* Of all below, of each buffer's name, and of a buffer's ids becoming 0. */
static DEFINE_SPINLOCK(lock);
/* By namespace and text: no user can make it slow, as he could a hash. */
static struct rb_root table = RB_ROOT;
static LIST_HEAD(mortals);

static void reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(reaper, reap);

static bool is_dead(const struct pid_namespace *ns)
{
	/* No process can be added once its first one has begun to exit. */
	return !(READ_ONCE(ns->pid_allocated) & PIDNS_ADDING);
}

static int compare(const struct pid_namespace *ns, const u8 *text,
		   const struct hpdma_name *name)
{
	if (ns != name->ns)
		return ns < name->ns ? -1 : 1;
	return memcmp(text, name->text, HPDMA_NAME_SIZE);
}

static struct hpdma_name *find(const u8 *text)
{
	const struct pid_namespace *ns = task_active_pid_ns(current);
	struct rb_node *node = table.rb_node;

	while (node) {
		struct hpdma_name *name =
			rb_entry(node, struct hpdma_name, node);
		int order = compare(ns, text, name);

		if (!order)
			return name;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* Return: whether there was none of its kind. */
static bool insert(struct hpdma_name *new)
{
	struct rb_node **link = &table.rb_node, *parent = NULL;

	while (*link) {
		int order;

		parent = *link;
		order = compare(new->ns, new->text,
				rb_entry(parent, struct hpdma_name, node));
		if (!order)
			return false;
		link = order < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &table);
	return true;
}

/* The lock is held; discard_all() comes when it no longer is. */
static void take_off(struct hpdma_name *name, struct list_head *discarded)
{
	rb_erase(&name->node, &table);
	list_move(&name->mortal, discarded);
	name->buffer->name = NULL;
	hpdma_account_count(HPDMA_COUNT_NAMES, -1);
}

static void discard(struct hpdma_name *name)
{
	put_pid_ns(name->ns);
	kfree(name);
}

/* The last put of a buffer takes locks of the kernel's. */
static void discard_all(struct list_head *discarded)
{
	struct hpdma_name *name, *next;

	list_for_each_entry_safe(name, next, discarded, mortal) {
		if (name->persistent)
			hpdma_buffer_put(name->buffer);
		discard(name);
	}
}

static void reap(struct work_struct *work)
{
	struct hpdma_name *name, *next;
	LIST_HEAD(discarded);

	spin_lock(&lock);
	list_for_each_entry_safe(name, next, &mortals, mortal)
		if (is_dead(name->ns))
			take_off(name, &discarded);
	if (!list_empty(&mortals))
		schedule_delayed_work(&reaper, HZ);
	spin_unlock(&lock);
	discard_all(&discarded);
}

static bool is_owner(const struct hpdma_name *name)
{
	return uid_eq(current_fsuid(), name->uid);
}

/* Both to read and to write, or not at all; the first class that fits decides. */
static bool class_has_access(const struct hpdma_name *name)
{
	umode_t bits = in_group_p(name->gid) ? name->mode >> 3 : name->mode;

	return (bits & 06) == 06;
}

static bool is_allowed(const struct hpdma_name *name)
{
	return is_owner(name) || class_has_access(name);
}

/* A question, not an attempt: nothing for the audit log. */
static bool may_open(const struct hpdma_name *name)
{
	return is_allowed(name) ||
	       ns_capable_noaudit(&init_user_ns, CAP_DAC_OVERRIDE);
}

static bool may_give(const struct hpdma_name_wish *wish)
{
	return (uid_eq(wish->uid, current_fsuid()) && in_group_p(wish->gid)) ||
	       ns_capable(&init_user_ns, CAP_CHOWN);
}

/* Else whoever may open a buffer could keep its maker charged for ever. */
static bool may_keep(const struct hpdma_buffer *buffer)
{
	/* Nobody of ours is charged for what another driver has. */
	return (!buffer->memory.foreign &&
		uid_eq(hpdma_quota_uid(buffer->charge.user),
		       hpdma_quota_caller())) ||
	       ns_capable(&init_user_ns, CAP_SYS_RESOURCE);
}

static struct hpdma_name *make(struct hpdma_buffer *buffer,
			       const struct hpdma_name_wish *wish)
{
	struct hpdma_name *name = kzalloc(sizeof(*name), GFP_KERNEL_ACCOUNT);

	if (!name)
		return NULL;
	INIT_LIST_HEAD(&name->mortal);
	name->ns = get_pid_ns(task_active_pid_ns(current));
	name->buffer = buffer;
	name->uid = wish->uid;
	name->gid = wish->gid;
	name->mode = wish->mode;
	name->persistent = wish->persistent;
	memcpy(name->text, wish->text, sizeof(name->text));
	return name;
}

/* The lock is held. Changes nothing if it fails. */
static int add(struct hpdma_name *name)
{
	struct hpdma_buffer *buffer = name->buffer;

	if (buffer->name)
		return -EBUSY;
	/* Its last id has ended since the caller found it. */
	if (!atomic_read(&buffer->ids))
		return -ENOENT;
	if (!insert(name))
		return -EEXIST;
	buffer->name = name;
	if (name->persistent)
		hpdma_buffer_get(buffer);
	if (name->ns != &init_pid_ns) {
		list_add(&name->mortal, &mortals);
		schedule_delayed_work(&reaper, HZ);
	}
	hpdma_account_count(HPDMA_COUNT_NAMES, 1);
	return 0;
}

/**
 * hpdma_name_publish - give a buffer a name
 * @buffer: Held by the caller, found by an id
 * @wish: The name
 *
 * Return: 0; -EPERM if the owner or the group is not the caller's to give, or the
 * buffer not the caller's to keep;
 * -EBUSY if the buffer has a name; -EEXIST if another buffer has this one;
 * -ENOENT if the buffer has no id any more; -ENOMEM.
 */
int hpdma_name_publish(struct hpdma_buffer *buffer,
		       const struct hpdma_name_wish *wish)
{
	struct hpdma_name *name;
	LIST_HEAD(discarded);
	int ret;

	if (!may_give(wish) || (wish->persistent && !may_keep(buffer)))
		return -EPERM;
	name = make(buffer, wish);
	if (!name)
		return -ENOMEM;

	spin_lock(&lock);
	/* Nobody can unlink it any more, and the reaper is about to. */
	if (buffer->name && is_dead(buffer->name->ns))
		take_off(buffer->name, &discarded);
	ret = add(name);
	spin_unlock(&lock);

	if (ret)
		discard(name);
	discard_all(&discarded);
	return ret;
}

/**
 * hpdma_name_open - find a buffer by name
 * @text: The name, checked
 * @out: Set to the buffer, with a reference and an id counted for the caller, who
 *	ends both with hpdma_name_drop_id(); untouched on failure
 *
 * Return: 0, or -ENOENT if there is no such name that the caller may open.
 */
int hpdma_name_open(const u8 *text, struct hpdma_buffer **out)
{
	struct hpdma_name *name;
	int ret = -ENOENT;

	spin_lock(&lock);
	name = find(text);
	if (name &&
	    (is_allowed(name) || ns_capable(&init_user_ns, CAP_DAC_OVERRIDE))) {
		hpdma_buffer_get(name->buffer);
		atomic_inc(&name->buffer->ids);
		*out = name->buffer;
		ret = 0;
	}
	spin_unlock(&lock);
	return ret;
}

/**
 * hpdma_name_unlink - end a name
 * @text: The name, checked
 *
 * Return: 0; -EPERM if the caller may only open it; -ENOENT if there is no such
 * name, or he may not even do that.
 */
int hpdma_name_unlink(const u8 *text)
{
	struct hpdma_name *name;
	LIST_HEAD(discarded);
	int ret = -ENOENT;

	spin_lock(&lock);
	name = find(text);
	if (name) {
		if (is_owner(name) || ns_capable(&init_user_ns, CAP_FOWNER)) {
			take_off(name, &discarded);
			ret = 0;
		} else if (may_open(name)) {
			ret = -EPERM;
		}
	}
	spin_unlock(&lock);
	discard_all(&discarded);
	return ret;
}

/**
 * hpdma_name_drop_id - an id has ended
 * @buffer: Whose id it was; the reference that it held goes with it
 *
 * With the last one goes a name that is not persistent.
 */
void hpdma_name_drop_id(struct hpdma_buffer *buffer)
{
	LIST_HEAD(discarded);

	if (atomic_dec_and_lock(&buffer->ids, &lock)) {
		if (buffer->name && !buffer->name->persistent)
			take_off(buffer->name, &discarded);
		spin_unlock(&lock);
		discard_all(&discarded);
	}
	hpdma_buffer_put(buffer);
}

/**
 * hpdma_name_show - what name a buffer has
 * @buffer: Held by the caller
 * @text: Array of HPDMA_NAME_SIZE for the name, or NULL. All zeroes if there is
 *	none that the caller may open
 *
 * Return: those bits of enum hpdma_buf_state that are about names.
 */
u32 hpdma_name_show(const struct hpdma_buffer *buffer, u8 *text)
{
	const struct hpdma_name *name;
	u32 state = 0;

	if (text)
		memset(text, 0, HPDMA_NAME_SIZE);
	spin_lock(&lock);
	name = buffer->name;
	if (name) {
		state = HPDMA_BUF_NAMED;
		if (name->persistent)
			state |= HPDMA_BUF_PERSISTENT;
		if (text && name->ns == task_active_pid_ns(current) &&
		    may_open(name))
			memcpy(text, name->text, HPDMA_NAME_SIZE);
	}
	spin_unlock(&lock);
	return state;
}

/* There are no names any more: an id or a persistent name holds the module. */
void hpdma_name_exit(void)
{
	cancel_delayed_work_sync(&reaper);
}
