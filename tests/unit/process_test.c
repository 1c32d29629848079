// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who a process is, and whether it lives.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>

#include <hpdma/process.h>

#include "domain_kit.h"

static uint64_t *told;
static uint32_t *flag;

static void tell_and_wait(void *arg)
{
	CHECK_EQ(hpdma_process_self(arg, told, NULL), 0);
	kit_say(flag);
	pause();
}

static pid_t start_waiting(struct hpdma *ctx)
{
	pid_t pid;

	*flag = 0;
	pid = kit_child(tell_and_wait, ctx);
	CHECK(kit_await(flag));
	return pid;
}

TEST(a_process_is_itself_and_no_other)
{
	struct hpdma *ctx = kit_context();
	uint64_t mine = 0, again = 1;
	pid_t pid;

	CHECK_EQ(hpdma_process_self(ctx, &mine, NULL), 0);
	CHECK_EQ(hpdma_process_self(ctx, &again, NULL), 0);
	CHECK(mine && mine == again);
	CHECK(hpdma_process_is_self(ctx, mine));
	CHECK(hpdma_process_alive(ctx, mine));
	pid = start_waiting(ctx);
	CHECK(*told != mine);
	CHECK(!hpdma_process_is_self(ctx, *told));
	kit_kill(pid);
	hpdma_unref(ctx);
}

TEST(a_killed_process_does_not_live_also_as_a_zombie)
{
	struct hpdma *ctx = kit_context();
	siginfo_t info;
	pid_t pid = start_waiting(ctx);

	CHECK_EQ(hpdma_process_alive(ctx, *told), 1);
	kill(pid, SIGKILL);
	/* It has ended, and is still there. */
	CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	CHECK_EQ(hpdma_process_alive(ctx, *told), 0);
	kit_wait(pid);
	CHECK_EQ(hpdma_process_alive(ctx, *told), 0);
	hpdma_unref(ctx);
}

TEST(a_stopped_process_lives)
{
	struct hpdma *ctx = kit_context();
	pid_t pid = start_waiting(ctx);
	int status;

	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	CHECK_EQ(hpdma_process_alive(ctx, *told), 1);
	kit_kill(pid);
	hpdma_unref(ctx);
}

TEST(another_process_with_the_same_id_is_another)
{
	struct hpdma *ctx = kit_context();
	uint64_t mine = 0;

	CHECK_EQ(hpdma_process_self(ctx, &mine, NULL), 0);
	CHECK_EQ(hpdma_process_alive(ctx, mine - 1), 0);
	CHECK_EQ(hpdma_process_alive(ctx, mine + 1), 0);
	hpdma_unref(ctx);
}

static void *outlive(void *arg)
{
	(void)arg;
	kit_sleep_us(50000);
	kit_say(flag);
	pause();
	return NULL;
}

static void end_first_thread(void *arg)
{
	pthread_t thread;

	CHECK_EQ(hpdma_process_self(arg, told, NULL), 0);
	/* The kernel does not let its name hide the rest of the line. */
	prctl(PR_SET_NAME, ") Z 1 (");
	pthread_create(&thread, NULL, outlive, NULL);
	pthread_exit(NULL);
}

TEST(a_process_lives_as_long_as_any_of_its_threads)
{
	struct hpdma *ctx = kit_context();
	pid_t pid;

	*flag = 0;
	pid = kit_child(end_first_thread, ctx);
	CHECK(kit_await(flag));
	CHECK_EQ(hpdma_process_alive(ctx, *told), 1);
	kit_kill(pid);
	CHECK_EQ(hpdma_process_alive(ctx, *told), 0);
	hpdma_unref(ctx);
}

static void tell_program(void *arg)
{
	(void)arg;
	*told = hpdma_process_program();
}

TEST(a_program_has_a_number_that_children_inherit)
{
	pid_t pid = kit_child(tell_program, NULL);

	CHECK_EQ(kit_wait(pid), 0);
	CHECK(*told && *told == hpdma_process_program());
}

TEST(namespaces_have_numbers)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_error error = { 0 };
	uint64_t ipc = 0, pid = 0;

	CHECK_EQ(hpdma_process_namespace(ctx, HPDMA_PROCESS_NS_IPC, &ipc, NULL),
		 0);
	CHECK_EQ(hpdma_process_namespace(ctx, HPDMA_PROCESS_NS_PID, &pid, NULL),
		 0);
	CHECK(ipc && pid && ipc != pid);
	CHECK_EQ(hpdma_process_namespace(ctx, (enum hpdma_process_ns)9, &pid,
					 &error),
		 -EINVAL);
	CHECK_EQ(error.code, -EINVAL);
	hpdma_unref(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_process_is_itself_and_no_other),
		ENTRY(a_killed_process_does_not_live_also_as_a_zombie),
		ENTRY(a_stopped_process_lives),
		ENTRY(another_process_with_the_same_id_is_another),
		ENTRY(a_process_lives_as_long_as_any_of_its_threads),
		ENTRY(a_program_has_a_number_that_children_inherit),
		ENTRY(namespaces_have_numbers),
	};

	told = kit_shared(4096);
	flag = (uint32_t *)(told + 1);
	return RUN_TESTS(tests);
}
