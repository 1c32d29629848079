/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the kernel has noted that memory is cached, and how it is mapped into
 * processes, as root can find out. x86.
 */
#ifndef HPDMA_SELFTESTS_CACHING_H
#define HPDMA_SELFTESTS_CACHING_H

#include <elf.h>
#include <fcntl.h>

#include "common.h"

/* Of /proc/kpageflags; the two bits in which x86 notes how memory is cached. */
#define KPF_ARCH 38
#define KPF_PGTABLE 26

/* Of an entry of a page table. */
#define ENTRY_PRESENT_USER 0x5ull
#define ENTRY_CACHING 0x18ull
#define ENTRY_WRITE_COMBINE 0x08ull
#define ENTRY_FRAME 0x000ffffffffff000ull

/* Return: how many could be read; none where there is no such frame. */
static inline int read_flags(uint64_t frame, uint64_t *flags, size_t count)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	got = pread(fd, flags, count * sizeof(*flags), frame * sizeof(*flags));
	close(fd);
	return got < 0 ? 0 : got / sizeof(*flags);
}

/* Return: how many of the frames are not cached as usual, but as @wanted. */
static inline unsigned int noted_as(const struct hpdma_segment *array,
				    int count, bool (*wanted)(uint64_t flags))
{
	uint64_t frame, left, flags[512];
	unsigned int sum = 0;
	int i, j, got;

	for (i = 0; i < count; i++) {
		frame = array[i].addr / PAGE;
		left = array[i].length / PAGE;
		for (; left; frame += got, left -= got) {
			got = read_flags(frame, flags, left < 512 ? left : 512);
			if (!got)
				return sum;
			for (j = 0; j < got; j++)
				sum += wanted(flags[j]);
		}
	}
	return sum;
}

static inline bool is_combining(uint64_t flags)
{
	return (flags >> KPF_ARCH & 3) == 1;
}

static inline bool is_unusual(uint64_t flags)
{
	return (flags >> KPF_ARCH & 3) != 0;
}

static inline unsigned int combining(const struct hpdma_segment *array,
				     int count)
{
	return noted_as(array, count, is_combining);
}

static inline unsigned int unusual(const struct hpdma_segment *array, int count)
{
	return noted_as(array, count, is_unusual);
}

/* Reads physical memory as the kernel sees it. */
static inline bool read_phys(int kcore, uint64_t phys, void *to, size_t length)
{
	static Elf64_Phdr headers[64];
	static unsigned int count;
	Elf64_Ehdr header;
	unsigned int i;

	if (!count &&
	    pread(kcore, &header, sizeof(header), 0) == sizeof(header)) {
		count = header.e_phnum < 64 ? header.e_phnum : 64;
		pread(kcore, headers, count * sizeof(*headers), header.e_phoff);
	}
	for (i = 0; i < count; i++) {
		const Elf64_Phdr *part = &headers[i];

		/* What is not RAM has no physical address there. */
		if (part->p_type != PT_LOAD || part->p_paddr == (uint64_t)-1 ||
		    phys < part->p_paddr ||
		    phys - part->p_paddr >= part->p_memsz)
			continue;
		return pread(kcore, to, length,
			     part->p_offset + phys - part->p_paddr) ==
		       (ssize_t)length;
	}
	return false;
}

/**
 * struct entries - what maps the first frame of a buffer into processes
 * @count: How many entries of page tables
 * @combining: How many of them are write-combining
 */
struct entries {
	unsigned int count;
	unsigned int combining;
};

static inline void look_at(struct entries *found, uint64_t entry, uint64_t phys)
{
	if ((entry & ENTRY_PRESENT_USER) != ENTRY_PRESENT_USER ||
	    (entry & ENTRY_FRAME) != phys)
		return;
	found->count++;
	found->combining += (entry & ENTRY_CACHING) == ENTRY_WRITE_COMBINE;
}

/* Return: false if this kernel does not let us look. */
static inline bool find_entries(uint64_t phys, struct entries *found)
{
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	static uint64_t flags[512], table[512];
	uint64_t frame;
	int i, j, got;

	memset(found, 0, sizeof(*found));
	if (kcore < 0)
		return false;
	for (frame = 0; (got = read_flags(frame, flags, 512)); frame += got) {
		for (i = 0; i < got; i++) {
			if (!(flags[i] >> KPF_PGTABLE & 1) ||
			    !read_phys(kcore, (frame + i) * PAGE, table,
				       sizeof(table)))
				continue;
			for (j = 0; j < 512; j++)
				look_at(found, table[j], phys);
		}
	}
	close(kcore);
	return true;
}

#endif
