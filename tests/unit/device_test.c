// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: how a name is read and found, what is attached, and BARs.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <hpdma.h>

#include "find.h"
#include "sentinel.h"

static int open_device(const char *name, struct hpdma_error *error)
{
	struct hpdma *ctx = open_context();
	struct hpdma_device *dev = SENTINEL;
	int ret = hpdma_device_open(ctx, name, NULL, &dev, error);

	if (ret) {
		CHECK(dev == SENTINEL);
		if (error)
			CHECK_EQ(error->code, ret);
	} else {
		hpdma_device_unref(dev);
	}
	finish(ctx);
	return ret;
}

TEST(pci_addresses_are_read)
{
	static const struct {
		const char *text;
		uint32_t domain, bus, devfn;
	} good[] = {
		{ "0000:00:04.0", 0, 0, 32 },
		{ "00:04.0", 0, 0, 32 },
		{ "0001:aB:1f.7", 1, 0xab, 255 },
		{ "10000:02:00.1", 0x10000, 2, 1 },
		{ "0:0:0.0", 0, 0, 0 },
	};
	static const char *const bad[] = {
		"",	   "hpdma0",	 "/dev/hpdma0",	    "04.0",
		":04.0",   "00:04",	 "00:04.",	    "00:04.8",
		"00:20.0", "100:00.0",	 "0:00:04.0x",	    "0:00:04.00",
		"00:.0",   "0:0:0:04.0", "123456789:0:0.0", " 00:04.0",
	};
	struct hpdma_pci pci;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(hpdma_pci_parse(good[i].text, &pci));
		CHECK_EQ(pci.domain, good[i].domain);
		CHECK_EQ(pci.bus, good[i].bus);
		CHECK_EQ(pci.devfn, good[i].devfn);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (hpdma_pci_parse(bad[i], &pci)) {
			printf("# \"%s\" is taken for an address\n", bad[i]);
			harness_failed = 1;
		}
	}
}

TEST(names_lead_to_nodes)
{
	static const char *const rows[][2] = {
		{ "/dev/hpdma7", "/dev/hpdma7" },
		{ "hpdma7", "/dev/hpdma7" },
		{ "0000:00:04.0", "/dev/hpdma7" },
		{ "00:04.0", "/dev/hpdma7" },
	};
	/* udev's link is a path like any other. */
	static const char link[] = "/dev/hpdma-by-path/0000:00:04.0";
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		CHECK_EQ(open_device(rows[i][0], NULL), 0);
		CHECK(!strcmp(fake.last_open, rows[i][1]));
		CHECK_EQ(fake.last_open_flags, O_RDWR | O_NONBLOCK);
	}
	fake_reset();
	CHECK_EQ(open_device(link, NULL), 0);
	CHECK(!strcmp(fake.last_open, link));
}

TEST(bad_names_are_explained)
{
	static const struct {
		const char *name;
		int code;
		uint32_t why;
	} rows[] = {
		{ "", -EINVAL, HPDMA_WHY_NONE },
		{ "hpdma", -EINVAL, HPDMA_WHY_NONE },
		{ "hpdma0/../mem", -EINVAL, HPDMA_WHY_NONE },
		{ "eth0", -EINVAL, HPDMA_WHY_NONE },
		{ "0000:00:05.0", -ENOENT, HPDMA_WHY_NONE },
		{ "0001:02:1f.7", -ENODEV, HPDMA_WHY_NOT_BOUND },
		{ "/dev/none", -ENOENT, HPDMA_WHY_NONE },
		/* This one is hpdma0, but the fake's device is not. */
		{ "0000:00:03.0", -ENODEV, HPDMA_WHY_NOT_BOUND },
	};
	struct hpdma_error error;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		CHECK_EQ(open_device(rows[i].name, &error), rows[i].code);
		CHECK_EQ(error.why, rows[i].why);
	}
	fake_reset();
	fake.node_name[0] = NULL;
	CHECK_EQ(open_device("0001:02:1f.7", &error), -ENODEV);
}

TEST(a_long_name_is_refused)
{
	char name[1000];

	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fake_reset();
	CHECK_EQ(open_device(name, NULL), -ENAMETOOLONG);
}

