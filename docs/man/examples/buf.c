// SPDX-License-Identifier: MIT
/*
 * 64 KiB in one piece if there are any, on any pages if not; and the physical
 * addresses, for who may see them.
 */
#include <hpdma/buf.h>
#include <stdio.h>

static void show_addresses(struct hpdma_buf *buf)
{
	struct hpdma_error error;
	struct hpdma_seg segs[16];
	enum hpdma_kind kind;
	size_t i, count;
	char text[256];

	if (hpdma_buf_segments(buf, segs, 16, &count, &kind, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return;
	}
	for (i = 0; i < count; i++)
		printf("%s 0x%llx, %llu bytes\n", hpdma_kind_text(kind),
		       (unsigned long long)segs[i].addr,
		       (unsigned long long)segs[i].length);
}

int main(void)
{
	const struct hpdma_buf_opts opts = {
		.size = sizeof(opts),
		.backing = HPDMA_BUF_BACKING_CONTIG,
	};
	struct hpdma_error error;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	char text[256];
	int ret;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	ret = hpdma_buf_alloc(ctx, 64 << 10, &opts, &buf, &error);
	if (ret) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		ret = hpdma_buf_alloc(ctx, 64 << 10, NULL, &buf, &error);
	}
	if (!ret) {
		show_addresses(buf);
		hpdma_buf_unref(buf);
	}
	hpdma_unref(ctx);
	return ret ? 1 : 0;
}
