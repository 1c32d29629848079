// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is charged, to the page, and to whom: on every backing, whoever creates,
 * inherits, receives and frees, and however processes end.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "common.h"
#include "usage.h"

#define USER 4201
#define OTHER 4202

FIXTURE(charge)
{
	struct state state;
	uint32_t backing;
	uint64_t length;
	uint64_t pages;
	void *memory;
	int fd;
	int id;
	int pair[2];
};

FIXTURE_VARIANT(charge)
{
	uint32_t backing;
	uint64_t length;
};

FIXTURE_VARIANT_ADD(charge, contig){
	.backing = HPDMA_BACKING_CONTIG,
	.length = 16 * PAGE,
};

FIXTURE_VARIANT_ADD(charge, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
	.length = 2 * HUGE_PAGE,
};

FIXTURE_VARIANT_ADD(charge, user){
	.backing = HPDMA_BACKING_USER,
	.length = 17 * PAGE,
};

FIXTURE_SETUP(charge)
{
	if (variant->backing == HPDMA_BACKING_HUGETLB && pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	/* Old kernels' own limit is too low for all of this. */
	ASSERT_EQ(0, limit_pages(MOST_PAGES));
	state_take(&self->state);
	self->backing = variant->backing;
	self->length = variant->length;
	self->pages = variant->length / PAGE;
	self->memory = mmap(NULL, variant->length, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(usage_is(USER, 0, 0, 0));
	ASSERT_TRUE(usage_is(OTHER, 0, 0, 0));
}

FIXTURE_TEARDOWN(charge)
{
	close(self->pair[0]);
	close(self->pair[1]);
	if (self->fd >= 0)
		close(self->fd);
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
	EXPECT_TRUE(usage_is(OTHER, 0, 0, 0));
	munmap(self->memory, self->length);
	EXPECT_TRUE(state_is(&self->state));
}

static int make(FIXTURE_DATA(charge) *self, int fd, uint64_t length)
{
	switch (self->backing) {
	case HPDMA_BACKING_CONTIG:
		return alloc_contig(fd, length);
	case HPDMA_BACKING_HUGETLB:
		return alloc_hugetlb(fd, length);
	default:
		return register_memory(fd, self->memory, length);
	}
}

/* Is one buffer, and nothing else, charged to the user? */
static bool charged(FIXTURE_DATA(charge) *self)
{
	return usage_is(USER, self->length, 1, self->pages);
}

static int exact(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;
	int id;

	CHILD_CHECK(!limit_pages(MOST_PAGES));
	become(USER);
	CHILD_CHECK(!limit_pages(self->pages - 1));
	CHILD_CHECK(make(self, self->fd, self->length) == -ENOSPC);
	CHILD_CHECK(!limit_pages(self->pages));
	id = make(self, self->fd, self->length);
	CHILD_CHECK(id > 0);
	/* What is left over is one page, which is not enough for anything. */
	CHILD_CHECK(!limit_pages(self->pages + 1));
	CHILD_CHECK(alloc_contig(self->fd, PAGE) == -ENOSPC);
	CHILD_CHECK(!limit_pages(self->pages + 2));
	CHILD_CHECK(alloc_contig(self->fd, PAGE) > 0);
	CHILD_CHECK(alloc_contig(self->fd, PAGE) == -ENOSPC);
	return 0;
}

TEST_F(charge, the_limit_is_exact)
{
	EXPECT_EQ(0, in_child(exact, self));
	/* The file is ours too: it holds both. */
	EXPECT_TRUE(usage_is(USER, self->length + PAGE, 2, self->pages + 2));
}

static int make_and_exit(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;

	become(USER);
	return make(self, self->fd, self->length) == 1 ? 0 : 1;
}

/* A child made it by an inherited file; it, and then the parent, goes on. */
TEST_F(charge, a_buffer_made_after_fork)
{
	EXPECT_EQ(0, in_child(make_and_exit, self));
	EXPECT_TRUE(charged(self));
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

/* The child of who made it shares it, and is not charged for it. */
static int fork_and_exit(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;
	int i;

	become(USER);
	CHILD_CHECK(make(self, self->fd, self->length) == 1);
	if (self->backing != HPDMA_BACKING_USER)
		CHILD_CHECK(map_cookie(self->fd, 1, self->length,
				       PROT_READ | PROT_WRITE, 0));
	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		CHILD_CHECK(!wait_child(pid));
	}
	return 0;
}

TEST_F(charge, fork_charges_nothing)
{
	EXPECT_EQ(0, in_child(fork_and_exit, self));
	EXPECT_TRUE(charged(self));
}

static int make_and_stay(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;
	int fd = open_node();

	become(USER);
	CHILD_CHECK(make(self, fd, self->length) == 1);
	if (self->backing != HPDMA_BACKING_USER) {
		CHILD_CHECK(map_cookie(fd, 1, self->length,
				       PROT_READ | PROT_WRITE, 0));
		CHILD_CHECK(buf_export(fd, 1) >= 0);
	}
	CHILD_CHECK(write(self->pair[1], "", 1) == 1);
	pause();
	return 0;
}

TEST_F(charge, a_killed_process_leaves_no_charge)
{
	pid_t pid = fork();
	char c;

	if (!pid)
		_exit(make_and_stay(self));
	ASSERT_EQ(1, read(self->pair[0], &c, 1));
	EXPECT_TRUE(charged(self));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

static int make_and_exec(FIXTURE_DATA(charge) *self, bool keep)
{
	int fd = open_node();

	become(USER);
	CHILD_CHECK(make(self, fd, self->length) == 1);
	CHILD_CHECK(!fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC));
	CHILD_CHECK(!fcntl(self->pair[1], F_SETFD, FD_CLOEXEC));
	/* Closed by exec: who reads the other end knows. */
	execl("/bin/sleep", "sleep", "2", NULL);
	return 1;
}

static void exec_with(struct __test_metadata *_metadata,
		      FIXTURE_DATA(charge) *self, bool keep)
{
	pid_t pid = fork();
	char c;

	if (!pid)
		_exit(make_and_exec(self, keep));
	close(self->pair[1]);
	EXPECT_EQ(0, read(self->pair[0], &c, 1));
	EXPECT_TRUE(keep ? charged(self) : usage_is(USER, 0, 0, 0));
	/* It is still there. */
	EXPECT_EQ(0, kill(pid, 0));
	kill(pid, SIGKILL);
	wait_child(pid);
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

TEST_F(charge, exec_closes)
{
	exec_with(_metadata, self, false);
}

TEST_F(charge, exec_keeps)
{
	exec_with(_metadata, self, true);
}

/* Charged is who the caller really is; freed it is by another. */
static int change_user(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;

	drop_capability(CAP_IPC_LOCK);
	CHILD_CHECK(!limit_pages(MOST_PAGES));
	CHILD_CHECK(!setresuid(USER, OTHER, 0));
	CHILD_CHECK(make(self, self->fd, self->length) == 1);
	CHILD_CHECK(!setresuid(OTHER, OTHER, OTHER));
	CHILD_CHECK(write(self->pair[1], "", 1) == 1);
	CHILD_CHECK(read(self->pair[1], &(char){ 0 }, 1) == 1);
	return buf_free(self->fd, 1) ? 1 : 0;
}

TEST_F(charge, setuid_moves_no_charge)
{
	pid_t pid = fork();
	char c;

	if (!pid)
		_exit(change_user(self));
	ASSERT_EQ(1, read(self->pair[0], &c, 1));
	EXPECT_TRUE(charged(self));
	EXPECT_TRUE(usage_is(OTHER, 0, 0, 0));
	ASSERT_EQ(1, write(self->pair[0], "", 1));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

static int make_and_send(FIXTURE_DATA(charge) *self, bool export)
{
	int fd = open_node();

	become(USER);
	CHILD_CHECK(make(self, fd, self->length) == 1);
	CHILD_CHECK(!send_fd(self->pair[1], export ? buf_export(fd, 1) : fd));
	raise(SIGKILL);
	return 1;
}

static int hold_as_other(void *arg)
{
	become(OTHER);
	CHILD_CHECK(fcntl(*(int *)arg, F_DUPFD_CLOEXEC, 0) >= 0);
	return 0;
}

/* Its maker is dead, and another user has it: the maker's user is charged. */
static void receive(struct __test_metadata *_metadata,
		    FIXTURE_DATA(charge) *self, bool export)
{
	pid_t pid = fork();
	int fd;

	if (!pid)
		_exit(make_and_send(self, export));
	fd = receive_fd(self->pair[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(0, in_child(hold_as_other, &fd));
	EXPECT_TRUE(charged(self));
	EXPECT_TRUE(usage_is(OTHER, 0, 0, 0));
	close(fd);
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

TEST_F(charge, a_file_that_was_sent)
{
	receive(_metadata, self, false);
}

TEST_F(charge, a_dma_buf_that_was_sent)
{
	if (variant->backing == HPDMA_BACKING_USER)
		SKIP(return, "registered memory is not exported");
	receive(_metadata, self, true);
}

/* CAP_IPC_LOCK frees from the limit, but not from being counted. */
static int without_limit(void *arg)
{
	FIXTURE_DATA(charge) *self = arg;

	CHILD_CHECK(!limit_pages(0));
	drop_capability(CAP_SYS_RESOURCE);
	CHILD_CHECK(!setresuid(USER, 0, 0));
	CHILD_CHECK(make(self, self->fd, self->length) == 1);
	return 0;
}

TEST_F(charge, ipc_lock_is_counted_only)
{
	EXPECT_EQ(0, in_child(without_limit, self));
	EXPECT_TRUE(usage_is(USER, self->length, 1, 0));
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_TRUE(usage_is(USER, 0, 0, 0));
}

TEST_HARNESS_MAIN
