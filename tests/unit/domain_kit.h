/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests with several processes: domains with names of their own, and children.
 */
#ifndef DOMAIN_KIT_H
#define DOMAIN_KIT_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hpdma/context.h>
#include <hpdma/domain.h>
#include <hpdma/domain_objects.h>

#include "native.h"

static char kit_name[HPDMA_DOMAIN_NAME_SIZE];

/* Another name with each call, and of this process alone */
__attribute__((unused)) static const char *kit_new_name(void)
{
	static int count;

	snprintf(kit_name, sizeof(kit_name), "test-%d-%d", (int)getpid(),
		 count++);
	return kit_name;
}

/* Of a size that any machine has, also in huge pages */
__attribute__((unused)) static struct hpdma_domain *kit_create(
	struct hpdma *ctx, uint32_t flags)
{
	struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.flags = flags,
		.length = 8 << 20,
		.abi = 7,
	};
	struct hpdma_domain *domain = NULL;
	struct hpdma_error error;
	char text[400];

	if (hpdma_domain_create(ctx, kit_new_name(), &opts, &domain, &error))
		printf("# %s\n", hpdma_error_text(&error, text, sizeof(text)));
	return domain;
}

__attribute__((unused)) static struct hpdma_domain *kit_attach(struct hpdma *ctx)
{
	struct hpdma_domain_attach_opts opts = { .size = sizeof(opts),
						 .abi = 7 };
	struct hpdma_domain *domain = NULL;
	struct hpdma_error error;
	char text[400];

	if (hpdma_domain_attach(ctx, kit_name, &opts, &domain, &error))
		printf("# %s\n", hpdma_error_text(&error, text, sizeof(text)));
	return domain;
}

/* Memory that children see, for what they tell and are told */
__attribute__((unused)) static void *kit_shared(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* The child ends with 1 if a check failed in it, and makes no report of leaks. */
__attribute__((unused)) static pid_t kit_child(void (*run)(void *arg),
					       void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	harness_failed = 0;
	run(arg);
	fflush(stdout);
	_exit(harness_failed);
}

__attribute__((unused)) static int kit_wait(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

__attribute__((unused)) static int kit_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	return kit_wait(pid);
}

__attribute__((unused)) static void kit_sleep_us(long us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

/* Until *flag is set by another process; 10 s at most */
__attribute__((unused)) static int kit_await(const uint32_t *flag)
{
	int i;

	for (i = 0; i < 100000; i++) {
		if (__atomic_load_n(flag, __ATOMIC_ACQUIRE))
			return 1;
		kit_sleep_us(100);
	}
	return 0;
}

__attribute__((unused)) static void kit_say(uint32_t *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

__attribute__((unused)) static long kit_number(const char *name, long usual)
{
	const char *text = getenv(name);

	return text ? atol(text) : usual;
}

#endif /* DOMAIN_KIT_H */
