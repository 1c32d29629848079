// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process dies between any two instructions of reserve, free and repair in a shared
 * set; the next one that comes finds a set that is whole, in which all others' zones
 * are what they were, and that of the dead either is or is not.
 *
 * A child is stepped through the time it has the lock. Behind each step that changed
 * the tables a copy of them is repaired and looked at, as if it had died there. Then
 * children are really killed at some of the steps: HPDMA_MEMZONE_CRASH_SAMPLES says at
 * how many of each operation, 0 at each one.
 *
 * Linked with --wrap for hpdma_lock_take() and hpdma_lock_drop(): steps are counted
 * from before the one to behind the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hpdma.h>

#include "memzones.h"
#include "native.h"

#define LENGTH (256ull << 10)
#define OTHERS 6

static const struct memzones_format format = { .max_zones = 16,
					       .node = -1,
					       .alignment = 4096 };
static struct hpdma_buf *memory;
static struct hpdma_memzones *zones;
static struct hpdma_memzone others[OTHERS];

/* Zones with gaps of all kinds between them. */
static bool set_up(char *mem)
{
	struct hpdma_memzone gap[OTHERS];
	char name[32];
	int i;

	memset(mem, 0, LENGTH);
	if (hpdma_memzones_format(mem, LENGTH, &format) ||
	    hpdma_memzones_attach(mem, LENGTH, &zones, NULL))
		return false;
	for (i = 0; i < OTHERS; i++) {
		others[i] = gap[i] = ZONE;
		snprintf(name, sizeof(name), "other%d", i);
		if (hpdma_memzone_reserve(zones, name, 1000, NULL, &others[i],
					  NULL) ||
		    hpdma_memzone_reserve(zones, "gap", 5000, NULL, &gap[i],
					  NULL) ||
		    hpdma_memzone_free(zones, &gap[i]))
			return false;
	}
	return true;
}

static int reserve_it(void)
{
	struct hpdma_memzone zone = ZONE;

	/* Leaves a free part in front and behind. */
	return hpdma_memzone_reserve(zones, "it", 3000,
				     ZONE_OPTS(.alignment = 4096), &zone, NULL);
}

static int free_it(void)
{
	struct hpdma_memzone zone = ZONE;
	int ret = hpdma_memzone_lookup(zones, "it", &zone);

	return ret ? ret : hpdma_memzone_free(zones, &zone);
}

/* Makes the index anew first if its owner died. */
static int look_for_it(void)
{
	struct hpdma_memzone zone = ZONE;

	return hpdma_memzone_lookup(zones, "it", &zone);
}

/* In a child: how many locks there are before the one it stops at, and ends with. */
static bool stepped;
static int locks_before;

int __real_hpdma_lock_take(struct hpdma_lock *lock);
int __wrap_hpdma_lock_take(struct hpdma_lock *lock);
void __real_hpdma_lock_drop(struct hpdma_lock *lock);
void __wrap_hpdma_lock_drop(struct hpdma_lock *lock);

int __wrap_hpdma_lock_take(struct hpdma_lock *lock)
{
	if (stepped && !locks_before)
		kill(getpid(), SIGSTOP);
	return __real_hpdma_lock_take(lock);
}

void __wrap_hpdma_lock_drop(struct hpdma_lock *lock)
{
	__real_hpdma_lock_drop(lock);
	/* Ending takes many steps more; being stopped is as good. */
	if (stepped && !locks_before--)
		kill(getpid(), SIGSTOP);
}

/* Steps until @most steps are done or the child is; returns how many were. */
static unsigned long step(pid_t pid, unsigned long most, void (*look)(void))
{
	unsigned long steps;
	int status;

	for (steps = 0; steps < most; steps++) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid)
			abort();
		if (!WIFSTOPPED(status))
			abort();
		if (WSTOPSIG(status) == SIGSTOP)
			break;
		if (look)
			look();
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return steps;
}

/* A child does it, and is killed after so many steps. */
static unsigned long die_in(int (*operation)(void), unsigned long steps,
			    void (*look)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		stepped = true;
		locks_before = operation == free_it;
		operation();
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) {
		CHECK(!"stopped before the operation");
		return 0;
	}
	return step(pid, steps, look);
}

/* The tables as they were before, and a copy to repair. */
static char *live, *before, *copy;
static uint64_t control;
static unsigned long looked_at;

/* As if the child died here. The lock's own part is for real deaths. */
static void repair_a_copy(void)
{
	struct hpdma_memzones seen = { 0 };
	struct hpdma_memzone zone;
	uint32_t i, id;

	if (!memcmp(live, before, control) || harness_failed)
		return;
	memcpy(before, live, control);
	memcpy(copy, live, control);
	looked_at++;
	REQUIRE(!hpdma_lock_init(&((struct memzone_header *)copy)->lock, true));
	REQUIRE(!hpdma_memzone_table_view(&seen.table, copy, LENGTH));
	CHECK_EQ(hpdma_memzone_index_build(&seen.table), 0);
	check_zones(&seen);
	for (i = 0; i < OTHERS; i++) {
		id = hpdma_memzone_table_find(&seen.table, others[i].name);
		REQUIRE(id);
		hpdma_memzone_table_describe(&seen.table, id, &zone);
		CHECK_EQ((char *)zone.ptr - copy, (char *)others[i].ptr - live);
		CHECK_EQ(zone.serial, others[i].serial);
		CHECK_EQ(zone.length, others[i].length);
	}
	id = hpdma_memzone_table_find(&seen.table, "it");
	CHECK_EQ(seen.table.head->zones, OTHERS + (id != 0));
	if (id)
		CHECK_EQ(seen.table.zones[id].length, 3000);
}

