/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mapped buffer of every kind that can be mapped, for the tests that give it to
 * the rest of the kernel. Included by programs after the harness.
 */
#ifndef HPDMA_SELFTESTS_IN_USE_H
#define HPDMA_SELFTESTS_IN_USE_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
/* What is given away: on both sides of a huge entry's end. */
#define PART KB(64)
#define PART_AT (HUGE_PAGE - PART / 2)
/* Where it is to come back. */
#define BACK_AT (3 * PAGE)

FIXTURE(used)
{
	struct state state;
	uint8_t *memory;
	uint64_t length;
	int fd;
	int id;
	/* The kernel's harness runs a test whose setup skips it. */
	bool ready;
};

FIXTURE_VARIANT(used)
{
	uint32_t backing;
	uint32_t flags;
	uint64_t length;
};

FIXTURE_VARIANT_ADD(used, contig){
	.backing = HPDMA_BACKING_CONTIG,
	.length = MB(4),
};

/* Longer than the page allocator's longest, where the module can do that. */
FIXTURE_VARIANT_ADD(used, long_contig){
	.backing = HPDMA_BACKING_CONTIG,
	.length = MB(16),
};

FIXTURE_VARIANT_ADD(used, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
	.length = MB(4),
};

FIXTURE_VARIANT_ADD(used, combining_contig){
	.backing = HPDMA_BACKING_CONTIG,
	.flags = HPDMA_ALLOC_WRITE_COMBINE,
	.length = MB(4),
};

FIXTURE_VARIANT_ADD(used, combining_hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
	.flags = HPDMA_ALLOC_WRITE_COMBINE,
	.length = MB(4),
};

static inline uint64_t word_at(uint64_t at, unsigned int seed)
{
	return (at + seed) * 0x9e3779b97f4a7c15ull;
}

static inline void fill_words(void *p, uint64_t length, unsigned int seed)
{
	uint64_t *words = p, i;

	for (i = 0; i < length / 8; i++)
		words[i] = word_at(i, seed);
}

static inline bool has_words(const void *p, uint64_t length, unsigned int seed)
{
	const volatile uint64_t *words = p;
	uint64_t i;

	for (i = 0; i < length / 8; i++)
		if (words[i] != word_at(i, seed))
			return false;
	return true;
}

static inline bool kernel_is(int major, int minor)
{
	struct utsname name;
	int has_major = 0, has_minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &has_major, &has_minor);
	return has_major > major || (has_major == major && has_minor >= minor);
}

FIXTURE_SETUP(used)
{
	bool huge = variant->backing == HPDMA_BACKING_HUGETLB;
	struct hpdma_ioc_buf_alloc arg = huge ? hugetlb(variant->length) :
						contig(variant->length);

	if (huge && pool_free() < (long long)(variant->length / HUGE_PAGE))
		SKIP(return, "no huge pages in the pool");
	self->length = variant->length;
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
	arg.flags = variant->flags;
	self->id = alloc(self->fd, &arg);
	if (self->id == -EOPNOTSUPP && variant->length > MB(4))
		SKIP(return, "no such long run on this kernel");
	if (self->id == -ENOMEM && variant->length > MB(4))
		SKIP(return, "no such long run in this memory");
	if (self->id == -EOPNOTSUPP && variant->flags)
		SKIP(return, "no write-combining here");
	ASSERT_LT(0, self->id);
	self->memory = map_cookie(self->fd, self->id, self->length, RW, 0);
	ASSERT_NE(NULL, self->memory);
	fill_words(self->memory + PART_AT, PART, 1);
	self->ready = true;
}

#define NEED_BUFFER()             \
	do {                      \
		if (!self->ready) \
			return;   \
	} while (0)

/* Takes what is given back first. */
static inline void reuse(int fd)
{
	int i;

	for (i = 0; i < 4; i++) {
		int id = i % 2 ? alloc_contig(fd, MB(4)) :
				 alloc_hugetlb(fd, MB(4));
		void *p = map_cookie(fd, id, MB(4), RW, 0);

		if (!p)
			continue;
		memset(p, 0xee, MB(4));
		munmap(p, MB(4));
		buf_free(fd, id);
	}
}

/* Nobody but those to whom it was given has it now; they may take their time. */
static inline void let_go(FIXTURE_DATA(used) *self)
{
	buf_free(self->fd, self->id);
	munmap(self->memory, self->length);
	self->memory = NULL;
	/* What was given back too early would be overwritten. */
	reuse(self->fd);
}

FIXTURE_TEARDOWN(used)
{
	if (self->memory) {
		EXPECT_EQ(0, munmap(self->memory, self->length));
		EXPECT_EQ(0, buf_free(self->fd, self->id));
	}
	if (self->ready) {
		EXPECT_TRUE(state_is(&self->state));
		close(self->fd);
	}
}

/*
 * A block device that does not need hardware: what its driver is given are the
 * very pages. Return: a descriptor for O_DIRECT, or -errno.
 */
static inline int open_disk(void)
{
	int fd;

	if (access("/dev/ram0", F_OK) &&
	    system("modprobe brd rd_nr=2 rd_size=8192 2>/dev/null"))
		return -ENOENT;
	fd = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

#endif
