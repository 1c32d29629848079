// SPDX-License-Identifier: GPL-2.0-only
/* The quota: what it admits, to the byte and the buffer, and whom it counts. */
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "common.h"
#include "usage.h"

#define USER 4301
#define OTHER 4302

FIXTURE(quota)
{
	struct state state;
	int fd;
	int other;
};

FIXTURE_SETUP(quota)
{
	ASSERT_EQ(0, limit_pages(MOST_PAGES));
	state_take(&self->state);
	self->fd = open_node();
	self->other = open_node();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(quota)
{
	close(self->fd);
	close(self->other);
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
	EXPECT_TRUE(set_quota(0, 0));
	EXPECT_TRUE(state_is(&self->state));
}

/* Fails for this reason, and writes nothing else. */
static bool refused(int fd, struct hpdma_ioc_buf_alloc wish, uint32_t reason)
{
	struct hpdma_ioc_buf_alloc asked = wish;

	if (call(fd, HPDMA_IOC_BUF_ALLOC, &wish) != -ENOSPC)
		return false;
	if (wish.out_reason != reason)
		return false;
	wish.out_reason = asked.out_reason;
	return !memcmp(&wish, &asked, sizeof(wish));
}

static bool info_says(int fd, uint64_t bytes, uint64_t buffers)
{
	struct hpdma_ioc_info info;

	return !info_of(fd, &info) && info.out_used_bytes == bytes &&
	       info.out_used_buffers == buffers;
}

static int uses_bytes(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;
	struct hpdma_ioc_info info;
	int first, second;

	become(USER);
	CHILD_CHECK(!info_of(self->fd, &info));
	CHILD_CHECK(info.out_quota_bytes == 16 * PAGE);
	CHILD_CHECK(info.out_quota_buffers == 0);
	CHILD_CHECK(
		refused(self->fd, contig(32 * PAGE), HPDMA_REASON_QUOTA_BYTES));
	first = alloc_contig(self->fd, 8 * PAGE);
	CHILD_CHECK(first > 0);
	/* Another file is the same user's, and a run is rounded up. */
	second = alloc_contig(self->other, 5 * PAGE);
	CHILD_CHECK(second > 0);
	CHILD_CHECK(info_says(self->fd, 16 * PAGE, 2));
	CHILD_CHECK(refused(self->fd, contig(PAGE), HPDMA_REASON_QUOTA_BYTES));
	CHILD_CHECK(!buf_free(self->other, second));
	CHILD_CHECK(info_says(self->fd, 8 * PAGE, 1));
	CHILD_CHECK(
		refused(self->fd, contig(9 * PAGE), HPDMA_REASON_QUOTA_BYTES));
	CHILD_CHECK(alloc_contig(self->fd, 8 * PAGE) > 0);
	CHILD_CHECK(
		refused(self->fd, contig(GB(64)), HPDMA_REASON_QUOTA_BYTES));
	return 0;
}

TEST_F(quota, of_bytes)
{
	ASSERT_TRUE(set_quota(16 * PAGE, 0));
	EXPECT_EQ(0, in_child(uses_bytes, self));
	/* Root has CAP_SYS_RESOURCE, and is another user. */
	EXPECT_LT(0, alloc_contig(self->fd, 64 * PAGE));
	EXPECT_TRUE(info_says(self->fd, 64 * PAGE, 1));
}

static int uses_buffers(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;
	struct hpdma_ioc_buf_register reg = { .size = sizeof(reg) };
	int ids[3], i;

	become(USER);
	reg.length = PAGE;
	reg.addr = (uintptr_t)mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 3; i++) {
		ids[i] = alloc_contig(self->fd, PAGE);
		CHILD_CHECK(ids[i] > 0);
	}
	CHILD_CHECK(
		refused(self->fd, contig(PAGE), HPDMA_REASON_QUOTA_BUFFERS));
	CHILD_CHECK(refused(self->fd, hugetlb(HUGE_PAGE),
			    HPDMA_REASON_QUOTA_BUFFERS));
	CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_REGISTER, &reg) == -ENOSPC);
	CHILD_CHECK(reg.out_reason == HPDMA_REASON_QUOTA_BUFFERS);
	CHILD_CHECK(!buf_free(self->fd, ids[1]));
	CHILD_CHECK(!call(self->fd, HPDMA_IOC_BUF_REGISTER, &reg));
	CHILD_CHECK(
		refused(self->fd, contig(PAGE), HPDMA_REASON_QUOTA_BUFFERS));
	return 0;
}

