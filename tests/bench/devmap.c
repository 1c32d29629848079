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

/* Where the caller chooses: the same place as VFIO's. */
#define IOVA GB(4)

/**
 * struct ours - a device that we map for
 * @what: How, in the table
 * @mem: File of /dev/hpdma
 * @dev: File of the device, attached to @mem
 * @iova: Where memory is to be, or 0
 */
struct ours {
	const char *what;
	int mem;
	int dev;
	uint64_t iova;
};

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

/* Return: whether the device can be used in this mode. */
static bool ours_open(const struct edu *edu, struct ours *ours, uint32_t mode)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.address_bits = edu->bits,
		.mode = mode,
	};
	int ret;

	ours->dev = dev_open(edu);
	ours->mem = open_node();
	MUST(ours->dev >= 0 && ours->mem >= 0);
	arg.fd = ours->mem;
	ret = call(ours->dev, HPDMA_IOC_DEV_ATTACH, &arg);
	MUST(!ret || ret == -EOPNOTSUPP);
	return !ret;
}

static void ours_close(struct ours *ours)
{
	close(ours->dev);
	close(ours->mem);
}

static int ours_map(const struct ours *ours, int id)
{
	struct hpdma_ioc_dev_map arg = {
		.size = sizeof(arg),
		.buf_id = id,
		.iova = ours->iova,
	};

	MUST(!call(ours->dev, HPDMA_IOC_DEV_MAP, &arg));
	return arg.out_map_id;
}

static struct laps by_us(const struct ours *ours, const struct piece *piece)
{
	struct laps laps[ROUNDS] = {};
	int round, id, map;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t begin = ticks();

		id = register_memory(ours->mem, piece->memory, piece->length);
		laps[round].step[GET] = ticks() - begin;
		MUST(id > 0);
		begin = ticks();
		map = ours_map(ours, id);
		laps[round].step[MAP] = ticks() - begin;
		work_begin();
		MUST(!dev_unmap(ours->dev, map));
		laps[round].step[UNMAP] = work_end();
		work_begin();
		MUST(!buf_free(ours->mem, id));
		laps[round].step[DROP] = work_end();
	}
	return median_of(laps, ROUNDS);
}

/* VFIO's unmapping unpins, so unregistering is beside it, too. */
static void rows_of(const struct ours *ours, const struct piece *piece)
{
	const struct laps laps = by_us(ours, piece), *theirs = &piece->theirs;
	uint64_t all = theirs->step[MAP] + theirs->step[UNMAP];
	uint64_t used = laps.step[GET] + laps.step[MAP] + laps.step[UNMAP];
	char text[96];
	int at = snprintf(text, sizeof(text), "%s %s: ", ours->what,
			  piece->what);

#define ROW(_what, _ours, _peer, _theirs, _limit)                 \
	do {                                                      \
		snprintf(text + at, sizeof(text) - at, (_what));  \
		row(text, (_ours), (_peer), (_theirs), (_limit)); \
	} while (0)
	ROW("register", laps.step[GET], "", 0, 0);
	ROW("DEV_MAP", laps.step[MAP], "vfio map", theirs->step[MAP], 0);
	ROW("DEV_UNMAP", laps.step[UNMAP], "vfio unmap", theirs->step[UNMAP],
	    0);
	ROW("unregister", laps.step[DROP], "", 0, 0);
	ROW("all but unregister", used, "vfio map + unmap", all, piece->limit);
	ROW("all", used + laps.step[DROP], "vfio map + unmap", all,
	    piece->limit);
#undef ROW
}

/* Memory of hpdma itself needs no registering. */
static void allocated(const struct ours *ours, const char *what,
		      uint64_t length, const struct piece *like)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);
	struct laps laps[ROUNDS] = {}, median;
	struct bench_buffer buffer;
	char text[96];
	int i, map;

	MUST(!bench_alloc(ours->mem, &arg, &buffer));
	for (i = 0; i < ROUNDS; i++) {
		uint64_t begin = ticks();

		map = ours_map(ours, buffer.id);
		laps[i].step[MAP] = ticks() - begin;
		work_begin();
		MUST(!dev_unmap(ours->dev, map));
		laps[i].step[UNMAP] = work_end();
	}
	MUST(!buf_free(ours->mem, buffer.id));
	median = median_of(laps, ROUNDS);
	snprintf(text, sizeof(text), "%s allocated %s: DEV_MAP + DEV_UNMAP",
		 ours->what, what);
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

static void all_rows(const struct ours *ours, const struct piece *pieces,
		     int count)
{
	int i;

	for (i = 0; i < count; i++)
		rows_of(ours, &pieces[i]);
	allocated(ours, "hugetlb 2 MiB", MB(2), &pieces[0]);
	allocated(ours, "hugetlb 512 MiB", MB(512), &pieces[2]);
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
	struct ours kernel = { .what = "map" };
	struct ours caller = { .what = "map at", .iova = IOVA };
	struct edu edu;

	(void)node;
	touch_permuted(scattered, MB(64) + PAGE);
	touch(thp, MB(64), PAGE);
	MUST(!edu_find(&edu, EDU_WIDE, 0));
	by_vfio(&edu, pieces, count);
	bind_to(&edu, "hpdma");
	MUST(!edu_bind(&edu));
	MUST(ours_open(&edu, &kernel, HPDMA_MODE_DEFAULT));
	all_rows(&kernel, pieces, count);
	ours_close(&kernel);
	if (ours_open(&edu, &caller, HPDMA_MODE_CALLER_IOVA))
		all_rows(&caller, pieces, count);
	else
		row_absent("map at a chosen IOVA", "not in this module");
	ours_close(&caller);
	munmap(huge, LARGEST);
	munmap(scattered, MB(64) + PAGE);
	munmap(thp, MB(64));
}
