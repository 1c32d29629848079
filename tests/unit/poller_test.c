// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pollers with a scripted source: when they sleep and when they do not, how each run
 * ends, and that what comes between the last look and the sleep is not lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hpdma.h>

#include "sentinel.h"

/* A source that signals only while it is armed. */
struct source {
	int fd;
	bool armed;
	int pending;
	unsigned int looks;
	unsigned int budget;
	unsigned int arms, disarms;
	int fail_arm, fail_disarm, fail_look;
	/* Work that comes at the first look that starts armed or not */
	int comes_armed, comes_polling;
};

static void come(struct source *source, int work)
{
	uint64_t one = 1;

	source->pending += work;
	if (work && source->armed)
		CHECK_EQ(write(source->fd, &one, 8), 8);
}

static int look(unsigned int budget, void *arg)
{
	struct source *source = arg;
	int *comes = source->armed ? &source->comes_armed :
				     &source->comes_polling;
	int done = source->pending;

	source->looks++;
	source->budget = budget;
	if (source->fail_look)
		return source->fail_look;
	if (done > (int)budget)
		done = (int)budget;
	source->pending -= done;
	/* Right after this look */
	if (!done && *comes) {
		come(source, *comes);
		*comes = 0;
	}
	return done;
}

static int arm(void *arg)
{
	struct source *source = arg;

	source->arms++;
	source->armed = true;
	return source->fail_arm;
}

static int disarm(void *arg)
{
	struct source *source = arg;

	source->disarms++;
	source->armed = false;
	return source->fail_disarm;
}

static struct hpdma_poller *set_up(struct source *source)
{
	struct hpdma_poller_opts opts = {
		.size = sizeof(opts),
		.budget = 4,
		.idle_polls = 10,
		.arm = arm,
		.disarm = disarm,
		.arg = source,
	};
	struct hpdma_poller *poller;

	memset(source, 0, sizeof(*source));
	source->fd = eventfd(0, EFD_CLOEXEC);
	if (hpdma_poller_create(NULL, source->fd, &opts, &poller, NULL))
		abort();
	return poller;
}

static struct hpdma_poller_stats stats_of(const struct hpdma_poller *poller)
{
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };

	CHECK_EQ(hpdma_poller_get_stats(poller, &stats), 0);
	return stats;
}

static void tear_down(struct hpdma_poller *poller, struct source *source)
{
	CHECK_EQ(source->pending, 0);
	hpdma_poller_unref(poller);
	close(source->fd);
}

TEST(while_there_is_work_it_does_not_sleep)
{
	struct source source;
	struct hpdma_poller *poller = set_up(&source);
	struct hpdma_poller_stats stats;

	source.pending = 400;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 0), -ETIMEDOUT);
	stats = stats_of(poller);
	CHECK_EQ(source.budget, 4);
	CHECK_EQ(stats.done, 400);
	/* 100 with work, 10 without, and the last look */
	CHECK_EQ(stats.polls, 111);
	CHECK_EQ(stats.polls, source.looks);
	CHECK_EQ(stats.empty_polls, 11);
	CHECK_EQ(stats.to_interrupts, 1);
	CHECK_EQ(stats.to_polling, 0);
	CHECK_EQ(stats.sleeps, 0);
	CHECK(source.armed);
	/* Again, in an event loop: it polls first. */
	come(&source, 1);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 0), -ETIMEDOUT);
	CHECK_EQ(stats_of(poller).done, 401);
	CHECK(source.armed);
	tear_down(poller, &source);
}

TEST(a_pause_that_is_short_is_polled_through)
{
	struct source source;
	struct hpdma_poller *poller = set_up(&source);

	source.comes_polling = 1;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 0), -ETIMEDOUT);
	CHECK_EQ(stats_of(poller).to_interrupts, 1);
	/* One look that found nothing, one with work, then 10 and the last */
	CHECK_EQ(source.looks, 13);
	tear_down(poller, &source);
}