static int alloc_one(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;

	become(OTHER);
	CHILD_CHECK(info_says(self->other, 0, 0));
	CHILD_CHECK(alloc_contig(self->other, PAGE) > 0);
	return 0;
}

TEST_F(quota, of_buffers)
{
	ASSERT_TRUE(set_quota(0, 3));
	EXPECT_EQ(0, in_child(uses_buffers, self));
	EXPECT_EQ(0, in_child(alloc_one, self));
}

/* Neither right nor the lack of it where the other one is asked for. */
static int has_one_right(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;
	const bool resource = has_capability(CAP_SYS_RESOURCE);

	CHILD_CHECK(!limit_pages(0));
	CHILD_CHECK(!setresuid(USER, 0, 0));
	if (resource) {
		drop_capability(CAP_IPC_LOCK);
		CHILD_CHECK(
			refused(self->fd, contig(PAGE), HPDMA_REASON_MEMLOCK));
		CHILD_CHECK(!limit_pages(4));
		CHILD_CHECK(alloc_contig(self->fd, 4 * PAGE) > 0);
		CHILD_CHECK(info_says(self->fd, 4 * PAGE, 1));
	} else {
		CHILD_CHECK(refused(self->fd, contig(4 * PAGE),
				    HPDMA_REASON_QUOTA_BYTES));
		CHILD_CHECK(alloc_contig(self->fd, 2 * PAGE) > 0);
	}
	return 0;
}

static int has_other_right(void *arg)
{
	CHILD_CHECK(!limit_pages(0));
	drop_capability(CAP_SYS_RESOURCE);
	return has_one_right(arg);
}

TEST_F(quota, sys_resource_is_not_limited_but_counted)
{
	ASSERT_TRUE(set_quota(2 * PAGE, 0));
	EXPECT_EQ(0, in_child(has_one_right, self));
	close(self->fd);
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
	self->fd = open_node();
	EXPECT_EQ(0, in_child(has_other_right, self));
}

/* Root of a namespace of his own has every right there, and none here. */
static int root_of_namespace(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;

	become(USER);
	if (unshare(CLONE_NEWUSER))
		return 77;
	CHILD_CHECK(has_capability(CAP_SYS_RESOURCE));
	CHILD_CHECK(
		refused(self->fd, contig(4 * PAGE), HPDMA_REASON_QUOTA_BYTES));
	CHILD_CHECK(alloc_contig(self->fd, 2 * PAGE) > 0);
	CHILD_CHECK(info_says(self->fd, 2 * PAGE, 1));
	return 0;
}

TEST_F(quota, a_user_namespace_is_no_way_out)
{
	int ret;

	ASSERT_TRUE(set_quota(2 * PAGE, 0));
	ret = in_child(root_of_namespace, self);
	if (ret == 77)
		SKIP(return, "no user namespaces for users");
	EXPECT_EQ(0, ret);
	/* Asking takes a little of it. */
	ASSERT_TRUE(set_quota(0, 0));
	EXPECT_TRUE(usage_is(USER, 2 * PAGE, 1, 2));
}

static int allocs_two(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;

	become(USER);
	return alloc_contig(self->fd, PAGE) > 0 &&
			       alloc_contig(self->fd, PAGE) > 0 ?
		       0 :
		       1;
}

static int is_refused(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;

	become(USER);
	CHILD_CHECK(
		refused(self->fd, contig(PAGE), HPDMA_REASON_QUOTA_BUFFERS));
	return 0;
}

