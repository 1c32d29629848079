// SPDX-License-Identifier: MIT
/* Which process this is, in a way that outlasts the reuse of its pid. */
#include <hpdma/process.h>

int main(void)
{
	struct hpdma *ctx;
	uint64_t id;
	int ret = 1;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	if (!hpdma_process_self(ctx, &id, NULL))
		ret = hpdma_process_alive(ctx, id) != 1;
	hpdma_unref(ctx);
	return ret;
}
