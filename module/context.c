// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an open file of /dev/hpdma holds. Who holds what, all over the module:
 *
 *	file of /dev/hpdma ---> context <--- file of /dev/hpdmaN (attached)
 *	                          |                |          |
 *	                          | ids            | ids      v
 *	                          |                v        device ---> module
 *	                          |             mapping       |
 *	                          v                |          | parked
 *	    exported fd ---->  dma-buf  <----------+----------+
 *	    area of contig -->    |  ^
 *	                          |  +--- another driver's attachment
 *	                          |  contig, user: the dma-buf's release is
 *	                          |  hpdma_buffer_release()
 *	                          v
 *	    area of hugetlb -> hugetlbfs file: its release is
 *	                          hpdma_buffer_release()
 *
 *	    quarantine ------->  mapping ---> dma-buf, device
 *
 *	    persistent name -->  dma-buf
 *	    any name --------->  its PID namespace
 *
 * A name that is not persistent goes with the last id and holds nothing. The
 * dma-buf of an import holds another driver's dma-buf, which areas and exported
 * descriptors of the import hold instead of ours; a mapping is attached to it.
 *
 * Each arrow is one get and one put, but for those of the quarantine, which are
 * never put: there are the mappings of devices that did not stop. A dma-buf and a
 * hugetlbfs file also hold the module.
 *
 * Lock order, outermost first:
 *
 *	mmap lock (taken by the kernel around our mmap and fault)
 *	  device->bars (fault of a BAR)
 *	the lock of a function (device_lock(); taken by the kernel around probe,
 *	    removal, suspend and shutdown)
 *	device->lock
 *	  device->bars (reset, removal; no interrupt is freed under it, for which
 *	    the kernel waits for readers of /proc/irq, who may write into a BAR)
 *	    the lock of the file's areas; that of the function's configuration
 *	  event->intx_lock (interrupts off)
 *	  whatever another driver takes to map memory we imported, among it the
 *	    lock of its dma-buf, and the mmap lock if the pages are a process's:
 *	    neither is ever held where device->lock is taken
 *	  memory->sync.lock
 *	  the quarantine's lock
 *	the lock of our dma-bufs (taken by the kernel around an importer's calls)
 *	  memory->sync.lock
 *	objects->array's lock, the quota's lock
 *	the registry's lock
 *	  names' lock
 *
 * No lock of ours is held while user memory is pinned or copied: both take the
 * mmap lock, and both can wait for as long as a user likes.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "context.h"
#include "mapoff.h"
#include "name.h"

static int phys_gid = -1;
module_param(phys_gid, int, 0444);
MODULE_PARM_DESC(
	phys_gid,
	"Group whose members may see physical addresses, which is as powerful as being root (default -1: none)");

/**
 * hpdma_context_opener_sees_phys - may the caller see physical addresses?
 *
 * To be asked once, at open: what the opener was counts, not who inherits the
 * file.
 */
bool hpdma_context_opener_sees_phys(void)
{
	kgid_t gid = make_kgid(&init_user_ns, phys_gid);

	if (phys_gid >= 0 && gid_valid(gid) && in_group_p(gid))
		return true;
	/* A question, not an attempt: nothing for the audit log. */
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_RAWIO);
}

static void get_buffer(void *object)
{
	hpdma_buffer_get(object);
}

int hpdma_context_create(struct hpdma_context **out)
{
	struct hpdma_context *context;

	context = kzalloc(sizeof(*context), GFP_KERNEL_ACCOUNT);
	if (!context)
		return -ENOMEM;
	kref_init(&context->refs);
	hpdma_objects_init(&context->buffers, HPDMA_MAPOFF_MAX_ID, get_buffer);
	context->may_see_phys = hpdma_context_opener_sees_phys();
	context->may_list_all =
		ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
	hpdma_account_count(HPDMA_COUNT_CONTEXTS, 1);
	*out = context;
	return 0;
}

static void free_context(struct kref *refs)
{
	kfree(container_of(refs, struct hpdma_context, refs));
}

/* The file goes, and its ids with it; attached device files find none. */
void hpdma_context_close(struct hpdma_context *context)
{
	struct hpdma_buffer *buffer;

	while ((buffer = hpdma_object_take_any(&context->buffers)))
		hpdma_name_drop_id(buffer);
	hpdma_account_count(HPDMA_COUNT_CONTEXTS, -1);
	hpdma_context_put(context);
}

void hpdma_context_get(struct hpdma_context *context)
{
	kref_get(&context->refs);
}

void hpdma_context_put(struct hpdma_context *context)
{
	kref_put(&context->refs, free_context);
}

/**
 * hpdma_context_publish - let an id be used
 * @context: Whose id it is
 * @id: Reserved
 * @buffer: The buffer, whose reference the id takes over
 */
void hpdma_context_publish(struct hpdma_context *context, u32 id,
			   struct hpdma_buffer *buffer)
{
	/* Before another thread can end it. */
	atomic_inc(&buffer->ids);
	hpdma_context_publish_counted(context, id, buffer);
}

/**
 * hpdma_context_publish_counted - let an id be used that is counted already
 * @context: Whose id it is
 * @id: Reserved
 * @buffer: From hpdma_name_open(); the id takes over its reference and its count
 */
void hpdma_context_publish_counted(struct hpdma_context *context, u32 id,
				   struct hpdma_buffer *buffer)
{
	hpdma_object_publish(&context->buffers, id, buffer);
}

/**
 * hpdma_context_free - end an id
 * @context: Whose id it is
 * @id: From a user
 *
 * Return: 0, or -ENOENT.
 */
int hpdma_context_free(struct hpdma_context *context, u32 id)
{
	struct hpdma_buffer *buffer = hpdma_object_take(&context->buffers, id);

	if (!buffer)
		return -ENOENT;
	hpdma_name_drop_id(buffer);
	return 0;
}

/**
 * hpdma_context_find - look a buffer up
 * @context: Whose id it is
 * @id: From a user
 *
 * Return: the buffer with a reference for the caller, or NULL.
 */
struct hpdma_buffer *hpdma_context_find(struct hpdma_context *context, u32 id)
{
	return hpdma_object_find(&context->buffers, id);
}
