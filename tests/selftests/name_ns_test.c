// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and PID namespaces: each has names of its own, and with it go those that
 * would otherwise never go.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "name_common.h"

#define RW (PROT_READ | PROT_WRITE)
#define LIMIT "/proc/sys/user/max_pid_namespaces"
#define MANY 16

FIXTURE(space)
{
	struct state state;
	long long names;
	int fd;
	int id;
};

FIXTURE_SETUP(space)
{
	state_take(&self->state);
	self->names = name_count();
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->id = alloc_contig(self->fd, PAGE);
	ASSERT_LT(0, self->id);
}

/* The names of a namespace that is gone may last a second longer. */
static bool returns_to(const struct state *state, long long names)
{
	int tries;

	for (tries = 0; tries < 500; tries++) {
		if (name_count() <= names)
			break;
		usleep(10000);
	}
	return state_is(state);
}

FIXTURE_TEARDOWN(space)
{
	close(self->fd);
	EXPECT_TRUE(returns_to(&self->state, self->names));
}

/*
 * Starts the first process of a new namespace. Return: its number here. The
 * parent's own number for it does not change by that.
 */
static pid_t start_space(int (*run)(void *arg), void *arg)
{
	pid_t pid;
	int pair[2];
	bool good;

	fflush(NULL);
	if (pipe(pair))
		return -errno;
	/* One process in between: a process cannot change its own. */
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(77);
		pid = fork();
		if (!pid) {
			CHILD_CHECK(getpid() == 1);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(run(arg));
		}
		CHILD_CHECK(write(pair[1], &pid, sizeof(pid)) == sizeof(pid));
		_exit(wait_child(pid));
	}
	close(pair[1]);
	good = read(pair[0], &pid, sizeof(pid)) == sizeof(pid);
	close(pair[0]);
	if (!good)
		wait_child(-1);
	return good ? pid : -ENOSPC;
}

/* Waits for what start_space() made. Return: its status. */
static int wait_space(void)
{
	return wait_child(-1);
}

static int in_space(int (*run)(void *arg), void *arg)
{
	pid_t pid = start_space(run, arg);

	return pid < 0 ? pid : wait_space();
}

static bool fill(int fd, int id, int byte)
{
	uint8_t *p = map_cookie(fd, id, PAGE, RW, 0);

	if (!p)
		return false;
	memset(p, byte, PAGE);
	munmap(p, PAGE);
	return true;
}

static int content(int fd, int id)
{
	uint8_t *p = map_cookie(fd, id, PAGE, RW, 0);
	int byte;

	if (!p)
		return -1;
	byte = *p;
	munmap(p, PAGE);
	return byte;
}

static int use_own(void *arg)
{
	/* A file from outside: it is the caller whose namespace counts. */
	int fd = *(int *)arg, id;

	CHILD_CHECK(name_open(fd, "outer") == -ENOENT);
	CHILD_CHECK(name_unlink(fd, "outer") == -ENOENT);
	CHILD_CHECK(name_open(fd, "both") == -ENOENT);
	id = alloc_contig(fd, PAGE);
	CHILD_CHECK(fill(fd, id, 0x22));
	CHILD_CHECK(!name_publish(fd, id, "both", 0));
	id = name_open(fd, "both");
	CHILD_CHECK(id > 0);
	CHILD_CHECK(content(fd, id) == 0x22);
	/* What has a name outside has one, though not one to be seen. */
	CHILD_CHECK(name_publish(fd, 1, "mine", 0) == -EBUSY);
	return 0;
}

TEST_F(space, has_its_own_names)
{
	int second = alloc_contig(self->fd, PAGE), id;

	ASSERT_TRUE(fill(self->fd, self->id, 0x11));
	ASSERT_EQ(0, name_publish(self->fd, self->id, "both", 0));
	ASSERT_EQ(0, name_publish(self->fd, second, "outer", PERSISTENT));
	EXPECT_EQ(0, in_space(use_own, &self->fd));
	id = name_open(self->fd, "both");
	EXPECT_EQ(0x11, content(self->fd, id));
	EXPECT_LT(0, name_open(self->fd, "outer"));
	EXPECT_EQ(0, name_unlink(self->fd, "outer"));
}

/* Return: 0 if only what is of this namespace is seen. */
static int see(void *arg)
{
	int fd = *(int *)arg;

	if (name_open(fd, "outer") != -ENOENT)
		return 2;
	return name_open(fd, "inner") > 0 ? 0 : 1;
}

static int publish_inside(void *arg)
{
	int fd = open_node(), id = alloc_contig(fd, PAGE);

	CHILD_CHECK(!name_publish(fd, id, "inner", PERSISTENT));
	close(fd);
	/* Another process of the same namespace, then one of an inner one. */
	CHILD_CHECK(!in_child(see, arg));
	CHILD_CHECK(in_space(see, arg) == 1);
	/* By whose death ours has not ended, in a few looks of the reaper. */
	usleep(2500000);
	CHILD_CHECK(name_open(*(int *)arg, "inner") > 0);
	/* Who is to have children elsewhere is himself still here. */
	CHILD_CHECK(!unshare(CLONE_NEWPID));
	CHILD_CHECK(name_open(*(int *)arg, "inner") > 0);
	return 0;
}

