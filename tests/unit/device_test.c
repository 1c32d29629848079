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
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		CHECK_EQ(open_device(rows[i][0], NULL), 0);
		CHECK(!strcmp(fake.last_open, rows[i][1]));
		CHECK_EQ(fake.last_open_flags, O_RDWR | O_NONBLOCK);
	}
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
	CHECK_EQ(info.bar_length[0], 1 << 20);
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
		ENTRY(a_refused_attachment_is_explained),
		ENTRY(bars_are_mapped_once),
	};

	return RUN_TESTS(tests);
}
