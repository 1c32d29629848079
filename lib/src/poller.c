// SPDX-License-Identifier: MIT
/*
 * Pollers.
 *
 * No event is lost, whenever it comes. The source (S) and the poller (P) do:
 *
 *	S1 make work to be found	P1 take the signals that are there
 *	S2 signal, if armed		P2 arm
 *					P3 look for work
 *					P4 sleep until there is a signal, take it
 *					P5 disarm, look for work
 *
 * Work that P3 does not find was made after P3, so S2 comes after P2, which means
 * that S sees that it is armed and signals, and after P1, which means that this
 * signal is still there at P4. Work that P3 finds is done; a signal for it may then
 * wake P once for nothing. P4 takes the signal before P5 looks: the other way round
 * it could take one whose work came after the look.
 *
 * What must hold for this is that S2 cannot miss P2 while P3 misses S1: both sides
 * write first and read then, sequentially consistent. With a device P2 is a system
 * call that unmasks, and what fired while masked is delivered by it; otherwise the
 * caller's arm() sees to it. A source that signals always needs no P2: S2 adds to the
 * eventfd, and P1 reads it, under the lock of the eventfd.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <hpdma/poller.h>

#include "device.h"
#include "util.h"

#define BUDGET 64
#define IDLE_POLLS 1000

/**
 * struct hpdma_poller - a poller
 * @refs: References
 * @dev: Held, or NULL
 * @sys: System calls
 * @eventfd: Of the caller, or -1
 * @armed: The source may signal. True at first: nobody knows
 * @opts: With all defaults filled in
 * @stats: Written by who runs it
 */
struct hpdma_poller {
	atomic_uint refs;
	struct hpdma_device *dev;
	const struct hpdma_sys *sys;
	int eventfd;
	bool armed;
	struct hpdma_poller_opts opts;
	struct hpdma_poller_stats stats;
};

/* What one run has in its hands. */
struct run {
	struct hpdma_poller *poller;
	hpdma_poller_fn fn;
	void *arg;
};

/* One thread writes, others may read at any time: each number for itself is right. */
static void count(uint64_t *number, uint64_t more)
{
	__atomic_store_n(number, *number + more, __ATOMIC_RELAXED);
}

static int check_opts(const struct hpdma_poller_opts *o)
{
	if (o->flags || (o->disarm && !o->arm))
		return -EINVAL;
	return o->budget > INT32_MAX ? -EINVAL : 0;
}

int hpdma_poller_create(struct hpdma_device *dev, int eventfd,
			const struct hpdma_poller_opts *opts,
			struct hpdma_poller **out, struct hpdma_error *error)
{
	struct hpdma_poller_opts o;
	struct hpdma_poller *poller;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check_opts(&o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (!dev && eventfd < 0)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "choose what to wait for");

	poller = hpdma_new(sizeof(*poller), error);
	if (!poller)
		return -ENOMEM;
	refs_init(&poller->refs);
	poller->dev = dev ? hpdma_device_ref(dev) : NULL;
	poller->sys = dev ? dev->sys : &hpdma_sys_native;
	poller->eventfd = eventfd < 0 ? -1 : eventfd;
	poller->armed = true;
	poller->opts = o;
	if (!o.budget)
		poller->opts.budget = BUDGET;
	if (!o.idle_polls)
		poller->opts.idle_polls = IDLE_POLLS;
	if (!o.count)
		poller->opts.count = 1;
	*out = poller;
	return 0;
}

/* 0: there was a signal, which is taken; -ETIMEDOUT. */
static int take_signal(struct hpdma_poller *poller, int timeout_ms)
{
	short revents = 0;
	uint64_t value;
	ssize_t got;
	int ret;

	if (poller->eventfd < 0)
		return hpdma_irq_wait(poller->dev, timeout_ms, NULL);
	ret = poller->sys->poll(poller->eventfd, POLLIN, timeout_ms, &revents);
	if (ret <= 0)
		return ret ? ret : -ETIMEDOUT;
	if (!(revents & POLLIN))
		return -EIO;
	got = poller->sys->read(poller->eventfd, &value, sizeof(value));
	if (got < 0)
		return (int)got;
	return got == sizeof(value) ? 0 : -EIO;
}

static int arm(struct hpdma_poller *poller)
{
	const struct hpdma_poller_opts *o = &poller->opts;
	int ret = 0;

	if (o->arm)
		ret = o->arm(o->arg);
	else if (poller->dev)
		ret = hpdma_irq_unmask_vectors(poller->dev, o->start, o->count);
	poller->armed = true;
	count(&poller->stats.to_interrupts, 1);
	return ret;
}

