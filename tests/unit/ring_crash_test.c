// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process dies at each instruction of each operation on a shared ring.
 *
 * A child does the operation, one instruction at a time (ptrace). After each
 * one the ring's memory, all that outlives the child, is what its death there would
 * leave. A copy of it is attached to, the child is said to be dead, and the ring must be
 * as before the operation, or as after it, or broken, and that if and only if the child
 * had its turn. Then children really die, while others wait for them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hpdma/ring.h>

#include "native.h"

#define BYTES 4096
#define SURVIVOR 1
#define VICTIM 2
#define BEFORE 6 /* elements in the ring before the operation */
#define MOVED 5

/* Shared with the child */
struct shared {
	unsigned char mem[BYTES] __attribute__((aligned(64)));
	volatile int begun, ended;
};

static struct hpdma_buf *memory;
static struct shared *shared;

/* The same for all tests, until the program ends */
static void need_memory(void)
{
	if (memory)
		return;
	memory = any_buf(sizeof(*shared));
	shared = hpdma_buf_ptr(memory);
}

static struct hpdma_ring *attach(void *mem, uint32_t owner)
{
	struct hpdma_ring *ring = NULL;

	CHECK_EQ(hpdma_ring_attach(mem, BYTES, owner, &ring), 0);
	return ring;
}

/*
 * A ring of 16 slots with elements 100, 101, ... at a place where the operation will
 * wrap.
 */
static void make_ring(uint32_t flags)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .flags = flags,
					      .count = 16,
					      .owner = SURVIVOR };
	uint64_t values[13] = { 0 };
	struct hpdma_ring *ring;
	int i;

	need_memory();
	CHECK_EQ(hpdma_ring_init(shared->mem, BYTES, &opts, &ring), 0);
	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, values, 13), 13);
	CHECK_EQ(hpdma_ring_dequeue_bulk(ring, values, 13), 13);
	for (i = 0; i < BEFORE; i++)
		values[i] = 100u + (unsigned int)i;
	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, values, BEFORE), BEFORE);
	hpdma_ring_destroy(ring);
	shared->begun = shared->ended = 0;
}

enum what { ENQUEUE, DEQUEUE, RESERVE, PEEK, GIVE_UP };

static void operate(struct hpdma_ring *ring, enum what what)
{
	uint64_t values[MOVED] = { 200, 201, 202, 203, 204 };
	struct hpdma_ring_spans spans;
	uint32_t i;

	switch (what) {
	case ENQUEUE:
		hpdma_ring_enqueue_bulk(ring, values, MOVED);
		break;
	case DEQUEUE:
		hpdma_ring_dequeue_burst(ring, values, MOVED);
		break;
	case RESERVE:
		hpdma_ring_reserve_bulk(ring, MOVED, &spans);
		for (i = 0; i < MOVED; i++)
			*((uint64_t *)(i < spans.first_count ? spans.first :
							       spans.second) +
			  (i < spans.first_count ? i : i - spans.first_count)) =
				values[i];
		hpdma_ring_commit(ring, &spans, MOVED);
		break;
	case PEEK:
		hpdma_ring_peek_bulk(ring, MOVED, &spans);
		hpdma_ring_consume(ring, &spans, MOVED);
		break;
	case GIVE_UP:
		hpdma_ring_reserve_bulk(ring, MOVED, &spans);
		hpdma_ring_commit(ring, &spans, 0);
		break;
	}
}

static bool produces(enum what what)
{
	return what == ENQUEUE || what == RESERVE;
}

/* What a death would leave at the moment */
enum left { AS_BEFORE, AS_AFTER, BROKEN, WRONG };

static enum left judge(enum what what)
{
	static unsigned char copy[BYTES] __attribute__((aligned(64)));
	uint64_t values[16], expected[16];
	struct hpdma_ring_info info = { .size = sizeof(info) };
	struct hpdma_ring *ring;
	uint32_t i, n, from = 0, to = BEFORE;
	enum left left = AS_BEFORE;
	bool busy;
	int ret;

