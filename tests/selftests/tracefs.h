/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests that read the kernel's trace share. */
#ifndef HPDMA_SELFTESTS_TRACEFS_H
#define HPDMA_SELFTESTS_TRACEFS_H

#include <fcntl.h>
#include <string.h>

#include "common.h"

#define TRACING "/sys/kernel/tracing/"

static inline bool trace_read(char *text, size_t size)
{
	return read_whole(TRACING "trace", text, size);
}

/* What is written does not clear it, opening it so does. */
static inline bool trace_clear(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* An event, or a folder of them. */
static inline bool trace_event(const char *event, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	return write_text(path, on ? "1" : "0");
}

/* @line makes a kprobe event or removes it; others stay. */
static inline bool trace_kprobe(const char *line)
{
	int fd = open(TRACING "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, line, strlen(line)) > 0;

	close(fd);
	return done;
}

#endif
