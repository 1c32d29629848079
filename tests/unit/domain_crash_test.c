// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that die anywhere: nothing that they held or moved is lost, and the
 * others go on.
 *
 * HPDMA_TEST_CRASHES: how many are killed while others work (15, and some more when
 * all are). For each thing that a process can do: HPDMA_TEST_KILLS: how many are
 * killed at random times (20); HPDMA_TEST_STEPS: how many after a random number of
 * instructions (1), HPDMA_TEST_STEPS_MAX at most (3000). HPDMA_TEST_SEED: other ones.
 */
#define _GNU_SOURCE
#include <sys/ptrace.h>

#include "domain_page.h"
#include "domain_shared.h"

#define OBJECTS 300u
#define WORKERS 3

static const struct hpdma_mempool_opts pool_opts = {
	.size = sizeof(pool_opts),
	.object_size = 64,
	.count = OBJECTS,
	.cache_size = 16,
};

static const struct hpdma_ring_opts ring_opts = {
	.size = sizeof(ring_opts),
	.count = 64,
};

/* An object has one holder: whoever has it writes his number, and finds it again. */
static void mark_all(void *const *objects, uint32_t n, uint32_t mark)
{
	while (n--)
		*(volatile uint32_t *)objects[n] = mark;
}

static void check_all(void *const *objects, uint32_t n, uint32_t mark)
{
	while (n--)
		CHECK_EQ(*(volatile uint32_t *)objects[n], mark);
}

static void get_and_put(uint32_t n)
{
	uint32_t mark = (uint32_t)getpid();
	void *objects[40];

	if (hpdma_mempool_get_bulk(pool, objects, n))
		return;
	mark_all(objects, n, mark);
	check_all(objects, n, mark);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, n), 0);
}

static void send_some(uint32_t n)
{
	void *objects[40];
	int sent;

	if (hpdma_mempool_get_bulk(pool, objects, n))
		return;
	mark_all(objects, n, 0xabcd);
	sent = hpdma_domain_send(domain, pool, ring, objects, n);
	if (sent < 0)
		sent = 0;
	if ((uint32_t)sent < n)
		CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + sent,
						n - (uint32_t)sent),
			 0);
}

static void receive_some(uint32_t n)
{
	void *objects[40];
	int got = hpdma_domain_receive(domain, pool, ring, objects, n);

	if (got <= 0)
		return;
	check_all(objects, (uint32_t)got, 0xabcd);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, (uint32_t)got), 0);
}

static void make_and_remove(void)
{
	struct hpdma_ring *own;
	char name[20];

	snprintf(name, sizeof(name), "own-%d", (int)getpid());
	if (hpdma_domain_ring_create(domain, name, &ring_opts, &own, NULL))
		return;
	hpdma_ring_destroy(own);
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_RING, name, NULL), 0);
}

static void do_something(uint32_t what)
{
	uint32_t n = what / 8 % 40 + 1;

	if (what % 8 < 3)
		get_and_put(n);
	else if (what % 8 < 5)
		send_some(n);
	else if (what % 8 < 7)
		receive_some(n);
	else
		make_and_remove();
}

static void work(void *arg)
{
	uint32_t seed = (uint32_t)getpid();

	(void)arg;
	for (;;) {
		REQUIRE(join());
		do {
			seed = seed * 1103515245 + 12345;
			do_something(seed >> 16);
		} while ((seed >> 20) % 64 && !harness_failed);
		/* Objects in caches go back, and a new attachment follows. */
		finish();
		if (harness_failed)
			return;
	}
}

/* What is complete is the domain's, and stays. */
static int remove_own(const struct hpdma_domain_object *object, void *arg)
{
	(void)arg;
	if (!strncmp(object->name, "own-", 4))
		CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_RING,
					     object->name, NULL),
			 0);
	return 0;
}

/* After a death: nothing is left of the dead. */
static void expect_nobody(void)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_memzones_info zones = { .size = sizeof(zones) };
	int reaped, tries = 0;

	do {
		reaped = hpdma_domain_reap(domain, NULL);
	} while (reaped >= 0 && domain->page->lost && tries++ < 10);
	CHECK(reaped >= 0);
	hpdma_domain_walk_objects(domain, remove_own, NULL);
	hpdma_domain_get_info(domain, &info);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(info.objects, 2);
	CHECK_EQ(hpdma_memzones_get_info(hpdma_domain_zones(domain), &zones),
		 0);
	CHECK_EQ(zones.zones, 2);
}

/* No process has any object: all are in the ring or in the store. */
static void expect_all_objects(void)
{
	void *objects[OBJECTS];
	int got;

	hpdma_mempool_recall(pool);
	while ((got = hpdma_domain_receive(domain, pool, ring, objects, 40)) >
	       0)
		hpdma_mempool_put_bulk(pool, objects, (uint32_t)got);
	hpdma_mempool_recall(pool);
	CHECK_EQ(in_store(), OBJECTS);
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, OBJECTS), 0);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, OBJECTS), 0);
	hpdma_mempool_recall(pool);
	if (got == -EOWNERDEAD)
		hpdma_ring_reset(ring);
}

static long broken_rings;

static void settle(void)
{
	struct hpdma_ring_info info = { .size = sizeof(info) };

	expect_nobody();
	hpdma_ring_get_info(ring, &info);
	broken_rings += info.broken;
	expect_all_objects();
}

