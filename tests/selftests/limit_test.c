// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK. What a limit admits is measured first; then, whatever happened
 * since, it must admit exactly as much again. charge_test has the limit to the
 * page.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "common.h"

#define LIMIT_PAGES 64

FIXTURE(limit)
{
	struct state state;
	void *memory;
	int fd;
};

FIXTURE_SETUP(limit)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->memory = mmap(NULL, LIMIT_PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(limit)
{
	munmap(self->memory, LIMIT_PAGES * PAGE);
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static void set_limit(uint64_t bytes)
{
	const struct rlimit limit = { bytes, bytes };

	CHILD_CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* The longest memory that this user can still have pinned, in pages. */
static int measure(FIXTURE_DATA(limit) *self)
{
	int pages, id;

	for (pages = LIMIT_PAGES; pages; pages--) {
		struct hpdma_ioc_buf_register arg = {
			.size = sizeof(arg),
			.addr = (uintptr_t)self->memory,
			.length = pages * PAGE,
		};

		id = call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg);
		if (!id) {
			CHILD_CHECK(!buf_free(self->fd, arg.out_buf_id));
			break;
		}
		CHILD_CHECK(id == -ENOSPC);
		CHILD_CHECK(arg.out_reason == HPDMA_REASON_MEMLOCK);
	}
	return pages;
}

/* Is @pages less to be had than @before? */
static bool is_charged(FIXTURE_DATA(limit) *self, int before, int pages)
{
	return before - measure(self) == pages;
}

static int limited(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	int count, id;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	count = measure(self);
	CHILD_CHECK(count == LIMIT_PAGES);

	/* Another file, and registered memory, are charged to the same user. */
	id = alloc_contig(self->fd, 32 * PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(is_charged(self, count, 32));
	CHILD_CHECK(!buf_free(self->fd, id));
	id = register_memory(self->fd, self->memory, 8 * PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(is_charged(self, count, 8));
	CHILD_CHECK(!buf_free(self->fd, id));
	CHILD_CHECK(measure(self) == count);

	/* A run that is rounded up is charged as what it takes, and no more. */
	id = alloc_contig(self->fd, 5 * PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(is_charged(self, count, 8));
	CHILD_CHECK(!buf_free(self->fd, id));
	CHILD_CHECK(measure(self) == count);
	return 0;
}

TEST_F(limit, a_user_gets_what_his_limit_admits_and_again)
{
	EXPECT_EQ(0, in_child(limited, self));
}

static int refused(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	uint8_t *hole;
	int count, i;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	count = measure(self);
	hole = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(hole + PAGE, PAGE);
	for (i = 0; i < 2 * LIMIT_PAGES; i++) {
		struct hpdma_ioc_buf_alloc low = contig(PAGE);

		/* Fails in pinning, in allocating, and after allocating. */
		CHILD_CHECK(register_memory(self->fd, hole, 4 * PAGE) ==
			    -EFAULT);
		CHILD_CHECK(alloc_contig(self->fd, GB(1)) < 0);
		low.alignment = GB(1);
		CHILD_CHECK(alloc(self->fd, &low) < 0);
	}
	CHILD_CHECK(measure(self) == count);
	return 0;
}

TEST_F(limit, what_fails_is_not_charged)
{
	EXPECT_EQ(0, in_child(refused, self));
}

static int allocate_for_parent(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	CHILD_CHECK(alloc_contig(self->fd, 32 * PAGE) == 1);
	return 0;
}

static int measure_alone(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	return measure(self);
}

/* Root frees, the user's account is relieved; and only it. */
TEST_F(limit, who_was_charged_is_uncharged_whoever_frees)
{
	int before = in_child(measure_alone, self), left;

	EXPECT_EQ(0, in_child(allocate_for_parent, self));
	left = in_child(measure_alone, self);
	EXPECT_EQ(before - 32, left);
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_EQ(before, in_child(measure_alone, self));
}

/* The buffer lives on in a mapping, and so does its charge. */
static int free_while_mapped(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	int count, id;
	void *p;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	count = measure(self);
	id = alloc_contig(self->fd, 16 * PAGE);
	p = map_cookie(self->fd, id, 16 * PAGE, PROT_READ, 0);
	CHILD_CHECK(p);
	CHILD_CHECK(!buf_free(self->fd, id));
	CHILD_CHECK(is_charged(self, count, 16));
	munmap(p, 16 * PAGE);
	CHILD_CHECK(measure(self) == count);
	return 0;
}

TEST_F(limit, the_charge_ends_with_the_memory)
{
	EXPECT_EQ(0, in_child(free_while_mapped, self));
}

static int hugetlb_limited(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	struct hpdma_ioc_buf_alloc wish = hugetlb(2 * HUGE_PAGE);
	long before = pool_free();
	int id;

	set_limit(2 * HUGE_PAGE - PAGE);
	become(NOBODY);
	CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish) == -ENOSPC);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_MEMLOCK);
	CHILD_CHECK(pool_free() == before);
	id = alloc_hugetlb(self->fd, HUGE_PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(alloc_hugetlb(self->fd, HUGE_PAGE) == -ENOSPC);
	CHILD_CHECK(!buf_free(self->fd, id));
	id = alloc_hugetlb(self->fd, HUGE_PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!buf_free(self->fd, id));
	return 0;
}

TEST_F(limit, huge_pages_are_charged_too)
{
	if (pool_free() < 2)
		SKIP(return, "no huge pages in the pool");
	EXPECT_EQ(0, in_child(hugetlb_limited, self));
}

static int unlimited(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	int id;

	set_limit(0);
	id = alloc_contig(self->fd, MB(1));
	CHILD_CHECK(id > 0);
	/* Freed by one who is limited, and was never charged. */
	drop_capability(CAP_IPC_LOCK);
	CHILD_CHECK(!buf_free(self->fd, id));
	CHILD_CHECK(alloc_contig(self->fd, PAGE) == -ENOSPC);
	return 0;
}

TEST_F(limit, ipc_lock_is_not_limited)
{
	EXPECT_EQ(0, in_child(unlimited, self));
}

/* Past RLIMIT_FSIZE the kernel's own way to say so is a deadly signal. */
static int file_limited(void *arg)
{
	const struct rlimit limit = { MB(3), MB(3) };
	FIXTURE_DATA(limit) *self = arg;
	struct hpdma_ioc_buf_alloc wish = hugetlb(2 * HUGE_PAGE);
	int id;

	CHILD_CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish) == -ENOSPC);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_FSIZE);
	id = alloc_hugetlb(self->fd, HUGE_PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!buf_free(self->fd, id));
	id = alloc_contig(self->fd, MB(4));
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!buf_free(self->fd, id));
	return 0;
}

