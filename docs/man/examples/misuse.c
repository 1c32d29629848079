// SPDX-License-Identifier: MIT
/* What to hand to an allocator as the function that is told of misuse. */
#include <hpdma/misuse.h>
#include <stdio.h>

static void say(const struct hpdma_misuse *misuse, void *arg)
{
	fprintf((FILE *)arg, "%s: %s at %p\n", misuse->where,
		hpdma_misuse_text(misuse->kind), misuse->object);
}

int main(void)
{
	const struct hpdma_misuse misuse = {
		.kind = HPDMA_MISUSE_DOUBLE_FREE,
		.object = &misuse,
		.where = "a pool",
	};
	hpdma_misuse_fn fn = say;

	fn(&misuse, stdout);
	return 0;
}