TEST(processes_die_at_random_times_and_the_others_go_on)
{
	long crashes = kit_number("HPDMA_TEST_CRASHES", 15), i;
	pid_t pids[WORKERS];
	uint32_t seed = (uint32_t)kit_number("HPDMA_TEST_SEED", 1);
	int w;

	REQUIRE(start());
	while (crashes > 0 && !harness_failed) {
		for (w = 0; w < WORKERS; w++)
			pids[w] = kit_child(work, NULL);
		/* Some die while others work... */
		for (i = 0; i < 5 && crashes > 0; i++, crashes--) {
			seed = seed * 1103515245 + 12345;
			kit_sleep_us(2000 + (seed >> 16) % 20000);
			w = (int)((seed >> 8) % WORKERS);
			CHECK_EQ(kit_kill(pids[w]), -SIGKILL);
			CHECK(hpdma_domain_reap(domain, NULL) >= 0);
			pids[w] = kit_child(work, NULL);
		}
		/* ... and then all. */
		for (w = 0; w < WORKERS; w++)
			CHECK_EQ(kit_kill(pids[w]), -SIGKILL);
		settle();
	}
	printf("# %ld times the ring was broken\n", broken_rings);
	finish();
}

static void step_get_put(void)
{
	get_and_put(30);
}

static void step_move(void)
{
	send_some(5);
	receive_some(5);
}

static void step_objects(void)
{
	make_and_remove();
}

static void step_attach(void)
{
	struct hpdma_domain *second = kit_attach(ctx);

	hpdma_domain_unref(second);
}

/* Does one thing again and again, so that it dies in there. */
static void run_on(void *arg)
{
	/* A void pointer may not have room for a function's, by the standard. */
	void (**run)(void) = arg;

	REQUIRE(join());
	raise(SIGSTOP);
	while (!harness_failed)
		(*run)();
}

static pid_t start_running(void (**run)(void))
{
	pid_t pid = kit_child(run_on, run);
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	return pid;
}

static void kill_after_us(void (*run)(void), uint32_t us)
{
	pid_t pid = start_running(&run);

	kill(pid, SIGCONT);
	kit_sleep_us(us);
	CHECK_EQ(kit_kill(pid), -SIGKILL);
}

/* From where it stands, without what the kernel needs for it. */
static void kill_after_steps(void (*run)(void), uint32_t steps)
{
	pid_t pid = start_running(&run);
	int status;

	CHECK_EQ(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	kill(pid, SIGCONT);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	while (steps--) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	CHECK_EQ(kit_kill(pid), -SIGKILL);
}

static void kill_in(void (*run)(void))
{
	long kills = kit_number("HPDMA_TEST_KILLS", 20);
	long steps = kit_number("HPDMA_TEST_STEPS", 1);
	uint32_t seed = (uint32_t)kit_number("HPDMA_TEST_SEED", 99);

	REQUIRE(start());
	while ((kills > 0 || steps > 0) && !harness_failed) {
		seed = seed * 1103515245 + 12345;
		if (kills-- > 0)
			kill_after_us(run, (seed >> 12) % 3000);
		else if (steps-- > 0)
			kill_after_steps(run,
					 (seed >> 12) %
						 (uint32_t)kit_number(
							 "HPDMA_TEST_STEPS_MAX",
							 3000));
		settle();
	}
	printf("# %ld times the ring was broken\n", broken_rings);
	finish();
}

TEST(a_process_dies_at_any_instruction_of_get_and_put)
{
	kill_in(step_get_put);
}

TEST(a_process_dies_at_any_instruction_of_send_and_receive)
{
	kill_in(step_move);
}

TEST(a_process_dies_at_any_instruction_of_making_and_removing_a_ring)
{
	kill_in(step_objects);
}

TEST(a_process_dies_at_any_instruction_of_attaching_and_detaching)
{
	kill_in(step_attach);
}

static void die_with_lock(void *arg)
{
	(void)arg;
	REQUIRE(join());
	hpdma_lock_take(&domain->page->lock);
	kill(getpid(), SIGKILL);
}

TEST(a_lock_is_taken_over_from_the_dead)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_ring *own;

	REQUIRE(start());
	CHECK_EQ(kit_wait(kit_child(die_with_lock, NULL)), -SIGKILL);
	/* Whoever comes next looks for the dead, too. */
	CHECK_EQ(hpdma_domain_ring_create(domain, "own", &ring_opts, &own,
					  NULL),
		 0);
	hpdma_domain_get_info(domain, &info);
	CHECK_EQ(info.reaped, 1);
	CHECK_EQ(info.processes, 1);
	hpdma_ring_destroy(own);
	finish();
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(processes_die_at_random_times_and_the_others_go_on),
		ENTRY(a_process_dies_at_any_instruction_of_get_and_put),
		ENTRY(a_process_dies_at_any_instruction_of_send_and_receive),
		ENTRY(a_process_dies_at_any_instruction_of_making_and_removing_a_ring),
		ENTRY(a_process_dies_at_any_instruction_of_attaching_and_detaching),
		ENTRY(a_lock_is_taken_over_from_the_dead),
	};

	return RUN_TESTS(tests);
}
