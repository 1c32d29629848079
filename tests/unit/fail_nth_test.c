// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to fail: each scenario is run again and again, and each time the
 * next system call or allocation fails, until none is left to fail. Whatever
 * fails, nothing stays behind, an output is touched only by success, and the
 * error tells what was returned.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "fail_nth.h"
#include "sentinel.h"

static void check_failure(int ret, const void *out,
			  const struct hpdma_error *error)
{
	if (!ret) {
		CHECK(out != SENTINEL);
		return;
	}
	CHECK(out == SENTINEL);
	CHECK_EQ(error->code, ret);
	CHECK(error->what && *error->what);
}

static int open_checked(struct hpdma **ctx)
{
	struct hpdma_error error = { 0 };
	int ret;

	*ctx = SENTINEL;
	ret = hpdma_open_sys(NULL, &fake_sys, ctx, &error);
	check_failure(ret, *ctx, &error);
	return ret;
}

static int alloc_checked(struct hpdma *ctx, const struct hpdma_buf_opts *opts,
			 struct hpdma_buf **buf)
{
	struct hpdma_error error = { 0 };
	int ret;

	*buf = SENTINEL;
	ret = hpdma_buf_alloc(ctx, 2 << 20, opts, buf, &error);
	check_failure(ret, *buf, &error);
	return ret;
}

static int device_checked(struct hpdma *ctx,
			  const struct hpdma_device_opts *opts,
			  struct hpdma_device **dev)
{
	struct hpdma_error error = { 0 };
	int ret;

	*dev = SENTINEL;
	ret = hpdma_device_open(ctx, "0000:00:04.0", opts, dev, &error);
	check_failure(ret, *dev, &error);
	return ret;
}

static int alloc_with(uint32_t backing, uint32_t flags)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .backing = backing,
				       .flags = flags };
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = alloc_checked(ctx, &opts, &buf);
	if (!ret)
		hpdma_buf_unref(buf);
	hpdma_unref(ctx);
	return ret;
}

static int scenario_contig(void)
{
	return alloc_with(HPDMA_BUF_BACKING_CONTIG, 0);
}

static int scenario_node(void)
{
	return alloc_with(HPDMA_BUF_BACKING_HUGETLB, HPDMA_BUF_NODE);
}

static int scenario_ladder(void)
{
	fake.huge_bytes = 0;
	return alloc_with(HPDMA_BUF_BACKING_ANY, HPDMA_BUF_NODE);
}

static int scenario_register(void)
{
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma *ctx;
	int ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = hpdma_buf_register(ctx, &buf, 4096, NULL, &buf, &error);
	check_failure(ret, buf, &error);
	if (!ret)
		hpdma_buf_unref(buf);
	if (!ret) {
		buf = SENTINEL;
		ret = hpdma_buf_register_fd(ctx, 55, 0, 4096, NULL, &buf,
					    &error);
		check_failure(ret, buf, &error);
		if (!ret)
			hpdma_buf_unref(buf);
	}
	hpdma_unref(ctx);
	return ret;
}

static int receive(struct hpdma *ctx, struct hpdma_buf *buf)
{
	struct hpdma_error error = { 0 };
	struct hpdma_buf *received = SENTINEL;
	int fd = -55, ret;

	ret = hpdma_buf_export(buf, &fd, &error);
	if (ret) {
		CHECK_EQ(fd, -55);
		CHECK_EQ(error.code, ret);
		return ret;
	}
	ret = hpdma_buf_map_fd(ctx, fd, 0, &received, &error);
	check_failure(ret, received, &error);
	if (!ret)
		hpdma_buf_unref(received);
	fake_sys.close(fd);
	return ret;
}

static int scenario_share(void)
{
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = alloc_checked(ctx, NULL, &buf);
	if (!ret) {
		ret = receive(ctx, buf);
		hpdma_buf_unref(buf);
	}
	hpdma_unref(ctx);
	return ret;
}

