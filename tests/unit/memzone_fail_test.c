// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to fail: the same work on memzones again and again, and each time the next
 * allocation or system call fails. Whatever fails, nothing stays behind, outputs are
 * touched only by success, and the next try succeeds.
 */
#define _DEFAULT_SOURCE
#include <errno.h>

#include <hpdma.h>

#include "fail_nth.h"
#include "memzones.h"
#include "sentinel.h"

static int visit(const struct hpdma_memzone *zone, void *arg)
{
	(void)arg;
	CHECK(zone->ptr);
	return 0;
}

static int visit_run(const struct hpdma_memzone_run *run, void *arg)
{
	(void)arg;
	CHECK(run->ptr);
	return 0;
}

/* Returns the first failure. */
static int work(struct hpdma *ctx, struct hpdma_device *dev)
{
	struct hpdma_memzones_opts opts = { .size = sizeof(opts),
					    .device = dev };
	struct hpdma_memzone zone = ZONE, untouched = ZONE;
	struct hpdma_memzones *zones = SENTINEL;
	struct hpdma_error error = { 0 };
	int ret, walked;

	ret = hpdma_memzones_create(ctx, &opts, &zones, &error);
	CHECK_EQ(error.code, ret);
	if (ret) {
		CHECK(zones == SENTINEL);
		return ret;
	}
	ret = hpdma_memzone_reserve(zones, "a", 100, NULL, &zone, &error);
	CHECK_EQ(error.code, ret);
	if (ret) {
		CHECK(!memcmp(&zone, &untouched, sizeof(zone)));
		CHECK_EQ(zones_info(zones).zones, 0);
		/* Only one thing fails: then it is as if nothing had been. */
		CHECK_EQ(hpdma_memzone_reserve(zones, "a", 100, NULL, &zone,
					       NULL),
			 0);
	}
	check_zones(zones);
	walked = hpdma_memzones_walk(zones, visit, NULL);
	if (!walked)
		walked = hpdma_memzones_runs(zones, -1, visit_run, NULL);
	hpdma_memzones_unref(zones);
	return ret ? ret : walked;
}

static void fail_each(bool with_ctx, bool with_dev, int code)
{
	struct hpdma_device *dev = NULL;
	struct hpdma *ctx = NULL;
	unsigned int at, made_up = 0;
	bool failed = true;
	int ret;

	for (at = 1; failed && at < 100; at++) {
		if (with_ctx)
			ctx = start();
		else
			fake_reset();
		if (with_dev)
			REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev,
						   NULL));
		fail_nth(at, code);
		ret = work(ctx, dev);
		failed = fake.failed;
		if (ret && ret != code && ret != -ENOMEM)
			CHECK_EQ(ret, code);
		CHECK(failed || !ret);
		/* Giving back cannot fail, nor what there is another way for. */
		made_up += failed && !ret;
		hpdma_device_unref(dev);
		hpdma_unref(ctx);
		CHECK(fake_clean());
	}
	printf("# %u calls, %u failures made up for\n", at - 2, made_up);
	CHECK(at > 5);
	CHECK(made_up < at - 2);
}

TEST(each_allocation_of_ordinary_memory_fails)
{
	fail_each(false, false, -ENOMEM);
}

TEST(each_call_of_the_module_fails)
{
	fail_each(true, false, -ENOMEM);
	fail_each(true, false, -EINTR);
	fail_each(true, false, -EIO);
}

TEST(each_call_of_a_device_fails)
{
	fail_each(true, true, -ENOMEM);
	fail_each(true, true, -ENODEV);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(each_allocation_of_ordinary_memory_fails),
		ENTRY(each_call_of_the_module_fails),
		ENTRY(each_call_of_a_device_fails),
	};

	return RUN_TESTS(tests);
}
