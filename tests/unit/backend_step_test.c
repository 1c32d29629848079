// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names without the module, step by step: what others do exactly between two
 * system calls of ours. backend_race_test.c leaves that to chance.
 */
#define _GNU_SOURCE
#include <sys/file.h>

#include "native.h"

#define LENGTH 4096

static struct hpdma_buf_opts nameable = { .size = sizeof(nameable),
					  .flags = HPDMA_BUF_NAMEABLE };
static char name[64];
static struct hpdma *others, *ours;
static struct hpdma_buf *held, *newer;

/* What happens once, in front of a call. */
static void (*before_shared)(void);
static void (*before_lock)(void);
static void (*before_unlink)(void);
static void (*before_link)(void);

static void happen(void (**what)(void))
{
	void (*now)(void) = *what;

	*what = NULL;
	if (now)
		now();
}

static int step_hold(int fd, int how)
{
	if (how == LOCK_SH)
		happen(&before_shared);
	return hpdma_sys_native.hold(fd, how);
}

static int step_lock(int fd)
{
	happen(&before_lock);
	return hpdma_sys_native.lock(fd);
}

static int step_unlink(const char *path)
{
	happen(&before_unlink);
	return hpdma_sys_native.unlink(path);
}

static int step_link(int fd, const char *path)
{
	happen(&before_link);
	return hpdma_sys_native.link(fd, path);
}

static struct hpdma_buf *new_named(struct hpdma *ctx, char token)
{
	struct hpdma_buf *buf;

	if (hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf, NULL))
		abort();
	*(char *)hpdma_buf_ptr(buf) = token;
	CHECK_EQ(hpdma_buf_publish(buf, name, NULL, NULL), 0);
	return buf;
}

/* What the name leads to; 0 for nothing. */
static char token_of(struct hpdma *ctx)
{
	struct hpdma_buf *buf;
	char token;

	if (hpdma_buf_open(ctx, name, 0, &buf, NULL))
		return 0;
	token = *(char *)hpdma_buf_ptr(buf);
	hpdma_buf_unref(buf);
	return token;
}

static void drop(void)
{
	hpdma_buf_unref(held);
	held = NULL;
}

static void drop_and_replace(void)
{
	drop();
	newer = new_named(others, 'n');
}

static void unlink_and_replace(void)
{
	CHECK_EQ(hpdma_name_unlink(others, name, NULL), 0);
	newer = new_named(others, 'n');
}

TEST(a_name_that_ends_while_it_is_opened)
{
	held = new_named(others, 'o');
	before_shared = drop;
	CHECK_EQ(token_of(ours), 0);
	CHECK(!held && !before_shared);
}

TEST(a_name_that_changes_while_it_is_opened)
{
	held = new_named(others, 'o');
	before_shared = drop_and_replace;
	CHECK_EQ(token_of(ours), 'n');
	hpdma_buf_unref(newer);
	CHECK_EQ(token_of(ours), 0);
}

TEST(a_name_that_changes_while_it_is_unlinked)
{
	held = new_named(others, 'o');
	before_lock = unlink_and_replace;
	CHECK_EQ(hpdma_name_unlink(ours, name, NULL), -ENOENT);
	CHECK(!before_lock);
	CHECK_EQ(token_of(others), 'n');
	hpdma_buf_unref(newer);
	drop();
}

/* A child wants to do the same, and is kept from it until we are done. */
static int told[2];
static pid_t child;

static void let_a_child_replace(void)
{
	fflush(stdout);
	child = fork();
	if (!child) {
		hpdma_name_unlink(others, name, NULL);
		newer = new_named(others, 'n');
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	usleep(100000);
}

TEST(of_two_who_unlink_one_waits)
{
	int status;
	char byte;

	REQUIRE(!pipe(told));
	held = new_named(others, 'o');
	before_unlink = let_a_child_replace;
	CHECK_EQ(hpdma_name_unlink(ours, name, NULL), 0);
	CHECK(!before_unlink);
	CHECK_EQ(read(told[0], &byte, 1), 1);
	CHECK_EQ(token_of(ours), 'n');
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(token_of(ours), 0);
	drop();
	close(told[0]);
	close(told[1]);
}

static void publish_again(void)
{
	char other[80];

	snprintf(other, sizeof(other), "%s-again", name);
	CHECK_EQ(hpdma_buf_publish(newer, other, NULL, NULL), -EBUSY);
}

TEST(a_buffer_is_named_by_one_at_a_time)
{
	REQUIRE(!hpdma_buf_alloc(ours, LENGTH, &nameable, &newer, NULL));
	before_link = publish_again;
	CHECK_EQ(hpdma_buf_publish(newer, name, NULL, NULL), 0);
	CHECK(!before_link);
	hpdma_buf_unref(newer);
}

/* The name comes into being between our look and our link. */
static void be_faster(void)
{
	held = new_named(others, 'o');
}

TEST(of_two_who_publish_one_is_told)
{
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ours, LENGTH, &nameable, &buf, NULL));
	before_link = be_faster;
	CHECK_EQ(hpdma_buf_publish(buf, name, NULL, NULL), -EEXIST);
	CHECK_EQ(token_of(ours), 'o');
	drop();
	/* Nothing has changed: it can have the name now. */
	CHECK_EQ(hpdma_buf_publish(buf, name, NULL, NULL), 0);
	hpdma_buf_unref(buf);
	CHECK_EQ(token_of(ours), 0);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_name_that_ends_while_it_is_opened),
		ENTRY(a_name_that_changes_while_it_is_opened),
		ENTRY(a_name_that_changes_while_it_is_unlinked),
		ENTRY(of_two_who_unlink_one_waits),
		ENTRY(a_buffer_is_named_by_one_at_a_time),
		ENTRY(of_two_who_publish_one_is_told),
	};
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.backend = HPDMA_BACKEND_PLAIN };
	struct hpdma_sys sys = hpdma_sys_native;
	int ret;

	sys.hold = step_hold;
	sys.lock = step_lock;
	sys.unlink = step_unlink;
	sys.link = step_link;
	snprintf(name, sizeof(name), "unit-step-%d", getpid());
	others = open_backend(HPDMA_BACKEND_PLAIN);
	if (!others || hpdma_open_sys(&opts, &sys, &ours, NULL))
		return EXIT_FAILURE;
	ret = RUN_TESTS(tests);
	hpdma_unref(ours);
	hpdma_unref(others);
	return ret;
}
