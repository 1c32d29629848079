// SPDX-License-Identifier: MIT
/* What there is, and what the user has of it. */
#include <hpdma/context.h>
#include <stdio.h>

int main(void)
{
	struct hpdma_usage usage = { .size = sizeof(usage) };
	struct hpdma_info info = { .size = sizeof(info) };
	struct hpdma_error error;
	struct hpdma *ctx;
	char text[256];

	printf("libhpdma %s\n", hpdma_version());
	if (hpdma_open(NULL, &ctx, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 77;
	}
	if (!hpdma_get_info(ctx, &info))
		printf("contiguous buffers: %s, physical addresses: %s\n",
		       info.features & HPDMA_HAS_CONTIG ? "yes" : "no",
		       info.features & HPDMA_HAS_PHYS ? "yes" : "no");
	if (!hpdma_get_usage(ctx, &usage))
		printf("%llu bytes in %llu buffers\n",
		       (unsigned long long)usage.used_bytes,
		       (unsigned long long)usage.used_buffers);
	hpdma_unref(ctx);
	return 0;
}