static int scenario_import(void)
{
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma *ctx;
	int fd, ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	fd = fake_open_file(FAKE_EXPORT);
	ret = hpdma_buf_import(ctx, fd, 0, &buf, &error);
	check_failure(ret, buf, &error);
	if (!ret)
		hpdma_buf_unref(buf);
	fake_sys.close(fd);
	hpdma_unref(ctx);
	return ret;
}

static int count_one(const struct hpdma_listing *listing, void *arg)
{
	(void)listing;
	++*(int *)arg;
	return 0;
}

static int use_name(struct hpdma *ctx, struct hpdma_buf *buf)
{
	struct hpdma_error error = { 0 };
	struct hpdma_buf *again = SENTINEL;
	int ret, seen = 0;

	ret = hpdma_buf_publish(buf, "name", NULL, &error);
	if (ret)
		goto err_check;
	ret = hpdma_buf_open(ctx, "name", 0, &again, &error);
	check_failure(ret, again, &error);
	if (ret)
		return ret;
	hpdma_buf_unref(again);
	ret = hpdma_list(ctx, 0, count_one, &seen, &error);
	if (ret)
		goto err_check;
	CHECK_EQ(seen, 20);
	ret = hpdma_buf_sync(buf, 0, 0, HPDMA_SYNC_TO_CPU);
	if (ret)
		return ret;
	ret = hpdma_name_unlink(ctx, "name", &error);
	if (!ret)
		return 0;
err_check:
	CHECK_EQ(error.code, ret);
	CHECK(error.what && *error.what);
	return ret;
}

static int scenario_name(void)
{
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret;

	fake.listed = 20;
	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = alloc_checked(ctx, NULL, &buf);
	if (!ret) {
		ret = use_name(ctx, buf);
		hpdma_buf_unref(buf);
	}
	hpdma_unref(ctx);
	return ret;
}

static int use_device(struct hpdma_device *dev, struct hpdma_buf *buf)
{
	struct hpdma_error error = { 0 };
	struct hpdma_dma *dma = SENTINEL;
	volatile void *bar = SENTINEL;
	uint32_t count = 5;
	int ret;

	ret = hpdma_device_bar(dev, 0, &bar, NULL);
	CHECK((bar == SENTINEL) == !!ret);
	if (!ret)
		ret = hpdma_irq_enable(dev, HPDMA_EVENT_AUTO, -1, NULL, &error);
	if (!ret) {
		fake.irq_count = 9;
		ret = hpdma_irq_wait(dev, 10, &count);
		CHECK_EQ(count, ret ? 5 : 9);
	}
	if (!ret)
		ret = hpdma_irq_unmask(dev);
	if (ret)
		return ret;
	ret = hpdma_dma_map(dev, buf, 0, 0, &dma, &error);
	check_failure(ret, dma, &error);
	if (!ret)
		hpdma_dma_unref(dma);
	/* Now, and not only when the device is closed. */
	CHECK(!fake.mapping[0]);
	return ret;
}

static int unmap_in_parts(struct hpdma_device *dev, struct hpdma_buf *buf)
{
	struct hpdma_error error = { 0 };
	struct hpdma_dma *dma = SENTINEL;
	const struct hpdma_seg *segs;
	enum hpdma_kind kind;
	int ret;

	ret = hpdma_dma_map_with(dev, buf, NULL, &dma, &error);
	check_failure(ret, dma, &error);
	if (ret)
		return ret;
	ret = hpdma_dma_unmap_part(dma, 4096, 4096, &error);
	if (ret)
		CHECK_EQ(error.code, ret);
	CHECK_EQ(hpdma_dma_segments(dma, &segs, &kind), ret ? 1 : 2);
	hpdma_dma_unref(dma);
	CHECK(!fake.mapping[0]);
	return ret;
}

static int with_device(uint32_t mode, int (*use)(struct hpdma_device *dev,
						 struct hpdma_buf *buf))
{
	struct hpdma_device_opts opts = { .size = sizeof(opts), .mode = mode };
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = alloc_checked(ctx, NULL, &buf);
	if (ret)
		goto err_close;
	ret = device_checked(ctx, &opts, &dev);
	if (ret)
		goto err_free;
	ret = use(dev, buf);
	hpdma_device_unref(dev);
err_free:
	hpdma_buf_unref(buf);
err_close:
	hpdma_unref(ctx);
	return ret;
}

