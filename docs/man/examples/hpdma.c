// SPDX-License-Identifier: MIT
/* 2 MiB of pinned memory, and what was obtained. */
#include <hpdma.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_error error;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	char text[256];

	if (hpdma_open(NULL, &ctx, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 77;
	}
	if (hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		hpdma_unref(ctx);
		return 1;
	}

	memset(hpdma_buf_ptr(buf), 0x5a, hpdma_buf_len(buf));
	if (!hpdma_buf_get_info(buf, &info))
		printf("pages of %llu bytes\n",
		       (unsigned long long)info.page_size);
	hpdma_buf_unref(buf);
	hpdma_unref(ctx);
	return 0;
}