/* A limit below what is there takes nothing away. */
TEST_F(quota, lowered_and_raised)
{
	EXPECT_EQ(0, in_child(allocs_two, self));
	ASSERT_TRUE(set_quota(0, 1));
	EXPECT_EQ(0, in_child(is_refused, self));
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_EQ(0, in_child(is_refused, self));
	ASSERT_TRUE(set_quota(0, 3));
	EXPECT_EQ(0, in_child(allocs_two, self));
	EXPECT_EQ(0, in_child(is_refused, self));
	ASSERT_TRUE(set_quota(0, 0));
}

/* What fails later, in every way, is not counted. */
static int fails(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;
	struct hpdma_ioc_buf_alloc *blind;
	int i;

	become(USER);
	blind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*blind = contig(PAGE);
	CHILD_CHECK(!mprotect(blind, PAGE, PROT_READ));
	for (i = 0; i < 10; i++) {
		struct hpdma_ioc_buf_alloc high = contig(PAGE);

		CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, blind) ==
			    -EFAULT);
		CHILD_CHECK(register_memory(self->fd, (void *)PAGE, PAGE) ==
			    -EFAULT);
		high.min_segment = PAGE;
		high.alignment = GB(1);
		CHILD_CHECK(alloc(self->fd, &high) < 0);
	}
	/* The memory goes late, with the last reference to its file. */
	for (i = 0; i < 100 && !info_says(self->fd, 0, 0); i++)
		usleep(10000);
	CHILD_CHECK(info_says(self->fd, 0, 0));
	return 0;
}

TEST_F(quota, what_fails_is_not_counted)
{
	EXPECT_EQ(0, in_child(fails, self));
}

#define THREADS 8
#define ROUNDS 300
#define RACED 10

struct race {
	int fd;
	int held;
	int most;
	int refused;
	int wrong;
};

static void *race(void *arg)
{
	struct race *race = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		int id = alloc_contig(race->fd, PAGE), now;

		if (id == -ENOSPC) {
			__atomic_add_fetch(&race->refused, 1, __ATOMIC_RELAXED);
			sched_yield();
			continue;
		}
		if (id < 0) {
			__atomic_store_n(&race->wrong, -id, __ATOMIC_RELAXED);
			break;
		}
		/* Counted by us while it is surely counted by the module. */
		now = __atomic_add_fetch(&race->held, 1, __ATOMIC_SEQ_CST);
		if (now > __atomic_load_n(&race->most, __ATOMIC_RELAXED))
			__atomic_store_n(&race->most, now, __ATOMIC_RELAXED);
		if (i % 16 == 0)
			usleep(100);
		__atomic_sub_fetch(&race->held, 1, __ATOMIC_SEQ_CST);
		buf_free(race->fd, id);
	}
	/* And at the end, as much as there is. */
	while (alloc_contig(race->fd, PAGE) > 0)
		__atomic_add_fetch(&race->held, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static int races(void *arg)
{
	FIXTURE_DATA(quota) *self = arg;
	struct race shared = { .fd = self->fd };
	pthread_t threads[THREADS];
	struct hpdma_ioc_info info;
	int i;

	become(USER);
	for (i = 0; i < THREADS; i++)
		CHILD_CHECK(!pthread_create(&threads[i], NULL, race, &shared));
	for (i = 0; i < 200; i++) {
		CHILD_CHECK(!info_of(self->fd, &info));
		CHILD_CHECK(info.out_used_buffers <= RACED);
		CHILD_CHECK(info.out_used_bytes ==
			    info.out_used_buffers * PAGE);
		usleep(1000);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHILD_CHECK(!shared.wrong);
	CHILD_CHECK(shared.most <= RACED);
	/* Each thread went on until it was refused: all is in use. */
	while (alloc_contig(self->fd, PAGE) > 0)
		shared.held++;
	CHILD_CHECK(shared.held == RACED);
	return 0;
}

TEST_F(quota, many_threads_never_exceed_it)
{
	ASSERT_TRUE(set_quota(RACED * PAGE, 0));
	EXPECT_EQ(0, in_child(races, self));
}

TEST_HARNESS_MAIN