TEST_F(limit, the_file_size_limit_is_an_error_and_no_signal)
{
	if (pool_free() < 2)
		SKIP(return, "no huge pages in the pool");
	EXPECT_EQ(0, in_child(file_limited, self));
}

/* Whoever locks all he maps cannot map what is beyond his limit. */
static int locks_all(void *arg)
{
	FIXTURE_DATA(limit) *self = arg;
	struct hpdma_ioc_buf_alloc wish = hugetlb(2 * HUGE_PAGE);
	int ret;

	set_limit(2 * HUGE_PAGE + 16 * PAGE);
	become(NOBODY);
	CHILD_CHECK(!mlockall(MCL_FUTURE));
	CHILD_CHECK(mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish);
	/* Newer kernels pin the file without mapping it. */
	if (!ret) {
		CHILD_CHECK(!buf_free(self->fd, wish.out_buf_id));
		return 0;
	}
	CHILD_CHECK(ret == -ENOSPC);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_MEMLOCK);
	return 0;
}

TEST_F(limit, locking_all_is_no_leak)
{
	if (pool_free() < 2)
		SKIP(return, "no huge pages in the pool");
	EXPECT_EQ(0, in_child(locks_all, self));
}

/* 5 GiB would be 2^20 pages and some more: nothing wraps. */
static int enormous(void *arg)
{
	static const uint64_t lengths[] = { MB(4), GB(4), GB(5), 1ULL << 40 };
	FIXTURE_DATA(limit) *self = arg;
	unsigned int i;

	set_limit(LIMIT_PAGES * PAGE);
	become(NOBODY);
	for (i = 0; i < 4; i++) {
		struct hpdma_ioc_buf_alloc wish = hugetlb(lengths[i]);

		CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_ALLOC, &wish) ==
			    -ENOSPC);
		CHILD_CHECK(register_memory(self->fd, (void *)PAGE,
					    lengths[i]) == -ENOSPC);
	}
	return 0;
}

TEST_F(limit, no_length_gets_round_the_limit)
{
	EXPECT_EQ(0, in_child(enormous, self));
}

TEST_HARNESS_MAIN
