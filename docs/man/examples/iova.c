// SPDX-License-Identifier: MIT
/* The address of a pointer into a buffer, and the pointer of an address. */
#include <hpdma/iova.h>
#include <stdio.h>

static int look_up(struct hpdma_iova *table, struct hpdma_buf *buf)
{
	char *ptr = (char *)hpdma_buf_ptr(buf) + 12345;
	uint64_t addr, length = UINT64_MAX;
	struct hpdma_error error;
	char text[256];

	if (hpdma_iova_add(table, buf, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	addr = hpdma_iova_of_run(table, ptr, &length);
	printf("%s 0x%llx, and %llu bytes from there on\n",
	       hpdma_kind_text(hpdma_iova_kind(table)),
	       (unsigned long long)addr, (unsigned long long)length);
	if (addr != hpdma_iova_of(table, ptr) ||
	    hpdma_iova_ptr(table, addr) != ptr)
		return 1;
	return hpdma_iova_remove(table, buf) ? 1 : 0;
}

int main(void)
{
	struct hpdma_iova *table;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret = 1;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	/* Of a device: hpdma_iova_create(). Not everybody may see these. */
	if (hpdma_iova_create_phys(ctx, &table, NULL)) {
		hpdma_unref(ctx);
		return 77;
	}
	if (!hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, NULL)) {
		ret = look_up(table, buf);
		hpdma_buf_unref(buf);
	}
	hpdma_iova_unref(table);
	hpdma_unref(ctx);
	return ret;
}
