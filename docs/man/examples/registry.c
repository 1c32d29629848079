// SPDX-License-Identifier: MIT
/* Who wants to know of memory is told of what is there and of what comes. */
#include <hpdma/registry.h>
#include <stdio.h>

static int added(struct hpdma_buf *buf, struct hpdma_error *error, void *arg)
{
	int *count = (int *)arg;

	(void)error;
	printf("%llu bytes at %p\n", (unsigned long long)hpdma_buf_len(buf),
	       hpdma_buf_ptr(buf));
	(*count)++;
	return 0;
}

static void removed(struct hpdma_buf *buf, void *arg)
{
	int *count = (int *)arg;

	printf("no more at %p\n", hpdma_buf_ptr(buf));
	(*count)--;
}

static int use(struct hpdma_registry *reg, struct hpdma_buf *buf)
{
	struct hpdma_registry_sub sub = { .size = sizeof(sub) };
	struct hpdma_error error;
	const char *refused;
	char text[256];
	int count = 0;

	sub.added = added;
	sub.removed = removed;
	sub.arg = &count;
	if (hpdma_registry_subscribe(reg, "printer", &sub, &error) ||
	    hpdma_registry_add(reg, buf, &refused, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	if (count != 1 || hpdma_registry_detach(reg, "printer"))
		return 1;
	return count;
}

int main(void)
{
	struct hpdma_registry *reg;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret = 1;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	if (!hpdma_registry_create(ctx, &reg, NULL)) {
		if (!hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, NULL)) {
			ret = use(reg, buf);
			hpdma_buf_unref(buf);
		}
		hpdma_registry_unref(reg);
	}
	hpdma_unref(ctx);
	return ret;
}
