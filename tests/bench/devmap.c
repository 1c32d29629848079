// SPDX-License-Identifier: GPL-2.0-only
/*
 * To let a device reach memory that is there: hpdma's registering and mapping
 * beside VFIO's mapping, which does both. The same memory for both, one after
 * the other.
 */
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "peers.h"
#include "../selftests/dev_common.h"

/* Aligned to the largest of them. */
#define LARGEST MB(512)

/**
 * struct piece - memory to map
 * @what: Its name in the table
 * @memory: Where it is
 * @length: Bytes
 * @limit: Of registering, mapping and unmapping, beside VFIO; 0 if none
 * @theirs: What VFIO's steps took
 */
struct piece {
	const char *what;
	void *memory;
	uint64_t length;
	double limit;
	struct laps theirs;
};

static void by_vfio(const struct edu *edu, struct piece *pieces, int count)
{
	struct laps laps[ROUNDS];
	struct vfio vfio;
	int round, i;

	bind_to(edu, "vfio-pci");
	vfio_find(edu, &vfio);
	vfio_open(edu, &vfio);
	for (i = 0; i < count; i++) {
		memset(laps, 0, sizeof(laps));
		for (round = 0; round < ROUNDS; round++) {
			uint64_t begin = ticks();

			vfio_map(&vfio, pieces[i].memory, pieces[i].length);
			laps[round].step[MAP] = ticks() - begin;
			work_begin();
			vfio_unmap(&vfio, pieces[i].length);
			laps[round].step[UNMAP] = work_end();
		}
		pieces[i].theirs = median_of(laps, ROUNDS);
	}
	vfio_close(&vfio);
}

static struct laps by_us(const struct rig *rig, const struct piece *piece)
{
	struct laps laps[ROUNDS] = {};
	int round, id, map;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t begin = ticks();

		id = register_memory(rig->mem, piece->memory, piece->length);
		laps[round].step[GET] = ticks() - begin;
		MUST(id > 0);
		begin = ticks();
		map = dev_map(rig->dev, id, 0, 0);
		laps[round].step[MAP] = ticks() - begin;
		MUST(map > 0);
		work_begin();
		MUST(!dev_unmap(rig->dev, map));
		laps[round].step[UNMAP] = work_end();
		work_begin();
		MUST(!buf_free(rig->mem, id));
		laps[round].step[DROP] = work_end();
	}
	return median_of(laps, ROUNDS);
}

/* VFIO's unmapping unpins, so unregistering is beside it, too. */
static void rows_of(const struct rig *rig, const struct piece *piece)
{
	const struct laps ours = by_us(rig, piece), *theirs = &piece->theirs;
	uint64_t all = theirs->step[MAP] + theirs->step[UNMAP];
	uint64_t used = ours.step[GET] + ours.step[MAP] + ours.step[UNMAP];
	char text[96];
	int at = snprintf(text, sizeof(text), "map %s: ", piece->what);

#define ROW(_what, _ours, _peer, _theirs, _limit)                 \
	do {                                                      \
		snprintf(text + at, sizeof(text) - at, (_what));  \
		row(text, (_ours), (_peer), (_theirs), (_limit)); \
	} while (0)
	ROW("register", ours.step[GET], "", 0, 0);
	ROW("DEV_MAP", ours.step[MAP], "vfio map", theirs->step[MAP], 0);
	ROW("DEV_UNMAP", ours.step[UNMAP], "vfio unmap", theirs->step[UNMAP],
	    0);
	ROW("unregister", ours.step[DROP], "", 0, 0);
	ROW("all but unregister", used, "vfio map + unmap", all, piece->limit);
	ROW("all", used + ours.step[DROP], "vfio map + unmap", all,
	    piece->limit);
#undef ROW
}

/* Memory of hpdma itself needs no registering. */
static void allocated(const struct rig *rig, const char *what, uint64_t length,
		      const struct piece *like)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);
	struct laps laps[ROUNDS] = {}, median;
	struct bench_buffer buffer;
	char text[96];
	int i, map;

	MUST(!bench_alloc(rig->mem, &arg, &buffer));
	for (i = 0; i < ROUNDS; i++) {
		uint64_t begin = ticks();

		map = dev_map(rig->dev, buffer.id, 0, 0);
		laps[i].step[MAP] = ticks() - begin;
		MUST(map > 0);
		work_begin();
		MUST(!dev_unmap(rig->dev, map));
		laps[i].step[UNMAP] = work_end();
	}
	MUST(!buf_free(rig->mem, buffer.id));
	median = median_of(laps, ROUNDS);
	snprintf(text, sizeof(text), "map allocated %s: DEV_MAP + DEV_UNMAP",
		 what);
	row(text, median.step[MAP] + median.step[UNMAP], "vfio map + unmap",
	    like->theirs.step[MAP] + like->theirs.step[UNMAP], 0);
}

static void *huge_pages(uint64_t length)
{
	void *where = reserve(length, length);
	void *p = mmap(where, length, RW,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			       MAP_POPULATE | MAP_FIXED,
		       -1, 0);

	MUST(p == where);
	return p;
}

void bench_map(int node)
{
	void *huge = huge_pages(LARGEST);
	char *scattered = anonymous(MB(64) + PAGE, MADV_NOHUGEPAGE);
	void *thp = anonymous(MB(64), MADV_HUGEPAGE);
	struct piece pieces[] = {
		{ "hugetlb 2 MiB", huge, MB(2), 0, {} },
		{ "hugetlb 64 MiB", huge, MB(64), 0, {} },
		{ "hugetlb 512 MiB", huge, MB(512), 0.1, {} },
		{ "one 4 KiB page", scattered + MB(64), PAGE, 0, {} },
		{ "4 KiB pages scattered 2 MiB", scattered, MB(2), 1, {} },
		{ "4 KiB pages scattered 64 MiB", scattered, MB(64), 1, {} },
		{ "THP 64 MiB", thp, MB(64), 1, {} },
	};
	const int count = sizeof(pieces) / sizeof(pieces[0]);
	struct rig rig;
	struct edu edu;
	int i;

	(void)node;
	touch_permuted(scattered, MB(64) + PAGE);
	touch(thp, MB(64), PAGE);
	MUST(!edu_find(&edu, EDU_WIDE, 0));
	by_vfio(&edu, pieces, count);
	bind_to(&edu, "hpdma");
	MUST(!rig_open(&rig, EDU_WIDE, 0));
	for (i = 0; i < count; i++)
		rows_of(&rig, &pieces[i]);
	munmap(huge, LARGEST);
	munmap(scattered, MB(64) + PAGE);
	munmap(thp, MB(64));
	allocated(&rig, "hugetlb 2 MiB", MB(2), &pieces[0]);
	allocated(&rig, "hugetlb 512 MiB", MB(512), &pieces[2]);
	rig_close(&rig);
}