TEST(the_device_is_attached_to_the_context)
{
	struct hpdma_device_opts opts = { .size = sizeof(opts) };
	struct hpdma_device_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	struct hpdma_device *dev;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	CHECK_EQ(fake.attach.fd, 100);
	CHECK_EQ(fake.attach.address_bits, 64);
	CHECK_EQ(fake.attach.mode, HPDMA_MODE_DEFAULT);
	CHECK_EQ(fake.attach.reset, HPDMA_RESET_TRY);
	hpdma_device_unref(dev);

	opts.address_bits = 28;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", &opts, &dev, NULL));
	CHECK_EQ(fake.attach.address_bits, 28);
	CHECK_EQ(hpdma_device_get_info(dev, &info), 0);
	CHECK_EQ(info.address_bits, 28);
	CHECK_EQ(info.vendor, 0x1234);
	CHECK_EQ(info.slot, 4);
	CHECK_EQ(info.function, 0);
	CHECK_EQ(info.state, HPDMA_DEVICE_TRANSLATED);
	CHECK_EQ(info.mode, HPDMA_DEVICE_MODE_KERNEL_IOVA);
	CHECK_EQ(info.resets, HPDMA_DEVICE_CAN_RESET);
	CHECK_EQ(info.iommu_group, 17);
	CHECK_EQ(info.bar_length[0], 1 << 20);
	CHECK_EQ(info.bar_flags[0], HPDMA_DEVICE_BAR_MEMORY);
	CHECK_EQ(info.bar_flags[1], 0);
	CHECK_EQ(info.bar_flags[5], HPDMA_DEVICE_BAR_IO);
	info.size = 4;
	CHECK_EQ(hpdma_device_get_info(dev, &info), -EINVAL);
	hpdma_unref(ctx);
	CHECK(hpdma_device_ref(dev) == dev);
	hpdma_device_unref(dev);
	hpdma_device_unref(dev);
	hpdma_device_unref(NULL);
	CHECK(fake_clean());
}

TEST(options_carry_their_size)
{
	struct hpdma_device_opts opts = { .size = 4 };
	struct hpdma *ctx = start();
	struct hpdma_device *dev = SENTINEL;

	CHECK_EQ(hpdma_device_open(ctx, "hpdma0", &opts, &dev, NULL), -EINVAL);
	CHECK(dev == SENTINEL);
	finish(ctx);
}

TEST(mode_and_reset_are_asked_for)
{
	static const struct {
		uint32_t reset, theirs;
	} rows[] = {
		{ HPDMA_DEVICE_RESET_TRY, HPDMA_RESET_TRY },
		{ HPDMA_DEVICE_RESET_NONE, HPDMA_RESET_NONE },
		{ HPDMA_DEVICE_RESET_REQUIRE, HPDMA_RESET_REQUIRE },
	};
	struct hpdma_device_opts opts = {
		.size = sizeof(opts), .mode = HPDMA_DEVICE_MODE_CALLER_IOVA
	};
	struct hpdma_device_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	struct hpdma_device *dev;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		opts.reset = rows[i].reset;
		REQUIRE(!hpdma_device_open(ctx, "hpdma0", &opts, &dev, NULL));
		CHECK_EQ(fake.attach.reset, rows[i].theirs);
		CHECK_EQ(fake.attach.mode, HPDMA_MODE_CALLER_IOVA);
		CHECK_EQ(hpdma_device_get_info(dev, &info), 0);
		CHECK_EQ(info.mode, HPDMA_DEVICE_MODE_CALLER_IOVA);
		hpdma_device_unref(dev);
	}
	opts.reset = 3;
	dev = SENTINEL;
	CHECK_EQ(hpdma_device_open(ctx, "hpdma0", &opts, &dev, NULL), -EINVAL);
	CHECK(dev == SENTINEL);
	finish(ctx);
}

TEST(usage_is_asked_for_anew)
{
	struct hpdma_device_usage usage = { .size = sizeof(usage) };
	struct hpdma *ctx = start();
	struct hpdma_device *dev;
	unsigned int calls;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	CHECK_EQ(hpdma_device_get_usage(dev, &usage), 0);
	CHECK_EQ(usage.state, HPDMA_DEVICE_TRANSLATED);
	CHECK_EQ(usage.irq_type, HPDMA_EVENT_AUTO);
	CHECK_EQ(usage.resumes, 3);
	CHECK_EQ(usage.quarantined, 8192);
	CHECK_EQ(usage.iommu_pages, 0x40201000);
	REQUIRE(!hpdma_irq_enable(dev, HPDMA_EVENT_MSI, -1, NULL, NULL));
	CHECK_EQ(hpdma_device_get_usage(dev, &usage), 0);
	CHECK_EQ(usage.irq_type, HPDMA_EVENT_MSI);
	CHECK_EQ(usage.irq_vectors, 1);
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -ENODEV;
	usage.resumes = 5;
	CHECK_EQ(hpdma_device_get_usage(dev, &usage), -ENODEV);
	CHECK_EQ(usage.resumes, 5);
	usage.size--;
	calls = fake.calls;
	CHECK_EQ(hpdma_device_get_usage(dev, &usage), -EINVAL);
	CHECK_EQ(fake.calls, calls);
	hpdma_device_unref(dev);
	finish(ctx);
}

