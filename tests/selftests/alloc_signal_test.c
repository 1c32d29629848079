// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal while huge pages are zeroed: whoever has his calls restarted does not
 * see it, and nobody is left with half a buffer.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "kselftest_harness.h"
#include "common.h"

#define ROUNDS 60
#define LENGTH MB(64)

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

FIXTURE(alarmed)
{
	struct state before;
	long took_us;
	int fd;
};

static long alloc_time_us(int fd)
{
	struct timeval begin, end;
	int id;

	gettimeofday(&begin, NULL);
	id = alloc_hugetlb(fd, LENGTH);
	gettimeofday(&end, NULL);
	if (id < 0 || buf_free(fd, id))
		return -1;
	return (end.tv_sec - begin.tv_sec) * 1000000L + end.tv_usec -
	       begin.tv_usec;
}

FIXTURE_SETUP(alarmed)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	/* Not the first, which takes longer. */
	alloc_time_us(self->fd);
	self->took_us = alloc_time_us(self->fd);
	ASSERT_LT(0, self->took_us);
	state_take(&self->before);
}

FIXTURE_TEARDOWN(alarmed)
{
	EXPECT_TRUE(state_is(&self->before));
	close(self->fd);
}

/*
 * One alarm in each round, somewhere in the allocation. Return: how many calls
 * said EINTR, or -1 if one said something else.
 */
static int interrupted(int fd, long took_us, int flags)
{
	struct sigaction action = { .sa_handler = count_alarm,
				    .sa_flags = flags };
	int i, id, count = 0;

	sigaction(SIGALRM, &action, NULL);
	for (i = 1; i <= ROUNDS; i++) {
		struct itimerval once = {
			.it_value.tv_usec = took_us * i / ROUNDS + 1,
		};

		if (once.it_value.tv_usec > 999999)
			once.it_value.tv_usec = 999999;
		setitimer(ITIMER_REAL, &once, NULL);
		id = alloc_hugetlb(fd, LENGTH);
		if (id == -EINTR)
			count++;
		else if (id < 0 || buf_free(fd, id))
			return -1;
	}
	return count;
}

TEST_F(alarmed, calls_are_restarted)
{
	EXPECT_EQ(0, interrupted(self->fd, self->took_us, SA_RESTART));
	/* Else nothing was shown; on a busy machine some come too late. */
	EXPECT_LT(ROUNDS / 10, alarms);
}

TEST_F(alarmed, or_say_that_they_were_interrupted)
{
	EXPECT_LT(0, interrupted(self->fd, self->took_us, 0));
}

TEST_HARNESS_MAIN
