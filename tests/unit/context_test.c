// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: options of all sizes, what can be asked, and why opening fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <hpdma.h>

#include "sentinel.h"

static int open_with(const void *opts, struct hpdma_error *error)
{
	struct hpdma *ctx = SENTINEL;
	int ret = hpdma_open_sys(opts, &fake_sys, &ctx, error);

	if (ret) {
		CHECK(ctx == SENTINEL);
		if (error)
			CHECK_EQ(error->code, ret);
	} else {
		hpdma_unref(ctx);
	}
	CHECK(fake_clean());
	return ret;
}

TEST(opens_the_node)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts) };

	fake_reset();
	CHECK_EQ(open_with(NULL, NULL), 0);
	CHECK(!strcmp(fake.last_open, "/dev/hpdma"));
	CHECK_EQ(fake.last_open_flags, O_RDWR);
	opts.path = "/dev/hpdma-elsewhere";
	CHECK_EQ(open_with(&opts, NULL), 0);
	CHECK(!strcmp(fake.last_open, opts.path));
}

TEST(options_carry_their_size)
{
	struct {
		struct hpdma_open_opts opts;
		uint64_t newer;
	} large = { .opts.size = sizeof(large) };

	fake_reset();
	CHECK_EQ(open_with(&large, NULL), 0);
	large.newer = 1;
	CHECK_EQ(open_with(&large, NULL), -E2BIG);
	large.opts.size = sizeof(large.opts);
	CHECK_EQ(open_with(&large, NULL), 0);
	large.opts.size--;
	CHECK_EQ(open_with(&large, NULL), -EINVAL);
	large.opts.size = 0;
	CHECK_EQ(open_with(&large, NULL), -EINVAL);
}

TEST(a_backend_can_be_forced)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.backend = HPDMA_BACKEND_MODULE };

	fake_reset();
	CHECK_EQ(open_with(&opts, NULL), 0);
	opts.backend = 99;
	CHECK_EQ(open_with(&opts, NULL), -EOPNOTSUPP);
}

TEST(says_why_it_cannot_open)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.backend = HPDMA_BACKEND_MODULE };

	static const struct {
		int code;
		uint32_t why;
	} rows[] = {
		{ -ENOENT, HPDMA_WHY_NO_MODULE },
		{ -EACCES, HPDMA_WHY_NODE_RIGHT },
		{ -EPERM, HPDMA_WHY_NODE_RIGHT },
		{ -EMFILE, HPDMA_WHY_NONE },
	};
	struct hpdma_error error;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		fake.open_code = rows[i].code;
		CHECK_EQ(open_with(&opts, &error), rows[i].code);
		CHECK_EQ(error.why, rows[i].why);
	}
}

/* Which backend AUTO comes to, or a negative errno. */
static int automatic(uint32_t *passed_over, uint32_t *why)
{
	struct hpdma_info info = { .size = sizeof(info) };
	struct hpdma_error error = { 0 };
	struct hpdma *ctx;
	int ret = hpdma_open_sys(NULL, &fake_sys, &ctx, &error);

	*why = error.why;
	if (ret)
		return ret;
	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	hpdma_unref(ctx);
	CHECK(fake_clean());
	*passed_over = info.passed_over;
	return (int)info.backend;
}

TEST(without_the_module_there_is_another_backend)
{
	static const struct {
		int code;
		int got;
		uint32_t passed_over;
	} rows[] = {
		{ 0, HPDMA_BACKEND_MODULE, HPDMA_WHY_NONE },
		{ -ENOENT, HPDMA_BACKEND_PLAIN, HPDMA_WHY_NO_MODULE },
		{ -ENXIO, HPDMA_BACKEND_PLAIN, HPDMA_WHY_NO_MODULE },
		{ -EACCES, HPDMA_BACKEND_PLAIN, HPDMA_WHY_NODE_RIGHT },
		{ -EPERM, HPDMA_BACKEND_PLAIN, HPDMA_WHY_NODE_RIGHT },
	};
	uint32_t passed_over = 99, why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		fake.open_code = rows[i].code;
		CHECK_EQ(automatic(&passed_over, &why), rows[i].got);
		CHECK_EQ(passed_over, rows[i].passed_over);
	}
	/* What is broken is not passed over. */
	fake_reset();
	fake.open_code = -EMFILE;
	CHECK_EQ(automatic(&passed_over, &why), -EMFILE);
}