static bool refuse_reset(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_dev_reset *reset = arg;

	if (cmd != HPDMA_IOC_DEV_RESET)
		return false;
	reset->out_reason = HPDMA_REASON_NO_RESET;
	*ret = -EOPNOTSUPP;
	return true;
}

TEST(a_device_is_reset)
{
	struct hpdma *ctx = start();
	struct hpdma_device *dev;
	struct hpdma_error error;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	CHECK_EQ(hpdma_device_reset(dev, NULL), 0);
	CHECK_EQ(fake.resets, 1);
	fake.on_ioctl = refuse_reset;
	CHECK_EQ(hpdma_device_reset(dev, &error), -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_RESET);
	fake.on_ioctl = NULL;
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -ENODEV;
	CHECK_EQ(hpdma_device_resume(dev, &error), -ENODEV);
	CHECK_EQ(error.code, -ENODEV);
	hpdma_device_unref(dev);
	finish(ctx);
}

TEST(regions_are_listed_where_they_can_be_chosen_from)
{
	struct hpdma_device_opts opts = {
		.size = sizeof(opts), .mode = HPDMA_DEVICE_MODE_CALLER_IOVA
	};
	struct hpdma_device_region regions[4] = { { 0 }, { 0 }, { .last = 9 } };
	struct hpdma *ctx = start();
	struct hpdma_device *dev;
	struct hpdma_error error;
	size_t count = 7;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	CHECK_EQ(hpdma_device_regions(dev, regions, 4, &count, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_MODE);
	CHECK_EQ(count, 7);
	hpdma_device_unref(dev);

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", &opts, &dev, NULL));
	CHECK_EQ(hpdma_device_regions(dev, NULL, 0, &count, NULL), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(hpdma_device_regions(dev, regions, 2, &count, NULL), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(regions[1].first, 0xfee00000);
	CHECK_EQ(regions[1].kind, HPDMA_DEVICE_REGION_RESERVED);
	CHECK_EQ(regions[2].last, 9);
	CHECK_EQ(hpdma_device_regions(dev, regions, 4, &count, NULL), 0);
	CHECK_EQ(count, 3);
	CHECK_EQ(regions[2].kind, HPDMA_DEVICE_REGION_USABLE);
	CHECK_EQ(regions[2].last, 0x7fffffffffff);
	hpdma_device_unref(dev);
	finish(ctx);
}

static bool refuse_attach(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_dev_attach *attach = arg;

	if (cmd != HPDMA_IOC_DEV_ATTACH)
		return false;
	attach->out_reason = HPDMA_REASON_OTHER_HOLDER;
	*ret = -EBUSY;
	return true;
}

TEST(a_refused_attachment_is_explained)
{
	struct hpdma_error error;

	fake_reset();
	fake.on_ioctl = refuse_attach;
	CHECK_EQ(open_device("hpdma0", &error), -EBUSY);
	CHECK_EQ(error.why, HPDMA_WHY_OTHER_HOLDER);
	fake_reset();
}

TEST(bars_are_mapped_once)
{
	struct hpdma *ctx = start();
	volatile void *first = NULL, *again = NULL, *other = SENTINEL;
	struct hpdma_device *dev;
	uint64_t length = 0;

	fake.bar_size[5] = 8192;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	CHECK_EQ(hpdma_device_bar(dev, 5, &first, &length), 0);
	CHECK_EQ(length, 8192);
	CHECK_EQ(fake.last_map_offset, 5 * 4096);
	CHECK_EQ(hpdma_device_bar(dev, 5, &again, NULL), 0);
	CHECK(first == again);
	CHECK_EQ(hpdma_device_bar(dev, 1, &other, &length), -ENOENT);
	CHECK_EQ(hpdma_device_bar(dev, 6, &other, &length), -EINVAL);
	CHECK(other == SENTINEL);
	CHECK_EQ(length, 8192);
	hpdma_device_unref(dev);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(pci_addresses_are_read),
		ENTRY(names_lead_to_nodes),
		ENTRY(bad_names_are_explained),
		ENTRY(a_long_name_is_refused),
		ENTRY(the_device_is_attached_to_the_context),
		ENTRY(options_carry_their_size),
		ENTRY(mode_and_reset_are_asked_for),
		ENTRY(usage_is_asked_for_anew),
		ENTRY(a_device_is_reset),
		ENTRY(regions_are_listed_where_they_can_be_chosen_from),
		ENTRY(a_refused_attachment_is_explained),
		ENTRY(bars_are_mapped_once),
	};

	return RUN_TESTS(tests);
}