	memcpy(copy, shared->mem, BYTES);
	ring = attach(copy, SURVIVOR);
	hpdma_ring_get_info(ring, &info);
	busy = info.prod_owner == VICTIM || info.cons_owner == VICTIM;
	ret = hpdma_ring_mark_dead(ring, VICTIM);
	if (ret) {
		left = ret == -EOWNERDEAD && busy ? BROKEN : WRONG;
		if (hpdma_ring_enqueue_bulk(ring, values, 1) != -EOWNERDEAD ||
		    hpdma_ring_dequeue_bulk(ring, values, 1) != -EOWNERDEAD)
			left = WRONG;
		hpdma_ring_reset(ring);
		from = to = 0;
	} else if (busy) {
		left = WRONG;
	} else if (info.count != BEFORE) {
		left = AS_AFTER;
		from = produces(what) ? 0 : MOVED;
		to = produces(what) ? BEFORE + MOVED : BEFORE;
	}
	/* All that must be in it is, and it works on. */
	values[0] = 300;
	if (hpdma_ring_enqueue_bulk(ring, values, 1) != 1)
		left = WRONG;
	for (n = 0, i = from; i < to; i++)
		expected[n++] = i < BEFORE ? 100 + i : 200 + i - BEFORE;
	expected[n++] = 300;
	if (hpdma_ring_dequeue_burst(ring, values, 16) != (int)n ||
	    memcmp(values, expected, n * sizeof(values[0])) != 0)
		left = WRONG;
	hpdma_ring_destroy(ring);
	return left;
}

static pid_t start_victim(enum what what)
{
	const pid_t child = fork();

	if (child == 0) {
		struct hpdma_ring *ring = attach(shared->mem, VICTIM);

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		shared->begun = 1;
		operate(ring, what);
		shared->ended = 1;
		_exit(0);
	}
	return child;
}

/*
 * One operation, instruction by instruction. What is left must go from as before
 * over broken (if there are turns) to as after, and never back.
 */
static void at_every_instruction(uint32_t flags, enum what what, bool turns)
{
	int counts[WRONG + 1] = { 0 }, status, steps = 0;
	enum left left = AS_BEFORE, last = AS_BEFORE;
	cpu_set_t cpus = stay_on_one_cpu();
	uint64_t tails = 0;
	pid_t child;

	make_ring(flags);
	child = start_victim(what);
	REQUIRE(child > 0);
	REQUIRE(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
	while (!shared->ended) {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) ||
		    waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			break;
		if (!shared->begun)
			continue;
		steps++;
		left = judge(what);
		counts[left]++;
		/* Once as after, it stays; once broken, it is not as before again */
		CHECK(left == last || last != AS_AFTER);
		CHECK(left == last || left != AS_BEFORE || what == GIVE_UP);
		if (left != last)
			tails++;
		last = left;
		if (harness_failed)
			break;
	}
	CHECK(shared->ended);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	CHECK_EQ(counts[WRONG], 0);
	CHECK_EQ(counts[BROKEN] > 0, turns);
	CHECK_EQ(counts[AS_AFTER] > 0, what != GIVE_UP);
	CHECK_EQ(tails, turns ? 2 : what != GIVE_UP);
	CHECK(steps > 30);
	if (harness_failed)
		printf("# flags %u what %d: %d before, %d broken, %d after\n",
		       flags, what, counts[AS_BEFORE], counts[BROKEN],
		       counts[AS_AFTER]);
}

TEST(a_side_with_turns)
{
	int what;

	for (what = ENQUEUE; what <= GIVE_UP; what++)
		at_every_instruction(HPDMA_RING_ROBUST, (enum what)what, true);
}

TEST(a_side_of_one_never_breaks)
{
	int what;

	for (what = ENQUEUE; what <= GIVE_UP; what++)
		at_every_instruction(HPDMA_RING_ROBUST | HPDMA_RING_SP |
					     HPDMA_RING_SC,
				     (enum what)what, false);
}