TEST(the_environment_chooses_where_the_program_does_not)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.backend = HPDMA_BACKEND_MODULE };
	uint32_t passed_over = 99, why;

	fake_reset();
	fake.env = "plain";
	CHECK_EQ(automatic(&passed_over, &why), HPDMA_BACKEND_PLAIN);
	CHECK_EQ(passed_over, HPDMA_WHY_NONE);
	CHECK_EQ(open_with(&opts, NULL), 0);
	CHECK(!strcmp(fake.last_open, "/dev/hpdma"));
	fake.env = "module";
	fake.open_code = -ENOENT;
	CHECK_EQ(automatic(&passed_over, &why), -ENOENT);
	CHECK_EQ(why, HPDMA_WHY_NO_MODULE);
	fake.env = "hugetlb";
	CHECK_EQ(automatic(&passed_over, &why), -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_HUGEPAGES);
	fake.env = "Plain";
	CHECK_EQ(automatic(&passed_over, &why), -EINVAL);
	CHECK_EQ(why, HPDMA_WHY_BACKEND);
	fake.env = "";
	CHECK_EQ(automatic(&passed_over, &why), HPDMA_BACKEND_PLAIN);
	fake.env = "auto";
	CHECK_EQ(automatic(&passed_over, &why), HPDMA_BACKEND_PLAIN);
	/* A path is a wish for the module. */
	fake.env = "plain";
	opts = (struct hpdma_open_opts){ .size = sizeof(opts),
					 .path = "/dev/hpdma-elsewhere" };
	CHECK_EQ(open_with(&opts, NULL), -ENOENT);
}

TEST(info_is_what_the_module_says)
{
	struct hpdma_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	unsigned int calls = fake.calls;

	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	CHECK_EQ(fake.calls, calls);
	CHECK_EQ(info.backend, HPDMA_BACKEND_MODULE);
	CHECK_EQ(info.uapi_version, 1);
	CHECK_EQ(info.module_version, 0x000100);
	CHECK_EQ(info.hugetlb_sizes, 2 << 20);
	CHECK_EQ(info.max_contig, 4 << 20);
	CHECK_EQ(info.max_length, 1 << 30);
	CHECK(info.features & HPDMA_HAS_PHYS);
	CHECK(info.features & HPDMA_HAS_PIN);
	CHECK(info.features & HPDMA_HAS_DEVICES);
	CHECK(info.features & HPDMA_HAS_NAMES);
	info.size--;
	CHECK_EQ(hpdma_get_info(ctx, &info), -EINVAL);
	finish(ctx);
}

TEST(info_of_a_newer_caller_is_zeroed_behind)
{
	struct {
		struct hpdma_info info;
		uint64_t newer;
	} large = { .info.size = sizeof(large), .newer = 1 };
	struct hpdma *ctx = start();

	CHECK_EQ(hpdma_get_info(ctx, &large.info), 0);
	CHECK_EQ(large.info.size, sizeof(large));
	CHECK_EQ(large.info.max_length, 1 << 30);
	CHECK_EQ(large.newer, 0);
	finish(ctx);
}

TEST(usage_is_asked_for_each_time)
{
	struct hpdma_usage usage = { .size = sizeof(usage) };
	struct hpdma *ctx = start();
	unsigned int calls = fake.calls;

	CHECK_EQ(hpdma_get_usage(ctx, &usage), 0);
	CHECK_EQ(hpdma_get_usage(ctx, &usage), 0);
	CHECK_EQ(fake.calls, calls + 2);
	CHECK_EQ(usage.reserve_bytes, 11);
	CHECK_EQ(usage.reserve_free, 12);
	CHECK_EQ(usage.quota_bytes, 13);
	CHECK_EQ(usage.quota_buffers, 14);
	CHECK_EQ(usage.used_bytes, 15);
	CHECK_EQ(usage.used_buffers, 16);
	usage.size--;
	CHECK_EQ(hpdma_get_usage(ctx, &usage), -EINVAL);
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -EINTR;
	usage = (struct hpdma_usage){ .size = sizeof(usage) };
	CHECK_EQ(hpdma_get_usage(ctx, &usage), -EINTR);
	CHECK_EQ(usage.used_bytes, 0);
	finish(ctx);
}

TEST(references_are_counted)
{
	struct hpdma *ctx = start();

	CHECK(hpdma_ref(ctx) == ctx);
	hpdma_unref(ctx);
	CHECK_EQ(fake.file[0], FAKE_CONTROL);
	hpdma_unref(ctx);
	hpdma_unref(NULL);
	CHECK(fake_clean());
}

TEST(the_version_is_one)
{
	unsigned int major, minor, patch;
	char rest;

	CHECK_EQ(sscanf(hpdma_version(), "%u.%u.%u%c", &major, &minor, &patch,
			&rest),
		 3);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(opens_the_node),
		ENTRY(options_carry_their_size),
		ENTRY(a_backend_can_be_forced),
		ENTRY(says_why_it_cannot_open),
		ENTRY(without_the_module_there_is_another_backend),
		ENTRY(the_environment_chooses_where_the_program_does_not),
		ENTRY(info_is_what_the_module_says),
		ENTRY(info_of_a_newer_caller_is_zeroed_behind),
		ENTRY(usage_is_asked_for_each_time),
		ENTRY(references_are_counted),
		ENTRY(the_version_is_one),
	};

	return RUN_TESTS(tests);
}