static int scenario_device(void)
{
	fake.segments = 3;
	return with_device(HPDMA_DEVICE_MODE_AUTO, use_device);
}

static int scenario_parts(void)
{
	return with_device(HPDMA_DEVICE_MODE_CALLER_IOVA, unmap_in_parts);
}

/* All rungs of the ladder, the last one of a node. */
static int scenario_stitched(void)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_BUF_NODE };
	struct hpdma_buf *buf;
	struct hpdma *ctx;
	int ret;

	fake.huge_bytes = 0;
	fake.contig_bytes = 0;
	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = device_checked(ctx, NULL, &opts.device);
	if (ret)
		goto err_close;
	ret = alloc_checked(ctx, &opts, &buf);
	if (!ret)
		hpdma_buf_unref(buf);
	hpdma_device_unref(opts.device);
err_close:
	hpdma_unref(ctx);
	return ret;
}

static int scenario_poller(void)
{
	struct hpdma_poller *poller = SENTINEL;
	struct hpdma_error error = { 0 };
	struct hpdma_device *dev;
	struct hpdma *ctx;
	int ret;

	ret = open_checked(&ctx);
	if (ret)
		return ret;
	ret = device_checked(ctx, NULL, &dev);
	if (ret)
		goto out;
	ret = hpdma_poller_create(dev, -1, NULL, &poller, &error);
	check_failure(ret, poller, &error);
	if (!ret)
		hpdma_poller_unref(poller);
	hpdma_device_unref(dev);
out:
	hpdma_unref(ctx);
	return ret;
}

/* Returns how many calls there were to fail. */
static unsigned int sweep(int (*scenario)(void), int code)
{
	unsigned int nth, survived = 0;
	int ret;

	for (nth = 1; nth < 1000; nth++) {
		fake_reset();
		fail_nth(nth, code);
		ret = scenario();
		CHECK(fake_clean());
		if (!fake.failed) {
			CHECK_EQ(ret, 0);
			break;
		}
		survived += !ret;
	}
	/* Not all may be survived: then failures would go unnoticed. */
	CHECK(survived < nth - 1);
	return nth - 1;
}

static void sweep_all(int (*scenario)(void), unsigned int least)
{
	CHECK(sweep(scenario, -ENOMEM) >= least);
	CHECK(sweep(scenario, -EINTR) >= least);
	CHECK(sweep(scenario, -EIO) >= least);
	CHECK(sweep(scenario, -EOPNOTSUPP) >= least);
}

TEST(contiguous_memory)
{
	sweep_all(scenario_contig, 8);
}

TEST(huge_pages_of_a_node)
{
	sweep_all(scenario_node, 11);
}

TEST(the_second_rung)
{
	sweep_all(scenario_ladder, 12);
}

TEST(the_last_rung)
{
	sweep_all(scenario_stitched, 25);
}

TEST(registration)
{
	sweep_all(scenario_register, 9);
}

TEST(export_and_receive)
{
	sweep_all(scenario_share, 15);
}

TEST(import)
{
	sweep_all(scenario_import, 9);
}

TEST(names_and_listing)
{
	sweep_all(scenario_name, 18);
}

TEST(a_device_and_its_mapping)
{
	sweep_all(scenario_device, 25);
}

TEST(a_mapping_that_goes_in_parts)
{
	sweep_all(scenario_parts, 20);
}

TEST(a_poller)
{
	sweep_all(scenario_poller, 10);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(contiguous_memory),
		ENTRY(huge_pages_of_a_node),
		ENTRY(the_second_rung),
		ENTRY(the_last_rung),
		ENTRY(registration),
		ENTRY(export_and_receive),
		ENTRY(import),
		ENTRY(names_and_listing),
		ENTRY(a_device_and_its_mapping),
		ENTRY(a_mapping_that_goes_in_parts),
		ENTRY(a_poller),
	};

	return RUN_TESTS(tests);
}
