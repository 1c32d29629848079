// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a function comes to the driver: it claims none by itself, and takes those that
 * the administrator names, by address or by ids.
 */
#include <stdio.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dev_common.c"

static bool is_bound(const char *pci)
{
	char path[128];

	snprintf(path, sizeof(path), DRIVER "/%s", pci);
	return !access(path, F_OK);
}

/* Like a function that nobody has named. */
static bool forget(const struct edu *edu)
{
	char path[128];

	return !edu_unbind(edu) &&
	       write_text(edu_sysfs(edu, "driver_override", path), "\n");
}

FIXTURE(bind)
{
	struct edu edu;
};

FIXTURE_SETUP(bind)
{
	int ret = edu_find(&self->edu, EDU_NARROW, 0);

	if (ret == -ENODEV)
		SKIP(return, "no edu device");
	ASSERT_EQ(0, ret);
	ASSERT_TRUE(forget(&self->edu));
}

FIXTURE_TEARDOWN(bind)
{
	write_text(DRIVER "/remove_id", "1234 11e8");
	EXPECT_EQ(0, edu_bind(&self->edu));
}

TEST_F(bind, nothing_is_claimed_unasked)
{
	write_text("/sys/bus/pci/drivers_probe", self->edu.pci);
	EXPECT_FALSE(is_bound(self->edu.pci));
	EXPECT_FALSE(write_text(DRIVER "/bind", self->edu.pci));
}

TEST_F(bind, new_id_takes_what_has_the_ids)
{
	struct hpdma_ioc_dev_info info;
	int dev;

	ASSERT_TRUE(write_text(DRIVER "/new_id", "1234 11e8"));
	ASSERT_TRUE(is_bound(self->edu.pci));
	ASSERT_EQ(0, edu_bind(&self->edu));
	if (dev_protected(&self->edu) || unsafe_allowed()) {
		dev = dev_open(&self->edu);
		ASSERT_LE(0, dev);
		EXPECT_EQ(0, dev_info(dev, &info));
		EXPECT_EQ(0x1234, info.out_vendor);
		EXPECT_EQ(0x11e8, info.out_device);
		close(dev);
	}

	/* As often as one likes, and without the id no more. */
	ASSERT_EQ(0, edu_unbind(&self->edu));
	EXPECT_TRUE(write_text("/sys/bus/pci/drivers_probe", self->edu.pci));
	EXPECT_TRUE(is_bound(self->edu.pci));
	ASSERT_EQ(0, edu_unbind(&self->edu));
	EXPECT_TRUE(write_text(DRIVER "/remove_id", "1234 11e8"));
	write_text("/sys/bus/pci/drivers_probe", self->edu.pci);
	EXPECT_FALSE(is_bound(self->edu.pci));
}

TEST_F(bind, driver_override_takes_one_function)
{
	char path[128];

	ASSERT_TRUE(write_text(edu_sysfs(&self->edu, "driver_override", path),
			       "hpdma"));
	EXPECT_TRUE(write_text("/sys/bus/pci/drivers_probe", self->edu.pci));
	EXPECT_TRUE(is_bound(self->edu.pci));
}

TEST_HARNESS_MAIN
