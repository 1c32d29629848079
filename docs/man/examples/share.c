// SPDX-License-Identifier: MIT
/*
 * A buffer with a name, which other processes open by it; here the same one does.
 */
#include <errno.h>
#include <hpdma/share.h>
#include <stdio.h>
#include <string.h>

static int share(struct hpdma *ctx, struct hpdma_buf *buf)
{
	struct hpdma_error error;
	struct hpdma_buf *other;
	char text[256];
	int ret;

	ret = hpdma_buf_publish(buf, "example", NULL, &error);
	if (ret) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return ret == -EOPNOTSUPP ? 77 : 1;
	}
	strcpy((char *)hpdma_buf_ptr(buf), "hello");
	ret = hpdma_buf_open(ctx, "example", 0, &other, &error);
	if (ret) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
	} else {
		puts((char *)hpdma_buf_ptr(other));
		hpdma_buf_unref(other);
	}
	hpdma_name_unlink(ctx, "example", NULL);
	return ret ? 1 : 0;
}

int main(void)
{
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret = 1;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	if (!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL)) {
		ret = share(ctx, buf);
		hpdma_buf_unref(buf);
	}
	hpdma_unref(ctx);
	return ret;
}