struct waiter {
	struct hpdma_ring *ring;
	bool produce;
	int ret;
};

static void *wait_for_turn(void *arg)
{
	struct waiter *waiter = arg;
	uint64_t value = 1;

	waiter->ret = waiter->produce ?
			      hpdma_ring_enqueue_bulk(waiter->ring, &value, 1) :
			      hpdma_ring_dequeue_bulk(waiter->ring, &value, 1);
	return NULL;
}

/* A child dies in its turn, while threads here wait for that turn to end. */
static void with_waiters(bool produce)
{
	struct hpdma_ring_spans spans;
	struct waiter waiters[4];
	struct hpdma_ring *ring;
	pthread_t threads[4];
	int i, status;
	pid_t child;

	make_ring(HPDMA_RING_ROBUST);
	ring = attach(shared->mem, SURVIVOR);
	child = fork();
	if (child == 0) {
		struct hpdma_ring *own = attach(shared->mem, VICTIM);

		if (produce)
			hpdma_ring_reserve_bulk(own, 1, &spans);
		else
			hpdma_ring_peek_bulk(own, 1, &spans);
		shared->begun = 1;
		raise(SIGKILL);
	}
	REQUIRE(child > 0);
	REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	CHECK(shared->begun);
	for (i = 0; i < 4; i++) {
		waiters[i].ring = ring;
		waiters[i].produce = produce;
		REQUIRE(!pthread_create(&threads[i], NULL, wait_for_turn,
					&waiters[i]));
	}
	CHECK_EQ(hpdma_ring_mark_dead(ring, VICTIM), -EOWNERDEAD);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		CHECK_EQ(waiters[i].ret, -EOWNERDEAD);
	}
	hpdma_ring_destroy(ring);
}

TEST(waiters_leave)
{
	int i;

	for (i = 0; i < 20; i++)
		with_waiters(i % 2);
}

/* Children work on one ring without end, and die when it pleases us. */
static void work(uint32_t owner)
{
	struct hpdma_ring *ring = attach(shared->mem, owner);
	uint64_t values[MOVED] = { 0 };

	for (;;) {
		hpdma_ring_enqueue_burst(ring, values, MOVED);
		hpdma_ring_dequeue_burst(ring, values, MOVED);
	}
}

TEST(deaths_at_random)
{
	struct hpdma_ring *ring;
	int i, k, status, broken = 0;
	uint64_t value = 1;
	pid_t children[2];

	make_ring(HPDMA_RING_ROBUST);
	ring = attach(shared->mem, SURVIVOR);
	for (i = 0; i < 60; i++) {
		for (k = 0; k < 2; k++) {
			children[k] = fork();
			if (children[k] == 0)
				work(VICTIM + (uint32_t)k);
			REQUIRE(children[k] > 0);
		}
		for (k = 0; k < 1000; k++)
			hpdma_ring_enqueue_burst(ring, &value, 1);
		usleep(500u + (unsigned int)i * 37);
		for (k = 0; k < 2; k++) {
			kill(children[k], SIGKILL);
			waitpid(children[k], &status, 0);
			hpdma_ring_mark_dead(ring, VICTIM + (uint32_t)k);
		}
		/* Nobody is left: this neither waits nor lies. */
		if (hpdma_ring_enqueue_burst(ring, &value, 1) < 0) {
			broken++;
			hpdma_ring_reset(ring);
		}
		while (hpdma_ring_dequeue_burst(ring, &value, 1) == 1)
			;
		CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 1), 1);
		CHECK_EQ(hpdma_ring_dequeue_bulk(ring, &value, 1), 1);
	}
	printf("# broken in %d of 60\n", broken);
	hpdma_ring_destroy(ring);
}

static const struct test tests[] = {
	ENTRY(a_side_with_turns),
	ENTRY(a_side_of_one_never_breaks),
	ENTRY(waiters_leave),
	ENTRY(deaths_at_random),
};

int main(void)
{
	return RUN_ON_BACKEND(tests);
}