/* The source makes work when it is armed, right after the last look. */
TEST(what_comes_after_the_last_look_wakes)
{
	struct source source;
	struct hpdma_poller *poller = set_up(&source);
	struct hpdma_poller_stats stats;

	source.comes_armed = 3;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 20), -ETIMEDOUT);
	stats = stats_of(poller);
	CHECK_EQ(stats.done, 3);
	CHECK_EQ(stats.sleeps, 2);
	CHECK_EQ(stats.wakes, 1);
	CHECK_EQ(stats.to_interrupts, 2);
	CHECK_EQ(stats.to_polling, 1);
	CHECK_EQ(stats.caught, 0);
	tear_down(poller, &source);
}

/* Before it is armed, but after polling ended: nothing signals that. */
static int arm_late(void *arg)
{
	struct source *source = arg;

	come(source, source->comes_armed);
	source->comes_armed = 0;
	return arm(arg);
}

TEST(what_comes_before_it_is_armed_is_caught)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 5,
					  .arm = arm_late,
					  .disarm = disarm };
	struct source source = { .comes_armed = 2 };
	struct hpdma_poller_stats stats;
	struct hpdma_poller *poller;

	opts.arg = &source;
	source.fd = eventfd(0, EFD_CLOEXEC);
	REQUIRE(!hpdma_poller_create(NULL, source.fd, &opts, &poller, NULL));
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 20), -ETIMEDOUT);
	stats = stats_of(poller);
	CHECK_EQ(stats.done, 2);
	CHECK_EQ(stats.caught, 1);
	CHECK_EQ(stats.wakes, 0);
	CHECK_EQ(stats.sleeps, 1);
	tear_down(poller, &source);
}

/* Signals of the time while it polled do not wake it later. */
TEST(old_signals_are_taken)
{
	struct source source;
	struct hpdma_poller *poller = set_up(&source);
	uint64_t five = 5;

	CHECK_EQ(write(source.fd, &five, 8), 8);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 20), -ETIMEDOUT);
	CHECK_EQ(stats_of(poller).sleeps, 1);
	CHECK_EQ(stats_of(poller).wakes, 0);
	tear_down(poller, &source);
}

/* A source that signals each time it is armed, and has nothing. */
static int arm_and_lie(void *arg)
{
	struct source *source = arg;
	uint64_t one = 1;

	/* Would it go on for ever, this would end it. */
	if (source->arms++ > 1000000)
		return -ELOOP;
	return write(source->fd, &one, 8) == 8 ? 0 : -EIO;
}

TEST(signals_without_work_do_not_prolong_the_time)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 1,
					  .arm = arm_and_lie };
	struct source source = { .fd = eventfd(0, EFD_CLOEXEC) };
	struct hpdma_poller *poller;

	opts.arg = &source;
	REQUIRE(!hpdma_poller_create(NULL, source.fd, &opts, &poller, NULL));
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 20), -ETIMEDOUT);
	CHECK(stats_of(poller).wakes > 1);
	tear_down(poller, &source);
}

TEST(each_failure_ends_the_run)
{
	struct source source;
	struct hpdma_poller *poller = set_up(&source);

	source.fail_look = -ECANCELED;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -ECANCELED);
	CHECK(!source.armed);
	source.fail_look = 0;
	source.fail_arm = -ENODEV;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -ENODEV);
	source.fail_arm = 0;
	source.fail_disarm = -EIO;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -EIO);
	source.fail_disarm = 0;
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 0), -ETIMEDOUT);
	tear_down(poller, &source);
}

TEST(a_file_that_is_no_eventfd_is_an_error)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 1 };
	struct source source = { 0 };
	struct hpdma_poller *poller;
	int fds[2];

	REQUIRE(!pipe(fds));
	REQUIRE(!hpdma_poller_create(NULL, fds[0], &opts, &poller, NULL));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -EIO);
	close(fds[1]);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -EIO);
	close(fds[0]);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, -1), -EIO);
	hpdma_poller_unref(poller);
}

