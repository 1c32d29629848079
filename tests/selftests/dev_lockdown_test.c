// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel in lockdown hands no device to user space that could overwrite the
 * kernel. There is no way back within a boot, so this is for a boot of its own:
 * it runs only where the kernel's command line has the word "hpdma_lockdown".
 * Of interest with an IOMMU, and with --no-iommu and allow_unsafe=1.
 */
#include "kselftest_harness.h"
#include "dev_common.c"

#define LOCKDOWN "/sys/kernel/security/lockdown"

TEST(only_protected_devices_open)
{
	struct edu edu;
	int dev;

	if (!asked_for("hpdma_lockdown"))
		SKIP(return,
			   "for a boot with hpdma_lockdown on its command line");
	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	if (!dev_protected(&edu) && !unsafe_allowed())
		SKIP(return, "for a module with allow_unsafe=1");
	dev = dev_open(&edu);
	ASSERT_LE(0, dev);
	close(dev);

	if (!write_text(LOCKDOWN, "integrity"))
		SKIP(return, "this kernel cannot be locked down: no " LOCKDOWN);
	dev = dev_open(&edu);
	if (dev_protected(&edu)) {
		EXPECT_LE(0, dev);
		close(dev);
	} else {
		EXPECT_EQ(-EPERM, dev);
	}
	/* Memory harms nobody. */
	dev = open_node();
	EXPECT_LE(0, dev);
	EXPECT_LE(0, alloc_contig(dev, PAGE));
	close(dev);
}

TEST_HARNESS_MAIN
