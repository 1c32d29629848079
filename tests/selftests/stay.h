/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A buffer of every backing that the CPU sees and, where the machine has one, a
 * device too; and what is to be true of it whatever was tried. Included by
 * programs after the harness and dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_STAY_H
#define HPDMA_SELFTESTS_STAY_H

#include <fcntl.h>
#include <sys/mman.h>

#define RW (PROT_READ | PROT_WRITE)
#define LENGTH MB(4)
#define PAGES (LENGTH / PAGE)
#define BYTE 0x5a
/* Of the memory, through the device and back, to the other end. */
#define DMA_FROM (HUGE_PAGE - EDU_CHUNK / 2)
#define DMA_TO (LENGTH - EDU_CHUNK)

enum origin {
	CONTIG,
	HUGETLB,
	ANON,
	THP,
	SHMEM,
	USER_HUGETLB,
};

/**
 * struct kept - a buffer and what is known of it
 * @rig: A device, if @dma
 * @dma: The device has it mapped, as @map
 * @map: Its mapping
 * @fd: Its file of /dev/hpdma
 * @id: Its id
 * @file: The file its memory belongs to, or its own exported; -1 if none
 * @memory: Where the CPU sees it
 * @segments: Its frames
 * @count: How many runs they are
 */
struct kept {
	struct rig rig;
	bool dma;
	int map;
	int fd;
	int id;
	int file;
	uint8_t *memory;
	struct hpdma_segment segments[PAGES];
	int count;
};

static inline bool is_registered(enum origin origin)
{
	return origin >= ANON;
}

static inline bool is_huge(enum origin origin)
{
	return origin == HUGETLB || origin == USER_HUGETLB;
}

