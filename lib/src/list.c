// SPDX-License-Identifier: MIT
/*
 * Who holds what.
 */
#include <errno.h>
#include <string.h>

#include <linux/hpdma.h>

#include <hpdma/share.h>

#include "context.h"
#include "util.h"

/* So few that they fit on any stack. */
#define BATCH 16

#define SAME_PLACE(field)                                                \
	_Static_assert(offsetof(struct hpdma_listing, field) ==          \
			       offsetof(struct hpdma_list_entry, field), \
		       #field)

/* An array of ours is handed to the module as one of its own. */
_Static_assert(sizeof(struct hpdma_listing) == sizeof(struct hpdma_list_entry),
	       "listing");
SAME_PLACE(serial);
SAME_PLACE(length);
SAME_PLACE(page_size);
SAME_PLACE(backing);
SAME_PLACE(node);
SAME_PLACE(segments);
SAME_PLACE(uid);
SAME_PLACE(pid);
SAME_PLACE(ids);
SAME_PLACE(mappings);
SAME_PLACE(state);
SAME_PLACE(name);
_Static_assert((int)HPDMA_LIST_EVERYBODY == (int)HPDMA_LIST_ALL, "flags");

int hpdma_list(struct hpdma *ctx, uint32_t flags,
	       int (*each)(const struct hpdma_listing *listing, void *arg),
	       void *arg, struct hpdma_error *error)
{
	struct hpdma_listing batch[BATCH];
	struct hpdma_ioc_list list;
	uint64_t after = 0;
	uint32_t i;
	int ret;

	do {
		memset(batch, 0, sizeof(batch));
		list = (struct hpdma_ioc_list){
			.size = sizeof(list),
			.flags = flags,
			.entry_size = sizeof(batch[0]),
			.entries = (uintptr_t)batch,
			.after = after,
			.count = BATCH,
		};
		ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_LIST, &list,
				  error, "list buffers");
		for (i = 0; !ret && i < list.out_count; i++) {
			after = batch[i].serial;
			ret = each(&batch[i], arg);
		}
	} while (!ret && list.out_count == BATCH);
	return ret;
}
