// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program may include the contract and the library's headers, in any order:
 * no name is in both.
 */
#include <hpdma.h>
#include <linux/hpdma.h>

#include "harness.h"

TEST(both_can_be_used)
{
	struct hpdma_segment theirs = { 1, 2 };
	struct hpdma_seg ours = { theirs.addr, theirs.length };

	CHECK_EQ(ours.addr, 1);
	CHECK_EQ(HPDMA_KIND_IOVA, HPDMA_ADDR_IOVA);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(both_can_be_used),
	};

	return RUN_TESTS(tests);
}