/* The memory of a program, as it would have it to register it; NULL if none. */
static inline uint8_t *user_memory(enum origin origin, int *file)
{
	uint8_t *p = MAP_FAILED;

	*file = -1;
	switch (origin) {
	case ANON:
		p = mmap(NULL, LENGTH, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(p, LENGTH, MADV_NOHUGEPAGE);
		break;
	case THP:
		p = reserve(LENGTH, HUGE_PAGE);
		mprotect(p, LENGTH, RW);
		madvise(p, LENGTH, MADV_HUGEPAGE);
		break;
	case SHMEM:
	case USER_HUGETLB:
		*file = memfd_create("owner",
				     MFD_CLOEXEC |
					     (is_huge(origin) ? MFD_HUGETLB :
								0));
		if (*file < 0 || ftruncate(*file, LENGTH))
			return NULL;
		p = mmap(NULL, LENGTH, RW, MAP_SHARED, *file, 0);
		break;
	default:
		break;
	}
	return p == MAP_FAILED ? NULL : p;
}

/* Let a device have it: without an IOMMU it would be in many pieces. */
static inline bool give_to_device(struct kept *kept)
{
	if (rig_open(&kept->rig, EDU_WIDE, 0))
		return false;
	if (!dev_translated(&kept->rig.edu)) {
		rig_close(&kept->rig);
		return false;
	}
	return true;
}

/* Return: 0 or -errno. */
static inline int kept_make(struct kept *kept, enum origin origin)
{
	memset(kept, 0, sizeof(*kept));
	kept->file = -1;
	kept->dma = give_to_device(kept);
	kept->fd = kept->dma ? kept->rig.mem : open_node();
	if (is_registered(origin)) {
		kept->memory = user_memory(origin, &kept->file);
		if (!kept->memory)
			return -errno;
		memset(kept->memory, BYTE, LENGTH);
		kept->id = register_memory(kept->fd, kept->memory, LENGTH);
	} else {
		kept->id = origin == CONTIG ? alloc_contig(kept->fd, LENGTH) :
					      alloc_hugetlb(kept->fd, LENGTH);
		kept->memory = map_cookie(kept->fd, kept->id, LENGTH, RW, 0);
		kept->file = buf_export(kept->fd, kept->id);
		if (kept->memory)
			memset(kept->memory, BYTE, LENGTH);
	}
	if (kept->id < 0)
		return kept->id;
	if (!kept->memory)
		return -errno;
	kept->count = buf_segments(kept->fd, kept->id, kept->segments, PAGES);
	if (kept->dma) {
		kept->map = dev_map(kept->rig.dev, kept->id, 0, 0);
		if (kept->map < 0)
			return kept->map;
	}
	return kept->count < 0 ? kept->count : 0;
}

/* Return: NULL, or what is no longer as it was made. */
static inline const char *kept_frames(const struct kept *kept)
{
	static struct hpdma_segment now[PAGES];
	int count = buf_segments(kept->fd, kept->id, now, PAGES);

	if (count != kept->count ||
	    memcmp(now, kept->segments, count * sizeof(*now)))
		return "the buffer has other segments";
	return NULL;
}

static inline const char *kept_copy(struct kept *kept, uint64_t from,
				    uint64_t to)
{
	uint64_t base = dev_address(kept->rig.dev, kept->map);

	return edu_from_ram(kept->rig.regs, base + from, EDU_CHUNK) &&
			       edu_to_ram(kept->rig.regs, base + to,
					  EDU_CHUNK) ?
		       NULL :
		       "the device does not answer";
}

/* What the CPU writes the device reads, and the other way round. */
static inline const char *kept_dma(struct kept *kept)
{
	const char *wrong;

	if (!kept->dma)
		return NULL;
	fill_pattern(kept->memory + DMA_FROM, EDU_CHUNK, 3);
	wrong = kept_copy(kept, DMA_FROM, DMA_TO);
	if (!wrong && check_pattern(kept->memory + DMA_TO, EDU_CHUNK, 3) >= 0)
		wrong = "the device uses other memory";
	memset(kept->memory + DMA_FROM, BYTE, EDU_CHUNK);
	memset(kept->memory + DMA_TO, BYTE, EDU_CHUNK);
	return wrong;
}

/* The same bytes at the same frames, for the CPU and for the device. */
static inline const char *kept_wrong(struct kept *kept)
{
	const char *wrong = kept_frames(kept);

	if (!wrong && find_other(kept->memory, BYTE, LENGTH))
		wrong = "the memory has another content";
	if (!wrong)
		wrong = compare_frames(kept->memory, LENGTH, kept->segments,
				       kept->count);
	return wrong ? wrong : kept_dma(kept);
}

static inline void kept_drop(struct kept *kept)
{
	if (kept->memory)
		munmap(kept->memory, LENGTH);
	if (kept->file >= 0)
		close(kept->file);
	if (kept->id > 0)
		buf_free(kept->fd, kept->id);
	if (kept->dma)
		rig_close(&kept->rig);
	else
		close(kept->fd);
}

FIXTURE(stay)
{
	struct state state;
	struct kept kept;
	/* The kernel's harness runs a test whose setup skips it. */
	bool ready;
};

FIXTURE_VARIANT(stay)
{
	enum origin origin;
};

FIXTURE_VARIANT_ADD(stay, contig){
	.origin = CONTIG,
};

FIXTURE_VARIANT_ADD(stay, hugetlb){
	.origin = HUGETLB,
};

FIXTURE_VARIANT_ADD(stay, anon){
	.origin = ANON,
};

FIXTURE_VARIANT_ADD(stay, thp){
	.origin = THP,
};

FIXTURE_VARIANT_ADD(stay, shmem){
	.origin = SHMEM,
};

FIXTURE_VARIANT_ADD(stay, users_hugetlb){
	.origin = USER_HUGETLB,
};

FIXTURE_SETUP(stay)
{
	int ret;

	if (is_huge(variant->origin) &&
	    pool_free() < (long long)(LENGTH / HUGE_PAGE))
		SKIP(return, "no huge pages in the pool");
	state_take(&self->state);
	ret = kept_make(&self->kept, variant->origin);
	ASSERT_EQ(0, ret);
	self->ready = true;
}

FIXTURE_TEARDOWN(stay)
{
	if (self->ready) {
		kept_drop(&self->kept);
		EXPECT_TRUE(state_is(&self->state));
	}
}

#define NEED_BUFFER()             \
	do {                      \
		if (!self->ready) \
			return;   \
	} while (0)

#define EXPECT_KEPT(_kept)                              \
	do {                                            \
		const char *wrong_ = kept_wrong(_kept); \
		EXPECT_EQ(NULL, wrong_)                 \
		{                                       \
			TH_LOG("%s", wrong_);           \
		}                                       \
	} while (0)

#endif
