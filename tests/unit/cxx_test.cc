// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library from C++: headers of the library and the contract, in the other
 * order than both_headers_test.c has them, and a call.
 */
#include <linux/hpdma.h>
#include <hpdma.h>

#include <cerrno>

#include "harness.h"

TEST(a_list_can_be_read_by_a_lambda)
{
	struct hpdma_error error = {};
	struct hpdma *ctx = nullptr;

	/* Whether there is a module here does not matter. */
	if (!hpdma_open(nullptr, &ctx, &error))
		hpdma_list(
			ctx, 0,
			[](const hpdma_listing *listing, void *) {
				return listing->serial ? 0 : 1;
			},
			nullptr, &error);
	hpdma_unref(ctx);
}

TEST(the_library_can_be_called)
{
	struct hpdma_open_opts opts = {};
	struct hpdma_error error = {};
	struct hpdma *ctx = nullptr;
	char text[256];

	opts.size = sizeof(opts);
	opts.path = "/nowhere/hpdma";
	CHECK_EQ(hpdma_open(&opts, &ctx, &error), -ENOENT);
	CHECK_EQ(error.why, HPDMA_WHY_NO_MODULE);
	CHECK(*hpdma_error_text(&error, text, sizeof(text)));
	hpdma_unref(ctx);
}

int main()
{
	static const struct test tests[] = {
		ENTRY(the_library_can_be_called),
		ENTRY(a_list_can_be_read_by_a_lambda),
	};

	return RUN_TESTS(tests);
}
