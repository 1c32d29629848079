// SPDX-License-Identifier: MIT
/*
 * Who a process is, and whether it still lives.
 *
 * A process is told by its id together with the time it was started: ids are
 * used again, but not within one tick of that clock (10 ms). The alternatives
 * err to the wrong side, or need more:
 *
 * - A robust mutex says that a thread died, not a process.
 * - A lock of an open file description (F_OFD_SETLK, flock) is inherited by
 *   fork(), so a child keeps the dead alive; and it needs a file that all share,
 *   which the module's buffers are not: their file is one description.
 * - A POSIX lock is lost when any part of the program closes any descriptor of
 *   the file, so the living would be taken for dead.
 * - A pidfd tells a death for sure, but only to who opened it before.
 *
 * Taking a dead process for living keeps memory for longer; the other way round
 * two processes would own the same memory. So whatever cannot be told is life.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include <hpdma/process.h>

#include "context.h"
#include "util.h"

/* The kernel's ids end at 2^22; 2^42 ticks are 1,394 centuries. */
#define START_BITS 42
#define START_MASK ((1ull << START_BITS) - 1)

/* Fields of /proc/PID/stat, counted from the one after the name */
#define FIELD_STATE 0
#define FIELD_THREADS 17
#define FIELD_START 19

/**
 * struct stat - what is read of a process
 * @start: When it was started, in ticks since the system was
 * @ended: None of its threads runs any more
 */
struct stat {
	uint64_t start;
	bool ended;
};

/* The name is in parentheses, and may have some of its own. */
static bool parse(const char *text, struct stat *out)
{
	const char *at = strrchr(text, ')');
	unsigned long threads = 0;
	char state = 0;
	int field;

	for (field = 0; at && field <= FIELD_START; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return false;
		if (field == FIELD_STATE)
			state = at[1];
		else if (field == FIELD_THREADS)
			threads = strtoul(at + 1, NULL, 10);
	}
	if (!at)
		return false;
	out->start = strtoull(at + 1, NULL, 10);
	/*
	 * A first thread that has ended is a zombie (Z) as long as others run,
	 * and these are counted until their memory is let go of.
	 */
	out->ended = state == 'X' || (state == 'Z' && threads <= 1);
	return true;
}

static int read_stat(const struct hpdma_sys *sys, int pid, struct stat *out)
{
	char path[32], text[1024];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = sys->open(path, O_RDONLY);
	if (fd < 0)
		return fd;
	got = sys->read(fd, text, sizeof(text) - 1);
	sys->close(fd);
	if (got < 0)
		return (int)got;
	text[got] = '\0';
	return parse(text, out) ? 0 : -EPROTO;
}

int hpdma_process_self(struct hpdma *ctx, uint64_t *id,
		       struct hpdma_error *error)
{
	const struct hpdma_sys *sys = ctx->sys;
	int pid = sys->pid(), ret;
	struct stat stat;
	char link[32];

	/* A /proc of another namespace tells of other processes. */
	ret = sys->readlink("/proc/self", link, sizeof(link));
	if (ret == -ENOENT || (!ret && strtol(link, NULL, 10) != pid))
		ret = -EOPNOTSUPP;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_PROC,
				  "look for this process in /proc");
	ret = read_stat(sys, pid, &stat);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_PROC,
				  "read when this process was started");
	*id = (uint64_t)pid << START_BITS | (stat.start & START_MASK);
	return 0;
}

int hpdma_process_is_self(struct hpdma *ctx, uint64_t id)
{
	return (uint64_t)ctx->sys->pid() == id >> START_BITS;
}

int hpdma_process_alive(struct hpdma *ctx, uint64_t id)
{
	int pid = (int)(id >> START_BITS);
	struct stat stat;

	/* /proc may hide what is another user's; this is not hidden. */
	if (ctx->sys->probe(pid) == -ESRCH)
		return 0;
	if (read_stat(ctx->sys, pid, &stat))
		return 1;
	return (stat.start & START_MASK) == (id & START_MASK) && !stat.ended;
}

int hpdma_process_namespace(struct hpdma *ctx, enum hpdma_process_ns which,
			    uint64_t *number, struct hpdma_error *error)
{
	static const char what[] = "look for a namespace in /proc";
	static const char *const paths[] = {
		[HPDMA_PROCESS_NS_IPC] = "/proc/self/ns/ipc",
		[HPDMA_PROCESS_NS_PID] = "/proc/self/ns/pid",
		[HPDMA_PROCESS_NS_TIME] = "/proc/self/ns/time",
	};
	const char *digits;
	char link[64];
	int ret;

	if ((unsigned int)which >= sizeof(paths) / sizeof(paths[0]))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, what);
	ret = ctx->sys->readlink(paths[which], link, sizeof(link));
	/* Anything else would pass for a namespace that it is not. */
	if (ret && ret != -ENOENT)
		return hpdma_fail(error, ret, HPDMA_WHY_PROC, what);
	/* "ipc:[4026531839]" */
	digits = ret ? NULL : strchr(link, '[');
	*number = digits ? strtoull(digits + 1, NULL, 10) : 0;
	return 0;
}

uint32_t hpdma_process_program(void)
{
	const void *random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
	uint64_t half[2] = { 0, 0 };

	/*
	 * The C library makes its secrets of these bytes. 32 bits of a mix of
	 * both halves tell programs apart, and neither half.
	 */
	if (random)
		memcpy(half, random, sizeof(half));
	return (uint32_t)((half[0] * 0x9e3779b97f4a7c15u +
			   half[1] * 0xc2b2ae3d27d4eb4fu) >>
			  32) |
	       1;
}