/* What a survivor finds. Returns whether "it" is there. */
static bool survive(void)
{
	struct hpdma_memzone zone;
	bool there;
	size_t i;
	int ret;

	for (i = 0; i < OTHERS; i++) {
		zone = ZONE;
		CHECK_EQ(hpdma_memzone_lookup(zones, others[i].name, &zone), 0);
		CHECK(!memcmp(&zone, &others[i], sizeof(zone)));
	}
	check_zones(zones);
	zone = ZONE;
	ret = hpdma_memzone_lookup(zones, "it", &zone);
	there = !ret;
	if (there) {
		CHECK_EQ(zone.length, 3000);
		CHECK_EQ((uintptr_t)zone.ptr % 4096, 0);
	} else {
		CHECK_EQ(ret, -ENOENT);
	}
	CHECK_EQ(zones_info(zones).zones, OTHERS + there);
	/* The set is not only whole, it works. */
	CHECK_EQ(there ? free_it() : reserve_it(), 0);
	check_zones(zones);
	return there;
}

struct crash_case {
	const char *what;
	int (*operation)(void);
	/* Before it, "it" has to be there, and somebody has to have died. */
	bool there;
	unsigned long dead_at;
};

static void put_back(const struct crash_case *c)
{
	struct hpdma_memzone zone = ZONE;
	bool there = !hpdma_memzone_lookup(zones, "it", &zone);

	if (there != c->there)
		CHECK_EQ(c->there ? reserve_it() : free_it(), 0);
	if (c->dead_at)
		die_in(reserve_it, c->dead_at, NULL);
}

/* Looks at every step, then kills at some. */
__attribute__((unused)) static void kill_at_steps(const struct crash_case *c)
{
	unsigned long samples = count_of("HPDMA_MEMZONE_CRASH_SAMPLES", 4);
	unsigned long total, at, i, there = 0;
	uint32_t repairs;

	put_back(c);
	looked_at = 0;
	memcpy(before, live, control);
	total = die_in(c->operation, ~0ul, repair_a_copy);
	survive();
	CHECK(looked_at > 20);
	if (!samples || samples > total)
		samples = total;
	repairs = zones_info(zones).repairs;
	for (i = 0; i < samples && !harness_failed; i++) {
		at = total * i / samples;
		put_back(c);
		die_in(c->operation, at, NULL);
		there += survive();
	}
	repairs = zones_info(zones).repairs - repairs;
	printf("# %s: %lu steps, %lu changes, %lu deaths, %u repairs, "
	       "%lu times there\n",
	       c->what, total, looked_at, samples, repairs, there);
	CHECK(repairs && repairs >= samples / 4);
	if (!c->dead_at)
		CHECK(there && there < samples);
}

static char *shared(void)
{
	char *mem;

	memory = shared_buf(LENGTH);
	mem = hpdma_buf_ptr(memory);
	if (!set_up(mem))
		abort();
	live = mem;
	control = hpdma_memzones_control_length(&format);
	before = aligned_alloc(4096, LENGTH);
	copy = aligned_alloc(4096, LENGTH);
	return mem;
}

static void unshare_it(void)
{
	hpdma_memzones_unref(zones);
	drop_buf(memory);
	free(before);
	free(copy);
}

__attribute__((unused)) TEST(death_in_reserve)
{
	const struct crash_case c = { "reserve", reserve_it, false, 0 };

	shared();
	kill_at_steps(&c);
	unshare_it();
}

__attribute__((unused)) TEST(death_in_free)
{
	const struct crash_case c = { "free", free_it, true, 0 };

	shared();
	kill_at_steps(&c);
	unshare_it();
}

__attribute__((unused)) static int look(void)
{
	int ret = look_for_it();

	return ret == -ENOENT ? 0 : ret;
}

__attribute__((unused)) TEST(death_in_repair)
{
	struct crash_case c = { "repair", look, false, 0 };

	shared();
	/* In the middle of reserve, where it has the lock. */
	c.dead_at = die_in(reserve_it, ~0ul, NULL) / 2;
	free_it();
	kill_at_steps(&c);
	unshare_it();
}

/* What is damaged when its owner died is nobody's any more. */
static int break_it(void)
{
	hpdma_memzone_index_lock(&zones->table);
	zones->table.zones[1].pos = 1;
	return 0;
}

TEST(a_damaged_set_is_void)
{
	struct hpdma_memzone zone = ZONE;
	struct hpdma_memzones *again;
	char *mem = shared();
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(break_it());
	REQUIRE(waitpid(pid, &status, 0) == pid && !status);
	CHECK_EQ(hpdma_memzone_lookup(zones, "it", &zone), -ENOTRECOVERABLE);
	CHECK_EQ(reserve_it(), -ENOTRECOVERABLE);
	CHECK_EQ(hpdma_memzone_free(zones, &others[0]), -ENOTRECOVERABLE);
	CHECK_EQ(hpdma_memzones_attach(mem, LENGTH, &again, NULL),
		 -ENOTRECOVERABLE);
	unshare_it();
}

int main(void)
{
	static const struct test tests[] = {
#ifndef __SANITIZE_THREAD__
		/* One thread at a time, and many steps more: not for TSan. */
		ENTRY(death_in_reserve),
		ENTRY(death_in_free),
		ENTRY(death_in_repair),
#endif
		ENTRY(a_damaged_set_is_void),
	};

	stay_on_one_cpu();
	return RUN_ON_BACKEND(tests);
}
