// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroups: huge pages count for the hugetlb cgroup of who allocates them, pages of
 * the page allocator for his memory cgroup, and a limit is an error, not a kill.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "common.h"

#define ROOT "/sys/fs/cgroup/"
#define GROUP ROOT "hpdma_test/"
#define SLACK MB(1)

FIXTURE(cgroup)
{
	struct state state;
	int fd;
};

static bool has_controller(const char *name)
{
	char text[256];

	return read_text(ROOT "cgroup.controllers", text, sizeof(text)) &&
	       strstr(text, name);
}

static long long value(const char *name)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), GROUP "%s", name);
	return read_text(path, text, sizeof(text)) ? atoll(text) : -1;
}

static bool set(const char *name, long long number)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), GROUP "%s", name);
	snprintf(text, sizeof(text), "%lld", number);
	return write_text(path, text);
}

/* A line "WORD number" of a file of the group. */
static long long events(const char *name, const char *word)
{
	char path[128];

	snprintf(path, sizeof(path), GROUP "%s", name);
	return number_in(path, word);
}

FIXTURE_SETUP(cgroup)
{
	state_take(&self->state);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	if (!has_controller("memory") && !has_controller("hugetlb"))
		SKIP(return, "no cgroup2 at " ROOT);
	write_text(ROOT "cgroup.subtree_control", "+memory");
	write_text(ROOT "cgroup.subtree_control", "+hugetlb");
	ASSERT_EQ(0, mkdir(GROUP, 0755));
}

FIXTURE_TEARDOWN(cgroup)
{
	int tries = 100;

	close(self->fd);
	while (rmdir(GROUP) && errno == EBUSY && tries--)
		usleep(10000);
	EXPECT_TRUE(state_is(&self->state));
}

static void enter(void)
{
	CHILD_CHECK(write_text(GROUP "cgroup.procs", "0"));
}

/* What is charged goes back late. */
static bool comes_down_to(const char *name, long long most)
{
	int tries;

	for (tries = 0; tries < 200; tries++) {
		if (value(name) <= most)
			return true;
		usleep(10000);
	}
	fprintf(stderr, "# %s: %lld, not %lld\n", name, value(name), most);
	return false;
}

static int take_huge(void *arg)
{
	FIXTURE_DATA(cgroup) *self = arg;
	struct hpdma_ioc_buf_alloc wish = hugetlb(3 * HUGE_PAGE);
	long long before = pool_free();
	int id;

	enter();
	CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish) == -ENOMEM);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_HUGEPAGES);
	CHILD_CHECK(pool_free() == before);
	CHILD_CHECK(comes_down_to("hugetlb.2MB.current", 0));
	id = alloc_hugetlb(self->fd, 2 * HUGE_PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(value("hugetlb.2MB.current") == 2 * HUGE_PAGE);
	CHILD_CHECK(alloc_hugetlb(self->fd, HUGE_PAGE) == -ENOMEM);
	CHILD_CHECK(!buf_free(self->fd, id));
	CHILD_CHECK(comes_down_to("hugetlb.2MB.current", 0));
	/* One is left behind, to be freed by somebody outside. */
	CHILD_CHECK(alloc_hugetlb(self->fd, HUGE_PAGE) > 0);
	return 0;
}

TEST_F(cgroup, huge_pages)
{
	if (!has_controller("hugetlb"))
		SKIP(return, "no hugetlb cgroup");
	if (pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	ASSERT_TRUE(set("hugetlb.2MB.max", 2 * HUGE_PAGE));
	EXPECT_EQ(0, in_child(take_huge, self));
	EXPECT_EQ(HUGE_PAGE, value("hugetlb.2MB.current"));
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_TRUE(comes_down_to("hugetlb.2MB.current", 0));
}

static int take_contig(void *arg)
{
	FIXTURE_DATA(cgroup) *self = arg;
	struct hpdma_ioc_buf_alloc wish = contig(MB(2));
	long long before;
	int i, id;

	enter();
	/* What this process needs itself is there before the limit is. */
	id = alloc_contig(self->fd, PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!buf_free(self->fd, id));
	before = value("memory.current");
	id = alloc_contig(self->fd, MB(2));
	CHILD_CHECK(id > 0);
	CHILD_CHECK(value("memory.current") >=
		    before + (long long)(MB(2) - SLACK));
	CHILD_CHECK(set("memory.max", value("memory.current") + MB(1)));
	for (i = 0; i < 5; i++) {
		CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish) ==
			    -ENOMEM);
		/* What fits, fits: the failed one is not charged. */
		CHILD_CHECK(alloc_contig(self->fd, KB(64)) > 0);
	}
	for (i = 1; i <= 6; i++)
		CHILD_CHECK(!buf_free(self->fd, i));
	CHILD_CHECK(comes_down_to("memory.current", before + SLACK));
	CHILD_CHECK(alloc_contig(self->fd, MB(2)) > 0);
	return 0;
}

TEST_F(cgroup, contiguous_memory)
{
	struct utsname name;
	long long before;

	if (!has_controller("memory"))
		SKIP(return, "no memory cgroup");
	uname(&name);
	if (!strncmp(name.release, "5.10.", 5))
		SKIP(return, "5.10 does not charge pages that are mapped");
	EXPECT_EQ(0, in_child(take_contig, self));
	EXPECT_EQ(0, events("memory.events", "oom_kill"));
	/* The dead child's memory, freed by us. */
	before = value("memory.current");
	EXPECT_LE((long long)MB(2), before);
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_TRUE(comes_down_to("memory.current", before - MB(2)));
}

TEST_HARNESS_MAIN
