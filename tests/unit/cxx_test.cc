// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library from C++: headers of the library and the contract, in the other
 * order than both_headers_test.c has them, and a call.
 */
#include <linux/hpdma.h>
#include <hpdma.h>

#include <cerrno>

#include "harness.h"

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
	};

	return RUN_TESTS(tests);
}
