// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to fail without the module: the real system calls and the allocations, of
 * which one after the other fails. Whatever fails, no descriptor, mapping or name stays behind, an
 * output is touched only by success, and the error tells what was returned.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/syscall.h>

#include <linux/mempolicy.h>

#include "fail_native.h"
#include "native.h"

#define LENGTH (2 * MIB)

static struct hpdma_sys sys;
static uint32_t kind;

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

static int alloc(struct hpdma *ctx, const struct hpdma_buf_opts *opts,
		 struct hpdma_buf **buf)
{
	struct hpdma_error error = { 0 };
	int ret;

	*buf = SENTINEL;
	ret = hpdma_buf_alloc(ctx, LENGTH, opts, buf, &error);
	check_failure(ret, *buf, &error);
	return ret;
}

static int scenario_alloc(struct hpdma *ctx)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NODE);
	struct hpdma_buf *buf;
	int ret = alloc(ctx, &opts, &buf);

	if (!ret)
		hpdma_buf_unref(buf);
	return ret;
}

/* As where there is no place for names. */
static int no_place(const char *directory)
{
	(void)directory;
	return -EACCES;
}

static int scenario_memfd(struct hpdma *ctx)
{
	struct hpdma_buf *buf;
	int ret;

	sys.open_unnamed = no_place;
	ret = alloc(ctx, NULL, &buf);
	if (!ret)
		hpdma_buf_unref(buf);
	sys.open_unnamed = fail_open_unnamed;
	return ret;
}

static int scenario_send(struct hpdma *ctx)
{
	struct hpdma_buf *buf, *received = SENTINEL;
	struct hpdma_error error = { 0 };
	int fd = -55, ret;

	ret = alloc(ctx, NULL, &buf);
	if (ret)
		return ret;
	ret = hpdma_buf_export(buf, &fd, &error);
	CHECK_EQ(fd == -55, !!ret);
	hpdma_buf_unref(buf);
	if (ret)
		return ret;
	ret = hpdma_buf_import(ctx, fd, 0, &received, &error);
	check_failure(ret, received, &error);
	if (!ret)
		hpdma_buf_unref(received);
	close(fd);
	return ret;
}

static int name_seen;

static int see(const struct hpdma_listing *listing, void *arg)
{
	name_seen += !strcmp(listing->name, arg);
	return 0;
}

static char name[64];

static int use_name(struct hpdma *ctx, struct hpdma_buf *buf)
{
	struct hpdma_publish_opts opts = { .size = sizeof(opts), .mode = 0660 };
	struct hpdma_error error = { 0 };
	struct hpdma_buf *again = SENTINEL;
	struct hpdma_buf_info info = { .size = sizeof(info) };
	int ret;

	ret = hpdma_buf_publish(buf, name, &opts, &error);
	if (ret) {
		CHECK_EQ(error.code, ret);
		/* Nothing has changed: it can be done again. */
		fake.fail_at = 0;
		CHECK_EQ(hpdma_buf_publish(buf, name, &opts, NULL), 0);
		return ret;
	}
	ret = hpdma_buf_open(ctx, name, 0, &again, &error);
	check_failure(ret, again, &error);
	if (ret)
		return ret;
	ret = hpdma_buf_get_info(again, &info);
	hpdma_buf_unref(again);
	if (ret)
		return ret;
	name_seen = 0;
	ret = hpdma_list(ctx, 0, see, name, &error);
	if (ret)
		return ret;
	return hpdma_name_unlink(ctx, name, &error);
}

static int scenario_name(struct hpdma *ctx)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NAMEABLE);
	struct hpdma_buf *buf;
	int ret = alloc(ctx, &opts, &buf);

	if (ret)
		return ret;
	ret = use_name(ctx, buf);
	hpdma_buf_unref(buf);
	return ret;
}

static int once(int (*scenario)(struct hpdma *ctx))
{
	struct hpdma_open_opts opts = { .size = sizeof(opts), .backend = kind };
	struct hpdma_error error = { 0 };
	struct hpdma *ctx = SENTINEL;
	int ret;

	ret = hpdma_open_sys(&opts, &sys, &ctx, &error);
	check_failure(ret, ctx, &error);
	if (ret)
		return ret;
	ret = scenario(ctx);
	hpdma_unref(ctx);
	return ret;
}

/* Returns how many calls there were to fail. */
static unsigned int sweep(int (*scenario)(struct hpdma *ctx), int code)
{
	int fds = count_fds(), ret;
	unsigned int nth, survived = 0;

	for (nth = 1; nth < 2000; nth++) {
		fail_nth(nth, code);
		ret = once(scenario);
		syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
		if (count_fds() != fds || native_mappings) {
			printf("# left behind, with %d in %s\n", code,
			       fake.failed_in);
			CHECK(false);
			return 0;
		}
		if (!fake.failed)
			break;
		survived += !ret;
	}
	CHECK_EQ(ret, 0);
	CHECK(survived < nth - 1);
	return nth - 1;
}

static void sweep_all(int (*scenario)(struct hpdma *ctx), unsigned int least)
{
	static const int codes[] = { -ENOMEM, -EINTR, -EIO, -ENOSPC, -EMFILE };
	static const uint32_t kinds[] = { HPDMA_BACKEND_PLAIN,
					  HPDMA_BACKEND_HUGETLB };
	size_t i, j;

	sys = fail_native();
	for (i = 0; i < 2; i++) {
		kind = kinds[i];
		if (kind == HPDMA_BACKEND_HUGETLB && !have_huge_pages()) {
			skip("no huge pages");
			return;
		}
		for (j = 0; j < sizeof(codes) / sizeof(codes[0]); j++)
			CHECK(sweep(scenario, codes[j]) >= least);
	}
}

TEST(memory_of_a_node)
{
	sweep_all(scenario_alloc, 12);
}

/* The last page lies elsewhere. */
static int elsewhere(void **pages, int *nodes, size_t count)
{
	(void)pages;
	memset(nodes, 0, count * sizeof(*nodes));
	nodes[count - 1] = 1;
	return 0;
}

static int no_numa(void **pages, int *nodes, size_t count)
{
	(void)pages;
	(void)nodes;
	(void)count;
	return -ENOSYS;
}

TEST(memory_of_another_node_is_refused)
{
	struct hpdma_open_opts open = { .size = sizeof(open),
					.backend = HPDMA_BACKEND_PLAIN };
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NODE);
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma_error error;
	struct hpdma *ctx;
	int fds;

	fail_nth(0, 0);
	sys = fail_native();
	sys.page_nodes = elsewhere;
	REQUIRE(!hpdma_open_sys(&open, &sys, &ctx, NULL));
	fds = count_fds();
	CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_NODE);
	CHECK(buf == SENTINEL);
	CHECK_EQ(count_fds(), fds);
	CHECK_EQ(native_mappings, 0);
	sys.page_nodes = no_numa;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL));
	hpdma_buf_unref(buf);
	hpdma_unref(ctx);
}

TEST(memory_without_a_place)
{
	sweep_all(scenario_memfd, 8);
}

TEST(export_and_import)
{
	sweep_all(scenario_send, 10);
}

TEST(names)
{
	char left[128];

	snprintf(name, sizeof(name), "unit-fail-%d", getpid());
	sweep_all(scenario_name, 25);
	snprintf(left, sizeof(left), "ls /dev/shm | grep -q %s", name);
	CHECK(system(left));
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(memory_of_a_node),
		ENTRY(memory_of_another_node_is_refused),
		ENTRY(memory_without_a_place),
		ENTRY(export_and_import),
		ENTRY(names),
	};

	return RUN_TESTS(tests);
}
