// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of everything that splits, copies, moves or ends a mapping,
 * for some seconds, against a model of what each page must hold. The seed is
 * printed; HPDMA_SEED repeats a run.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kselftest_harness.h"
#include "common.h"

#define SECONDS 4
#define BUFFERS 8
#define AREAS 32
#define RW (PROT_READ | PROT_WRITE)

struct buffer {
	int id;
	uint64_t length, granule;
	/* What all of its pages begin with; never used twice. */
	uint32_t mark;
};

struct area {
	uint8_t *addr;
	uint64_t length, offset, granule;
	uint32_t mark;
};

FIXTURE(stress)
{
	struct buffer buffers[BUFFERS];
	struct area areas[AREAS];
	struct state state;
	uint32_t marks;
	unsigned int seed;
	int wrong;
	int fd;
};

FIXTURE_SETUP(stress)
{
	const char *seed = getenv("HPDMA_SEED");

	self->seed = seed ? atoi(seed) : (unsigned int)time(NULL);
	TH_LOG("seed %u", self->seed);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(stress)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

#define SELF FIXTURE_DATA(stress) *self

static uint64_t dice(SELF, uint64_t sides)
{
	return (uint64_t)rand_r(&self->seed) % sides;
}

static uint32_t word_of(uint32_t mark, uint64_t offset)
{
	return mark * 4096 + offset / PAGE;
}

static bool holds(const struct area *area)
{
	uint64_t at;

	for (at = 0; at < area->length; at += PAGE)
		if (*(volatile uint32_t *)(area->addr + at) !=
		    word_of(area->mark, area->offset + at))
			return false;
	return true;
}

static struct area *free_area(SELF)
{
	int i;

	for (i = 0; i < AREAS; i++)
		if (!self->areas[i].addr)
			return &self->areas[i];
	return NULL;
}

static void do_alloc(SELF, struct buffer *buffer)
{
	uint64_t at;
	uint8_t *p;

	if (dice(self, 2)) {
		buffer->granule = PAGE;
		buffer->length = (1 + dice(self, 1024)) * PAGE;
		buffer->id = alloc_contig(self->fd, buffer->length);
	} else {
		buffer->granule = HUGE_PAGE;
		buffer->length = (1 + dice(self, 4)) * HUGE_PAGE;
		buffer->id = alloc_hugetlb(self->fd, buffer->length);
	}
	if (buffer->id < 0) {
		/* There may be none at the moment; nothing else is an excuse. */
		self->wrong += buffer->id != -ENOMEM;
		buffer->id = 0;
		return;
	}
	buffer->mark = ++self->marks;
	p = map_cookie(self->fd, buffer->id, buffer->length, RW, 0);
	if (!p) {
		self->wrong++;
		return;
	}
	for (at = 0; at < buffer->length; at += PAGE) {
		self->wrong += *(volatile uint32_t *)(p + at) != 0;
		*(volatile uint32_t *)(p + at) = word_of(buffer->mark, at);
	}
	munmap(p, buffer->length);
}

static void do_map(SELF, const struct buffer *buffer)
{
	uint64_t pages = buffer->length / buffer->granule;
	struct area *area = free_area(self);
	int export;
	void *p;

	if (!area)
		return;
	area->offset = dice(self, pages) * buffer->granule;
	area->length =
		(1 + dice(self, pages - area->offset / buffer->granule)) *
		buffer->granule;
	area->granule = buffer->granule;
	area->mark = buffer->mark;
	if (dice(self, 2)) {
		p = mmap(NULL, area->length, RW,
			 MAP_SHARED | (dice(self, 2) ? MAP_POPULATE : 0),
			 self->fd, cookie(self->fd, buffer->id) + area->offset);
		if (p == MAP_FAILED)
			p = NULL;
	} else {
		export = buf_export(self->fd, buffer->id);
		p = map_fd(export, area->offset, area->length, HUGE_PAGE, RW,
			   0);
		close(export);
	}
	self->wrong += !p;
	area->addr = p;
}

static void do_unmap(SELF, struct area *area)
{
	uint64_t pages = area->length / area->granule;
	uint64_t from = dice(self, pages) * area->granule, length;
	struct area *rest;

	length = (1 + dice(self, pages - from / area->granule)) * area->granule;
	rest = free_area(self);
	if (!rest) {
		from = 0;
		length = area->length;
	}
	self->wrong += munmap(area->addr + from, length) != 0;
	if (rest && from + length < area->length) {
		*rest = *area;
		rest->addr += from + length;
		rest->offset += from + length;
		rest->length -= from + length;
	}
	area->length = from;
	if (!from)
		area->addr = NULL;
}

static void do_move(SELF, struct area *area)
{
	uint8_t *where = reserve(area->length, HUGE_PAGE);
	void *p = mremap(area->addr, area->length, area->length,
			 MREMAP_MAYMOVE | MREMAP_FIXED, where);

	/* Some kernels refuse some of it; then it is where it was. */
	if (p != MAP_FAILED)
		area->addr = p;
	else
		munmap(where, area->length);
}

static void do_protect(SELF, struct area *area)
{
	uint64_t half = area->length / 2 & ~(area->granule - 1);

	if (!half)
		return;
	self->wrong += mprotect(area->addr, half, PROT_READ) != 0;
	self->wrong += !holds(area);
	if (dice(self, 2))
		self->wrong += mprotect(area->addr, half, RW) != 0;
}

/* A child that looks, ends some mappings, and exits or is killed at it. */
static void do_fork(SELF)
{
	pid_t pid = fork();
	int i, ret;

	if (!pid) {
		for (i = 0; i < AREAS; i++) {
			struct area *area = &self->areas[i];

			if (!area->addr || dice(self, 2))
				continue;
			if (!holds(area))
				_exit(1);
			if (dice(self, 2))
				munmap(area->addr, area->length);
		}
		_exit(0);
	}
	if (dice(self, 2))
		kill(pid, SIGKILL);
	ret = wait_child(pid);
	self->wrong += ret != 0 && ret != 128 + SIGKILL;
}

static void step(SELF)
{
	struct buffer *buffer = &self->buffers[dice(self, BUFFERS)];
	struct area *area = &self->areas[dice(self, AREAS)];

	switch (dice(self, 16)) {
	case 0 ... 4:
		if (!buffer->id)
			do_alloc(self, buffer);
		else
			do_map(self, buffer);
		return;
	case 5:
		if (!buffer->id)
			return;
		self->wrong += buf_free(self->fd, buffer->id) != 0;
		buffer->id = 0;
		return;
	case 6:
		do_fork(self);
		return;
	}
	if (!area->addr)
		return;
	switch (dice(self, 5)) {
	case 0 ... 1:
		do_unmap(self, area);
		return;
	case 2:
		do_move(self, area);
		return;
	case 3:
		do_protect(self, area);
		return;
	case 4:
		self->wrong += !holds(area);
		return;
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

TEST_F_TIMEOUT(stress, random_mappings_hold_what_they_should, 120)
{
	double end = now() + SECONDS;
	int i, steps = 0;

	while (now() < end && !self->wrong) {
		step(self);
		steps++;
	}
	TH_LOG("%d steps", steps);
	EXPECT_EQ(0, self->wrong);
	for (i = 0; i < AREAS; i++) {
		if (self->areas[i].addr) {
			EXPECT_TRUE(holds(&self->areas[i]));
			munmap(self->areas[i].addr, self->areas[i].length);
		}
	}
	for (i = 0; i < BUFFERS; i++) {
		if (self->buffers[i].id) {
			EXPECT_EQ(0, buf_free(self->fd, self->buffers[i].id));
		}
	}
}

TEST_HARNESS_MAIN