static int disarm(struct hpdma_poller *poller)
{
	const struct hpdma_poller_opts *o = &poller->opts;
	int ret = 0;

	if (o->arm)
		ret = o->disarm ? o->disarm(o->arg) : 0;
	else if (poller->dev)
		ret = hpdma_irq_mask_vectors(poller->dev, o->start, o->count);
	if (!ret)
		poller->armed = false;
	return ret;
}

static int back_to_polling(struct hpdma_poller *poller)
{
	count(&poller->stats.to_polling, 1);
	return disarm(poller);
}

static int look(const struct run *run)
{
	struct hpdma_poller_stats *stats = &run->poller->stats;
	int done = run->fn(run->poller->opts.budget, run->arg);

	count(&stats->polls, 1);
	if (done > 0)
		count(&stats->done, (unsigned int)done);
	else if (!done)
		count(&stats->empty_polls, 1);
	return done;
}

/* In a loop that waits for memory to change, lets the other half of the core run. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* As long as there is work; 0: no more. */
static int poll_busily(const struct run *run, bool *worked)
{
	uint32_t idle = 0;
	int done;

	while (idle < run->poller->opts.idle_polls) {
		done = look(run);
		if (done < 0)
			return done;
		if (done) {
			*worked = true;
			idle = 0;
		} else {
			idle++;
			relax();
		}
	}
	return 0;
}

/* P1 to P3. Positive: there is work after all, and it is polling again. */
static int change_to_interrupts(const struct run *run)
{
	struct hpdma_poller *poller = run->poller;
	int done, ret;

	ret = take_signal(poller, 0);
	if (ret && ret != -ETIMEDOUT && ret != -EAGAIN && ret != -EINTR)
		return ret;
	ret = arm(poller);
	if (ret)
		return ret;
	done = look(run);
	if (!done)
		return 0;
	if (done > 0)
		count(&poller->stats.caught, 1);
	ret = back_to_polling(poller);
	return ret && done > 0 ? ret : done;
}

/* P4 and the first half of P5. It stays armed unless there was a signal. */
static int sleep_until(struct hpdma_poller *poller, int64_t deadline,
		       int timeout_ms)
{
	int64_t left = deadline - poller->sys->now_ms();
	int ret;

	if (timeout_ms < 0)
		left = -1;
	else if (left <= 0)
		return -ETIMEDOUT;
	count(&poller->stats.sleeps, 1);
	ret = take_signal(poller, (int)left);
	/* Somebody else took it; this cannot be, but is no reason to stop. */
	if (ret && ret != -EAGAIN)
		return ret;
	count(&poller->stats.wakes, 1);
	return back_to_polling(poller);
}

int hpdma_poller_run(struct hpdma_poller *poller, hpdma_poller_fn fn, void *arg,
		     int timeout_ms)
{
	const struct run run = { poller, fn, arg };
	bool worked = true;
	int64_t deadline = 0;
	int ret = 0;

	if (poller->armed)
		ret = disarm(poller);
	while (!ret) {
		ret = poll_busily(&run, &worked);
		if (ret)
			break;
		ret = change_to_interrupts(&run);
		if (ret > 0) {
			worked = true;
			ret = 0;
			continue;
		}
		if (ret)
			break;
		/* Signals without work do not prolong it. */
		if (worked)
			deadline = poller->sys->now_ms() + timeout_ms;
		worked = false;
		ret = sleep_until(poller, deadline, timeout_ms);
	}
	return ret;
}

#define GET(field) now.field = __atomic_load_n(&from->field, __ATOMIC_RELAXED)

int hpdma_poller_get_stats(const struct hpdma_poller *poller,
			   struct hpdma_poller_stats *stats)
{
	const struct hpdma_poller_stats *from = &poller->stats;
	struct hpdma_poller_stats now = { .size = sizeof(now) };

	GET(polls);
	GET(empty_polls);
	GET(done);
	GET(to_interrupts);
	GET(to_polling);
	GET(caught);
	GET(sleeps);
	GET(wakes);
	return hpdma_info_copy(stats, sizeof(now), &now, sizeof(now));
}

struct hpdma_poller *hpdma_poller_ref(struct hpdma_poller *poller)
{
	refs_get(&poller->refs);
	return poller;
}

void hpdma_poller_unref(struct hpdma_poller *poller)
{
	if (!poller || !refs_put(&poller->refs))
		return;
	hpdma_device_unref(poller->dev);
	free(poller);
}
