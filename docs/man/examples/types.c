// SPDX-License-Identifier: MIT
/* A failure in words. */
#include <hpdma.h>
#include <stdio.h>

int main(void)
{
	const struct hpdma_open_opts opts = { .size = sizeof(opts),
					      .backend = 4711 };
	struct hpdma_error error;
	struct hpdma *ctx;
	char text[256];

	if (!hpdma_open(&opts, &ctx, &error)) {
		hpdma_unref(ctx);
		return 1;
	}
	puts(hpdma_error_text(&error, text, sizeof(text)));
	printf("%d: %s\n", error.code, hpdma_why_text(error.why));
	return 0;
}