TEST(options_are_looked_at)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts) };
	struct hpdma_poller_stats stats = { .size = 8 };
	struct hpdma_poller *poller = SENTINEL;
	struct hpdma_error error = { 0 };
	struct source source = { 0 };

	CHECK_EQ(hpdma_poller_create(NULL, -1, NULL, &poller, &error), -EINVAL);
	CHECK_EQ(error.code, -EINVAL);
	opts.disarm = disarm;
	CHECK_EQ(hpdma_poller_create(NULL, 0, &opts, &poller, NULL), -EINVAL);
	opts.disarm = NULL;
	opts.flags = 1;
	CHECK_EQ(hpdma_poller_create(NULL, 0, &opts, &poller, NULL), -EINVAL);
	opts.flags = 0;
	opts.budget = 1u << 31;
	CHECK_EQ(hpdma_poller_create(NULL, 0, &opts, &poller, NULL), -EINVAL);
	opts.size = 4;
	CHECK_EQ(hpdma_poller_create(NULL, 0, &opts, &poller, NULL), -EINVAL);
	CHECK(poller == SENTINEL);
	source.fd = eventfd(0, EFD_CLOEXEC);
	REQUIRE(!hpdma_poller_create(NULL, source.fd, NULL, &poller, NULL));
	CHECK_EQ(hpdma_poller_get_stats(poller, &stats), -EINVAL);
	CHECK_EQ(hpdma_poller_run(poller, look, &source, 0), -ETIMEDOUT);
	CHECK_EQ(source.budget, 64);
	CHECK_EQ(source.looks, 1001);
	hpdma_poller_unref(hpdma_poller_ref(poller));
	tear_down(poller, &source);
	hpdma_poller_unref(NULL);
}

/* The fake device: its vectors are masked while the poller polls. */
static int look_masked(unsigned int budget, void *arg)
{
	struct source *source = arg;
	bool masked = fake.ctrl.action == HPDMA_IRQ_MASK;

	(void)budget;
	source->looks++;
	CHECK_EQ(fake.ctrl.start, 1);
	CHECK_EQ(fake.ctrl.count, 2);
	source->arms += !masked;
	if (source->pending)
		return source->pending--;
	/* An interrupt between the last look and the sleep */
	if (!masked && source->comes_armed) {
		source->comes_armed--;
		source->pending = 1;
		fake.irq_count++;
	}
	return 0;
}

TEST(a_device_is_masked_while_it_is_polled)
{
	struct hpdma_poller_opts opts = {
		.size = sizeof(opts), .idle_polls = 3, .start = 1, .count = 2
	};
	struct source source = { .comes_armed = 2 };
	struct hpdma *ctx = start();
	struct hpdma_poller_stats stats;
	struct hpdma_poller *poller;
	struct hpdma_device *dev;

	fake.msix_vectors = 4;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &dev, NULL));
	REQUIRE(!hpdma_poller_create(dev, -1, &opts, &poller, NULL));
	/* No interrupt is on. */
	CHECK_EQ(hpdma_poller_run(poller, look_masked, &source, 0), -EINVAL);
	REQUIRE(!hpdma_irq_enable_vectors(dev, HPDMA_EVENT_MSIX, 0, 3, NULL,
					  NULL, NULL));
	CHECK_EQ(hpdma_poller_run(poller, look_masked, &source, 50),
		 -ETIMEDOUT);
	stats = stats_of(poller);
	CHECK_EQ(stats.done, 2);
	CHECK_EQ(stats.wakes, 2);
	CHECK_EQ(stats.sleeps, 3);
	/* The last looks, and none else */
	CHECK_EQ(source.arms, 3);
	CHECK_EQ(fake.ctrl.action, HPDMA_IRQ_UNMASK);
	CHECK_EQ(fake.now_ms, 1050);
	/* The device goes while it sleeps. */
	fake.suspended = true;
	fake.irq_type = HPDMA_IRQ_NONE;
	CHECK_EQ(hpdma_poller_run(poller, look_masked, &source, 50), -EBUSY);
	hpdma_device_unref(dev);
	hpdma_poller_unref(poller);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(while_there_is_work_it_does_not_sleep),
		ENTRY(a_pause_that_is_short_is_polled_through),
		ENTRY(what_comes_after_the_last_look_wakes),
		ENTRY(what_comes_before_it_is_armed_is_caught),
		ENTRY(old_signals_are_taken),
		ENTRY(signals_without_work_do_not_prolong_the_time),
		ENTRY(each_failure_ends_the_run),
		ENTRY(a_file_that_is_no_eventfd_is_an_error),
		ENTRY(options_are_looked_at),
		ENTRY(a_device_is_masked_while_it_is_polled),
	};

	return RUN_TESTS(tests);
}
