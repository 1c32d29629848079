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

SAME_SIZE(hpdma_listing, hpdma_list_entry);
SAME_PLACE(hpdma_listing, hpdma_list_entry, serial);
SAME_PLACE(hpdma_listing, hpdma_list_entry, length);
SAME_PLACE(hpdma_listing, hpdma_list_entry, page_size);
SAME_PLACE(hpdma_listing, hpdma_list_entry, backing);
SAME_PLACE(hpdma_listing, hpdma_list_entry, node);
SAME_PLACE(hpdma_listing, hpdma_list_entry, segments);
SAME_PLACE(hpdma_listing, hpdma_list_entry, uid);
SAME_PLACE(hpdma_listing, hpdma_list_entry, pid);
SAME_PLACE(hpdma_listing, hpdma_list_entry, ids);
SAME_PLACE(hpdma_listing, hpdma_list_entry, mappings);
SAME_PLACE(hpdma_listing, hpdma_list_entry, state);
SAME_PLACE(hpdma_listing, hpdma_list_entry, name);
SAME(HPDMA_LIST_EVERYBODY, HPDMA_LIST_ALL);

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
