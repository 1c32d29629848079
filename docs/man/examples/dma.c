// SPDX-License-Identifier: MIT
/* A buffer for a device, and the addresses at which the device finds it. */
#include <hpdma/dma.h>
#include <stdio.h>

static int show(struct hpdma_device *dev, struct hpdma_buf *buf)
{
	const struct hpdma_seg *segs;
	struct hpdma_error error;
	enum hpdma_kind kind;
	struct hpdma_dma *dma;
	size_t i, count;
	char text[256];

	if (hpdma_dma_map(dev, buf, 0, 0, &dma, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	count = hpdma_dma_segments(dma, &segs, &kind);
	for (i = 0; i < count; i++)
		printf("%s 0x%llx\n", hpdma_kind_text(kind),
		       (unsigned long long)segs[i].addr);
	/* Here the device works. It must have stopped before this: */
	hpdma_dma_unref(dma);
	return 0;
}

int main(void)
{
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret = 77;

	if (hpdma_open(NULL, &ctx, NULL))
		return ret;
	if (!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL)) {
		ret = 1;
		if (!hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, NULL)) {
			ret = show(dev, buf);
			hpdma_buf_unref(buf);
		}
		hpdma_device_unref(dev);
	}
	hpdma_unref(ctx);
	return ret;
}
