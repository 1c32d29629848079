// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says about memory and about what is held. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "common.h"

#define STATS "/sys/kernel/debug/hpdma/stats"
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* The entries of consecutive pages; 0 where one cannot be read. */
static void read_pagemap(const void *addr, uint64_t *entries, size_t count)
{
	uint64_t page = (uintptr_t)addr / PAGE;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	memset(entries, 0, count * sizeof(*entries));
	if (fd < 0)
		return;
	if (pread(fd, entries, count * sizeof(*entries),
		  page * sizeof(*entries)) < 0)
		perror("# pagemap");
	close(fd);
}

static uint64_t phys_in(uint64_t entry)
{
	/* Bit 63: present. The frame number is 0 for who may not see it. */
	return entry >> 63 ? (entry & ((1ULL << 55) - 1)) * PAGE : 0;
}

uint64_t phys_of(const void *addr)
{
	uint64_t entry, phys;

	read_pagemap(addr, &entry, 1);
	phys = phys_in(entry);
	return phys ? phys + (uintptr_t)addr % PAGE : 0;
}

static const char *compare_entries(const uint64_t *entries, uint64_t pages,
				   const struct hpdma_segment *array, int count)
{
	uint64_t at = 0;
	int i;

	for (i = 0; i < count; i++) {
		uint64_t in;

		for (in = 0; in < array[i].length; in += PAGE, at++) {
			if (at >= pages)
				return "the segments are longer than the memory";
			if (!phys_in(entries[at]))
				return "a page is not there";
			if (phys_in(entries[at]) != array[i].addr + in)
				return "a frame is another one";
		}
	}
	return at == pages ? NULL : "the segments are shorter than the memory";
}

const char *compare_frames(const void *addr, uint64_t length,
			   const struct hpdma_segment *array, int count)
{
	uint64_t pages = length / PAGE;
	uint64_t *entries = calloc(pages, sizeof(*entries));
	const char *wrong;

	read_pagemap(addr, entries, pages);
	wrong = compare_entries(entries, pages, array, count);
	free(entries);
	return wrong;
}

const void *find_other(const void *addr, int byte, size_t length)
{
	const unsigned char *p = addr;
	size_t i;

	/* The first byte is as it should be, and each is as the one before. */
	if (p[0] == byte && !memcmp(p, p + 1, length - 1))
		return NULL;
	for (i = 0; i < length && p[i] == byte; i++)
		;
	return p + i;
}

long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

long smaps(const void *addr, const char *name)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512];
	long value = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		unsigned long start, end;

		/* Names of values begin with a capital letter. */
		if (!isupper(line[0]) &&
		    sscanf(line, "%lx-%lx", &start, &end) == 2)
			inside = (uintptr_t)addr >= start &&
				 (uintptr_t)addr < end;
		else if (inside && !strncmp(line, name, strlen(name)) &&
			 line[strlen(name)] == ':')
			value = atol(line + strlen(name) + 1);
	}
	fclose(file);
	return value;
}

long long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long long value = -1, number;
	char line[256], word[64];

	if (!file)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lld", word, &number) == 2 &&
		    !strcmp(word, name))
			value = number;
	fclose(file);
	return value;
}

bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, buf, size - 1);
	close(fd);
	if (got < 0)
		return false;
	buf[got] = '\0';
	return true;
}

bool read_whole(const char *path, char *buf, size_t size)
{
	size_t done = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((got = read(fd, buf + done, size - 1 - done)) > 0)
		done += got;
	buf[done] = '\0';
	close(fd);
	return true;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

static long long read_number(const char *path)
{
	char text[64];

	return read_text(path, text, sizeof(text)) ? atoll(text) : -1;
}

long long pins(void)
{
	/* Each CPU counts for itself until told to fold. */
	write_text("/proc/sys/vm/stat_refresh", "1");
	return number_in("/proc/vmstat", "nr_foll_pin_acquired") -
	       number_in("/proc/vmstat", "nr_foll_pin_released");
}

long long pool_free(void)
{
	return read_number(POOL "free_hugepages");
}

long long module_users(void)
{
	return read_number("/sys/module/hpdma/refcnt");
}

static long long open_descriptors(void)
{
	long long count = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* What debugfs counts, first; then what is counted here. */
static const char *const state_names[] = {
	[STATE_CONTEXTS] = "contexts",
	[STATE_DEVICE_FILES] = "device_files",
	[STATE_BUFFERS] = "buffers",
	[STATE_BUFFER_BYTES] = "buffer_bytes",
	[STATE_MAPPINGS] = "mappings",
	[STATE_PARKED] = "parked",
	[STATE_NAMES] = "names",
	[STATE_RESERVE] = "reserve_used",
	[STATE_PINS] = "pins",
	[STATE_POOL] = "free huge pages",
	[STATE_DESCRIPTORS] = "descriptors",
	[STATE_USERS] = "module users",
};

void state_take(struct state *state)
{
	int i;

	for (i = 0; i < STATE_PINS; i++)
		state->value[i] = number_in(STATS, state_names[i]);
	state->value[STATE_PINS] = pins();
	state->value[STATE_POOL] = pool_free();
	state->value[STATE_DESCRIPTORS] = open_descriptors();
	state->value[STATE_USERS] = module_users();
}

bool state_is(const struct state *before)
{
	struct state now;
	int i, tries;

	for (tries = 0; tries < 200; tries++) {
		state_take(&now);
		if (!memcmp(&now, before, sizeof(now)))
			return true;
		usleep(10000);
	}
	for (i = 0; i < STATES; i++)
		if (now.value[i] != before->value[i])
			fprintf(stderr, "# %s: %lld, not %lld\n",
				state_names[i], now.value[i], before->value[i]);
	return false;
}
