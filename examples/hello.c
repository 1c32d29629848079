// SPDX-License-Identifier: MIT
/*
 * The shortest use of libhpdma: 2 MiB of pinned memory, and where it is.
 */
#include <hpdma.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct hpdma_error error;
	struct hpdma_buf *buf;
	struct hpdma_seg seg;
	enum hpdma_kind kind;
	struct hpdma *ctx;
	char text[256];
	size_t count;

	if (hpdma_open(NULL, &ctx, &error))
		goto err_say;
	if (hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, &error))
		goto err_close;

	memset(hpdma_buf_ptr(buf), 0x5a, hpdma_buf_len(buf));
	printf("%llu bytes at %p\n", (unsigned long long)hpdma_buf_len(buf),
	       hpdma_buf_ptr(buf));
	if (!hpdma_buf_segments(buf, &seg, 1, &count, &kind, &error))
		printf("%s 0x%llx\n", hpdma_kind_text(kind),
		       (unsigned long long)seg.addr);
	else
		puts(hpdma_error_text(&error, text, sizeof(text)));

	hpdma_buf_unref(buf);
	hpdma_unref(ctx);
	return 0;

err_close:
	hpdma_unref(ctx);
err_say:
	fprintf(stderr, "%s\n", hpdma_error_text(&error, text, sizeof(text)));
	return 1;
}
