// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever looks for the dead has no memory: each allocation and each system call of it
 * fails in turn. What is done then is whole, and the rest is done the next time.
 */
#define _GNU_SOURCE
#include "domain_shared.h"
#include "fail_native.h"

#define OBJECTS 40u

static uint32_t *flags;

static const struct hpdma_mempool_opts pool_opts = {
	.size = sizeof(pool_opts),
	.object_size = 64,
	.count = OBJECTS,
	.cache_size = 8,
};

static const struct hpdma_ring_opts ring_opts = {
	.size = sizeof(ring_opts),
	.count = 16,
};

/*
 * Dies with objects of its own, some on their way in the ring, some on their way and
 * in no ring, and with its turn in the ring, if @arg says so.
 */
static void leave_all(void *arg)
{
	struct hpdma_ring_spans spans;
	uint64_t tickets[2];
	void *objects[10];

	REQUIRE(join());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 10), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 5), 5);
	CHECK_EQ(hpdma_ring_dequeue_bulk(ring, tickets, 2), 2);
	if (arg)
		CHECK_EQ(hpdma_ring_reserve_bulk(ring, 1, &spans), 1);
	kit_say(flags);
	pause();
}

/* Returns the dead, a zombie: only /proc tells that it is one. */
static pid_t be_left(bool with_turn)
{
	siginfo_t info;
	pid_t pid;

	*flags = 0;
	pid = kit_child(leave_all, with_turn ? flags : NULL);
	CHECK(kit_await(flags));
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	return pid;
}

static void check_whole_ring(void)
{
	void *objects[10];

	CHECK_EQ(in_store(), OBJECTS - 3);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, objects, 10), 3);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 3), 0);
	hpdma_mempool_recall(pool);
	CHECK_EQ(in_store(), OBJECTS);
}

/* Nobody waits for the dead. */
static void check_broken_ring(void)
{
	struct hpdma_ring_info info = { .size = sizeof(info) };
	uint64_t ticket;

	CHECK_EQ(hpdma_ring_get_info(ring, &info), 0);
	REQUIRE(info.broken);
	CHECK_EQ(hpdma_ring_dequeue_burst(ring, &ticket, 1), -EOWNERDEAD);
	CHECK_EQ(in_store(), OBJECTS);
}

/* Returns whether something failed. */
static bool reap_once(unsigned int nth, int code, bool with_turn)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_error error = { 0 };
	bool failed, was_alloc;
	pid_t dead;
	int ret;

	dead = be_left(with_turn);
	fail_nth(nth, code);
	ret = hpdma_domain_reap(domain, &error);
	failed = fake.failed;
	was_alloc = fail_was_alloc;
	fail_nth(0, 0);
	if (ret < 0) {
		CHECK_EQ(ret, -ENOMEM);
		CHECK(was_alloc);
		CHECK_EQ(error.code, ret);
	}
	/* What cannot be told is life, until it can be. */
	CHECK(hpdma_domain_reap(domain, NULL) >= 0);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(kit_wait(dead), -SIGKILL);
	if (with_turn)
		check_broken_ring();
	else
		check_whole_ring();
	return failed;
}

static void reap_each(int code, bool with_turn, unsigned int least)
{
	static struct hpdma_sys sys;
	unsigned int nth;
	bool failed = true;

	for (nth = 1; failed && !harness_failed && nth < 100; nth++) {
		sys = fail_native();
		kit_sys = &sys;
		fail_nth(0, 0);
		REQUIRE(start());
		failed = reap_once(nth, code, with_turn);
		finish();
	}
	kit_sys = &hpdma_sys_native;
	printf("# %u calls\n", nth - 2);
	CHECK(nth > least + 1);
}

TEST(objects_come_back_for_all_that)
{
	reap_each(-EIO, false, 4);
}

TEST(a_broken_ring_is_marked_for_all_that)
{
	reap_each(-ENOMEM, true, 4);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(objects_come_back_for_all_that),
		ENTRY(a_broken_ring_is_marked_for_all_that),
	};

	flags = kit_shared(4096);
	return RUN_TESTS(tests);
}