TEST_F(space, is_not_the_one_within_it)
{
	int second = alloc_contig(self->fd, PAGE);

	ASSERT_EQ(0, name_publish(self->fd, second, "outer", PERSISTENT));
	EXPECT_EQ(0, in_space(publish_inside, &self->fd));
	EXPECT_EQ(-ENOENT, name_open(self->fd, "inner"));
	EXPECT_EQ(0, name_unlink(self->fd, "outer"));
}

static int leave_names(void *arg)
{
	int fd = open_node(), i;
	char text[16];

	for (i = 0; i < 20; i++) {
		int id = i % 2 ? alloc_contig(fd, MB(1)) :
				 alloc_hugetlb(fd, HUGE_PAGE);

		if (id == -ENOMEM)
			continue;
		snprintf(text, sizeof(text), "left%d", i);
		CHILD_CHECK(!name_publish(fd, id, text, PERSISTENT));
	}
	return 0;
}

/* Without anybody's asking. */
TEST_F(space, takes_its_persistent_names_with_it)
{
	struct state state;

	state_take(&state);
	EXPECT_EQ(0, in_space(leave_names, NULL));
	EXPECT_TRUE(returns_to(&state, self->names));
}

static int leave_and_wait(void *arg)
{
	leave_names(NULL);
	if (write(*(int *)arg, "", 1) == 1)
		pause();
	return 1;
}

TEST_F(space, takes_them_with_it_when_killed)
{
	struct state state;
	int ready[2];
	char byte;
	pid_t pid;

	state_take(&state);
	ASSERT_EQ(0, pipe(ready));
	pid = start_space(leave_and_wait, &ready[1]);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_LT(self->names, name_count());
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_space());
	close(ready[0]);
	close(ready[1]);
	EXPECT_TRUE(returns_to(&state, self->names));
}

static int publish_ours(void *arg)
{
	return -name_publish(*(int *)arg, 1, "gone", PERSISTENT);
}

/* A name that nobody can see any more does not keep its buffer from another. */
TEST_F(space, leaves_its_buffers_to_who_holds_them)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, in_space(publish_ours, &self->fd));
		EXPECT_EQ(0, name_publish(self->fd, self->id, "mine", 0));
		EXPECT_EQ(HPDMA_BUF_NAMED, name_state(self->fd, self->id));
		EXPECT_EQ(0, name_unlink(self->fd, "mine"));
	}
}

static int leave_one(void *arg)
{
	int fd = open_node();

	return -name_publish(fd, alloc_contig(fd, PAGE), "one", PERSISTENT);
}

/* A namespace that is gone is counted until the kernel gets round to it. */
static int in_some_space(int (*run)(void *arg), void *arg)
{
	int tries, ret;

	for (tries = 0; tries < 300; tries++) {
		ret = in_space(run, arg);
		if (ret != -ENOSPC)
			break;
		usleep(20000);
	}
	return ret;
}

/* If one were not let go, no other one could be made in the end. */
TEST_F_TIMEOUT(space, is_let_go_with_its_names, 60)
{
	char limit[32], few[32];
	int i, wrong = 0;

	ASSERT_TRUE(read_text(LIMIT, limit, sizeof(limit)));
	snprintf(few, sizeof(few), "%d", MANY / 4);
	ASSERT_TRUE(write_text(LIMIT, few));
	for (i = 0; i < MANY; i++) {
		/* By the reaper, or by a new name. */
		if (i % 2) {
			wrong += in_some_space(leave_one, NULL) != 0;
			continue;
		}
		wrong += in_some_space(publish_ours, &self->fd) != 0;
		wrong += name_publish(self->fd, self->id, "x", 0) != 0;
		wrong += name_unlink(self->fd, "x") != 0;
	}
	EXPECT_TRUE(write_text(LIMIT, limit));
	EXPECT_EQ(0, wrong);
}

/* Publishes until the end, in several processes. */
static int publish_for_ever(void *arg)
{
	int i;

	for (i = 0; i < 3; i++)
		if (!fork())
			break;
	for (;;) {
		int fd = open_node(), id = alloc_contig(fd, PAGE);
		char text[16];

		snprintf(text, sizeof(text), "r%d", rand() % 8);
		name_publish(fd, id, text, PERSISTENT);
		if (rand() % 2)
			name_unlink(fd, text);
		close(fd);
		srand(getpid() + id + rand());
	}
	return 0;
}

TEST_F_TIMEOUT(space, may_die_while_names_are_made_in_it, 60)
{
	struct state state;
	int i;

	state_take(&state);
	for (i = 0; i < 12; i++) {
		pid_t pid = start_space(publish_for_ever, NULL);

		ASSERT_LT(0, pid);
		usleep(10000 + i * 7000);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_space());
	}
	EXPECT_TRUE(returns_to(&state, self->names));
}

TEST_HARNESS_MAIN
