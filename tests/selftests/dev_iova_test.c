// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address modes, and addresses that the caller chooses: in a domain of our own,
 * where the device reaches what is mapped, at these addresses and no others.
 * Nothing that is asked for makes the kernel log anything.
 */
#include <signal.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "peer_common.h"

#define OWN HPDMA_MODE_CALLER_IOVA
#define CANARY 0xa5
/* The IOMMU reports each so many bytes: a longer copy is a storm of reports. */
#define STRAY 8
/* Within reach of every IOMMU, and of no narrow device. */
#define BASE (1ull << 38)
#define MESSAGES 0xfee00000ull

/* Tests of what needs an IOMMU to be there, translating by default or not. */
#define NEED_OWN(_rig, _bits)                                                 \
	do {                                                                  \
		int ret_ = rig_open_mode((_rig), (_bits), 0, OWN);            \
		if (ret_ == -ENODEV)                                          \
			SKIP(return, "no edu with %d address bits", (_bits)); \
		if (ret_ == -EACCES)                                          \
			SKIP(return, "no IOMMU, and allow_unsafe is off");    \
		if (ret_ == -EOPNOTSUPP &&                                    \
		    last_reason() == HPDMA_REASON_NO_IOMMU)                   \
			SKIP(return, "no IOMMU");                             \
		ASSERT_LE(0, ret_)                                            \
		{                                                             \
			TH_LOG("cannot open a rig: %s", strerror(-ret_));     \
		}                                                             \
	} while (0)

#define NEED_FILES(_edu, _mem, _dev)                                       \
	do {                                                               \
		if (edu_find((_edu), EDU_WIDE, 0))                         \
			SKIP(return, "no edu with 64 address bits");       \
		*(_dev) = dev_open(_edu);                                  \
		if (*(_dev) == -EACCES)                                    \
			SKIP(return, "no IOMMU, and allow_unsafe is off"); \
		ASSERT_LE(0, *(_dev));                                     \
		*(_mem) = open_node();                                     \
		ASSERT_LE(0, *(_mem));                                     \
	} while (0)

static bool has_iommu(const struct edu *edu)
{
	char path[128];

	return !access(edu_sysfs(edu, "iommu_group", path), F_OK);
}

/* What a bound device is attached in, or -errno. */
static int try_mode(const struct edu *edu, int mem, unsigned int mode)
{
	int dev = dev_open(edu);
	int ret = dev_attach_mode(dev, mem, EDU_WIDE, mode);

	close(dev);
	return ret;
}

TEST(each_mode_where_it_can_be_had)
{
	int mem, dev, usual;
	bool translated;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	close(dev);
	translated = dev_translated(&edu);
	usual = translated ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	EXPECT_EQ(usual, try_mode(&edu, mem, HPDMA_MODE_DEFAULT));
	EXPECT_EQ(usual, try_mode(&edu, mem, usual));
	if (translated) {
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, HPDMA_MODE_PHYS));
		EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	} else {
		EXPECT_EQ(-EOPNOTSUPP,
			  try_mode(&edu, mem, HPDMA_MODE_KERNEL_IOVA));
		EXPECT_EQ(HPDMA_REASON_NO_IOMMU, last_reason());
	}
	if (has_iommu(&edu)) {
		EXPECT_EQ(OWN, try_mode(&edu, mem, OWN));
	} else {
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, OWN));
		EXPECT_EQ(HPDMA_REASON_NO_IOMMU, last_reason());
	}
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

/* All combinations, in both orders. */
TEST(the_first_holder_fixes_the_mode)
{
	int mem, dev, other, usual, first, second, ret;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	close(dev);
	if (!has_iommu(&edu))
		SKIP(return, "there is but one mode");
	usual = dev_translated(&edu) ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	for (first = 0; first <= HPDMA_MODE_PHYS; first++) {
		for (second = 0; second <= HPDMA_MODE_PHYS; second++) {
			int one = first ? first : usual;
			int two = second ? second : usual;

			if ((one != usual && one != OWN) ||
			    (two != usual && two != OWN))
				continue;
			dev = dev_open(&edu);
			other = dev_open(&edu);
			ASSERT_EQ(one,
				  dev_attach_mode(dev, mem, EDU_WIDE, first));
			ret = dev_attach_mode(other, mem, EDU_WIDE, second);
			EXPECT_EQ(one == two ? two : -EBUSY, ret)
			{
				TH_LOG("%d after %d", second, first);
			}
			if (ret < 0)
				EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER,
					  last_reason());
			/* Till the last one has gone, whoever it is. */
			close(dev);
			dev = dev_open(&edu);
			ret = dev_attach_mode(dev, mem, EDU_WIDE,
					      one == OWN ? usual : OWN);
			EXPECT_EQ(-EBUSY, ret);
			close(other);
			close(dev);
		}
	}
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

/* Nothing is written, nothing is decided, nothing is started. */
TEST(attaching_that_fails_changes_nothing)
{
	struct hpdma_ioc_dev_attach *arg;
	int mem, dev, usual, mode;
	struct edu edu;
	bool can;

	NEED_FILES(&edu, &mem, &dev);
	usual = dev_translated(&edu) ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	for (mode = 0; mode <= HPDMA_MODE_PHYS; mode++) {
		mprotect(arg, PAGE, PROT_READ | PROT_WRITE);
		*arg = (struct hpdma_ioc_dev_attach){
			.size = sizeof(*arg),
			.fd = mem,
			.address_bits = EDU_WIDE,
			.mode = mode,
			.out_mode = 77,
		};
		mprotect(arg, PAGE, PROT_READ);
		can = !mode || mode == usual ||
		      (mode == (int)OWN && has_iommu(&edu));
		/* Not EBUSY: the mode before is not fixed either. */
		EXPECT_EQ(can ? -EFAULT : -EOPNOTSUPP,
			  call(dev, HPDMA_IOC_DEV_ATTACH, arg))
		{
			TH_LOG("mode %d", mode);
		}
		EXPECT_EQ(77, arg->out_mode);
		EXPECT_FALSE(edu_is_master(&edu));
	}
	mprotect(arg, PAGE, PROT_READ | PROT_WRITE);
	arg->mode = dev_translated(&edu) ? HPDMA_MODE_PHYS :
					   HPDMA_MODE_KERNEL_IOVA;
	EXPECT_EQ(-EOPNOTSUPP, call(dev, HPDMA_IOC_DEV_ATTACH, arg));
	EXPECT_EQ(77, arg->out_mode);
	/* Neither the file nor the device is tied to anything. */
	arg->mode = HPDMA_MODE_DEFAULT;
	EXPECT_EQ(0, call(dev, HPDMA_IOC_DEV_ATTACH, arg));
	EXPECT_EQ(usual, arg->out_mode);
	EXPECT_TRUE(edu_is_master(&edu));
	munmap(arg, PAGE);
	close(dev);
	close(mem);
}

/* Memory at an address that the IOMMU reaches, too. */
static uint8_t *memory_at(uint64_t addr, uint64_t length, int flags)
{
	uint8_t *area = mmap((void *)addr, length, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE |
				     MAP_FIXED_NOREPLACE | flags,
			     -1, 0);

	return area == MAP_FAILED ? NULL : area;
}

static bool is_canary(const uint8_t *data, uint64_t length)
{
	return !length || !find_other(data, CANARY, length);
}

/* From one place to another through the device, and nowhere else. */
static void copy(struct __test_metadata *_metadata, struct rig *rig,
		 uint8_t *data, uint64_t length, uint64_t iova, uint64_t from,
		 uint64_t to)
{
	unsigned int seed = from + to;

	memset(data, CANARY, length);
	fill_pattern(data + from, EDU_CHUNK, seed);
	ASSERT_TRUE(edu_from_ram(rig->regs, iova + from, EDU_CHUNK));
	memset(data, CANARY, length);
	ASSERT_TRUE(edu_to_ram(rig->regs, iova + to, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(data + to, EDU_CHUNK, seed))
	{
		TH_LOG("at %llx: from %llx to %llx", (unsigned long long)iova,
		       (unsigned long long)from, (unsigned long long)to);
	}
	EXPECT_TRUE(is_canary(data, to));
	EXPECT_TRUE(is_canary(data + to + EDU_CHUNK, length - to - EDU_CHUNK));
}

TEST(the_virtual_address_is_the_iova)
{
	static const struct {
		uint64_t length;
		int flags;
	} kinds[] = { { 5 * PAGE, 0 }, { 2 * HUGE_PAGE, MAP_HUGETLB } };
	struct hpdma_segment segment;
	struct rig rig;
	size_t i;

	NEED_OWN(&rig, EDU_WIDE);
	for (i = 0; i < 2; i++) {
		uint64_t length = kinds[i].length;
		uint8_t *data = memory_at(BASE, length, kinds[i].flags);
		int buf, map;

		ASSERT_NE(NULL, data);
		buf = register_memory(rig.mem, data, length);
		ASSERT_LE(0, buf);
		map = dev_map_at(rig.dev, buf, 0, 0, (uintptr_t)data, 0);
		ASSERT_LE(0, map);
		ASSERT_EQ(1, dev_segments(rig.dev, map, &segment, 1));
		EXPECT_EQ((uintptr_t)data, segment.addr);
		EXPECT_EQ(length, segment.length);
		copy(_metadata, &rig, data, length, BASE, 0,
		     length - EDU_CHUNK);
		copy(_metadata, &rig, data, length, BASE, length - EDU_CHUNK,
		     PAGE - EDU_CHUNK / 2);
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
		EXPECT_EQ(0, buf_free(rig.mem, buf));
		munmap(data, length);
	}
	rig_close(&rig);
}

/* Wherever the program happens to have it, if the IOMMU reaches that far. */
TEST(any_virtual_address_or_a_clean_refusal)
{
	struct hpdma_region regions[16];
	struct block block;
	struct watch watch;
	struct rig rig;
	int count, map;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	watch_begin(&watch, true);
	map = dev_map_at(rig.dev, block.id, 0, 0, (uintptr_t)block.data, 0);
	if (regions[count - 1].last < (uintptr_t)block.data) {
		EXPECT_EQ(-ERANGE, map);
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	} else {
		EXPECT_LE(0, map);
		copy(_metadata, &rig, block.data, PAGE, (uintptr_t)block.data,
		     0, PAGE - EDU_CHUNK);
	}
	EXPECT_EQ(0, watch_end(&watch));
	block_drop(&block);
	rig_close(&rig);
}

TEST(regions_are_in_order_and_say_where_messages_go)
{
	struct hpdma_region regions[16] = {};
	bool messages = false;
	struct rig rig;
	int count, i;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	for (i = 0; i < count; i++) {
		EXPECT_LT(regions[i].first, regions[i].last);
		EXPECT_EQ(0, regions[i].first % PAGE);
		EXPECT_EQ(PAGE - 1, regions[i].last % PAGE);
		EXPECT_EQ(0, regions[i].__reserved);
		if (i)
			EXPECT_EQ(regions[i - 1].last + 1, regions[i].first);
		if (i)
			EXPECT_NE(regions[i - 1].kind, regions[i].kind);
		if (regions[i].kind == HPDMA_REGION_RESERVED &&
		    regions[i].first <= MESSAGES &&
		    regions[i].last >= MESSAGES + 0xfffff)
			messages = true;
		TH_LOG("%s %llx to %llx",
		       regions[i].kind ? "reserved" : "usable",
		       (unsigned long long)regions[i].first,
		       (unsigned long long)regions[i].last);
	}
	EXPECT_TRUE(messages);
	EXPECT_LE(BASE, regions[count - 1].last);
	rig_close(&rig);
}

TEST(regions_that_do_not_fit_are_only_counted)
{
	struct hpdma_region region = { 1, 2, 3, 4 };
	struct hpdma_ioc_dev_regions arg = {
		.size = sizeof(arg),
		.regions = (uintptr_t)&region,
		.count = 1,
	};
	int mem, dev, count;
	struct rig rig;
	struct edu edu;

	NEED_OWN(&rig, EDU_WIDE);
	EXPECT_EQ(-EMSGSIZE, call(rig.dev, HPDMA_IOC_DEV_REGIONS, &arg));
	EXPECT_LT(1, arg.out_count);
	count = arg.out_count;
	EXPECT_EQ(1, region.first);
	EXPECT_EQ(4, region.__reserved);
	arg.count = count;
	arg.regions = 8;
	EXPECT_EQ(-EFAULT, call(rig.dev, HPDMA_IOC_DEV_REGIONS, &arg));
	rig_close(&rig);
	/* Who cannot choose need not know. */
	NEED_FILES(&edu, &mem, &dev);
	EXPECT_EQ(-EINVAL, dev_regions(dev, &region, 1));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, last_reason());
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_WIDE));
	EXPECT_EQ(-EOPNOTSUPP, dev_regions(dev, &region, 1));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(dev);
	close(mem);
}

/* At both ends of each region, and a page beyond. */
TEST(usable_regions_to_their_last_page_and_no_further)
{
	struct hpdma_region regions[16];
	struct block block;
	struct watch watch;
	struct rig rig;
	int count, i, map;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	watch_begin(&watch, true);
	for (i = 0; i < count; i++) {
		uint64_t last = regions[i].last - PAGE + 1;
		uint64_t ends[] = { regions[i].first, last };
		int j;

		for (j = 0; j < 2; j++) {
			map = dev_map_at(rig.dev, block.id, 0, PAGE, ends[j],
					 0);
			if (regions[i].kind == HPDMA_REGION_RESERVED) {
				EXPECT_EQ(-ERANGE, map);
				EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED,
					  last_reason());
				continue;
			}
			ASSERT_LE(0, map);
			copy(_metadata, &rig, block.data, PAGE, ends[j], 0,
			     EDU_CHUNK);
			EXPECT_EQ(0, dev_unmap(rig.dev, map));
		}
		/* The second page is what is next. */
		EXPECT_EQ(-ERANGE,
			  dev_map_at(rig.dev, block.id, 0, 0, last, 0));
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
		if (!regions[i].first)
			continue;
		EXPECT_EQ(-ERANGE, dev_map_at(rig.dev, block.id, 0, 0,
					      regions[i].first - PAGE, 0));
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	}
	EXPECT_EQ(0, watch_end(&watch));
	block_drop(&block);
	rig_close(&rig);
}

TEST(addresses_that_are_none)
{
	static const struct {
		uint64_t iova;
		int want;
		unsigned int reason;
	} bad[] = {
		{ 1, -EINVAL, HPDMA_REASON_NONE },
		{ PAGE - 1, -EINVAL, HPDMA_REASON_NONE },
		{ BASE + 512, -EINVAL, HPDMA_REASON_NONE },
		{ UINT64_MAX, -EINVAL, HPDMA_REASON_NONE },
		{ MESSAGES, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ MESSAGES - PAGE, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 48, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 57, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 63, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ -2 * PAGE, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ -PAGE, -EOVERFLOW, HPDMA_REASON_NONE },
	};
	struct watch watch;
	struct rig rig;
	size_t i;
	int buf;

	NEED_OWN(&rig, EDU_WIDE);
	buf = alloc_contig(rig.mem, 2 * PAGE);
	ASSERT_LE(0, buf);
	watch_begin(&watch, true);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(bad[i].want,
			  dev_map_at(rig.dev, buf, 0, 0, bad[i].iova, 0))
		{
			TH_LOG("at %llx", (unsigned long long)bad[i].iova);
		}
		EXPECT_EQ(bad[i].reason, last_reason());
	}
	EXPECT_EQ(0, watch_end(&watch));
	EXPECT_EQ(0, mappings());
	rig_close(&rig);
}

/* What the device would cut off it cannot be given. */
TEST(no_address_above_the_address_bits)
{
	uint64_t limit = 1ull << EDU_NARROW;
	struct hpdma_region regions[16];
	struct block block;
	struct rig rig;
	int count, map;

	NEED_OWN(&rig, EDU_NARROW);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_EQ(1, count);
	EXPECT_EQ(limit - 1, regions[0].last);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	EXPECT_EQ(-ERANGE,
		  dev_map_at(rig.dev, block.id, 0, 0, limit - PAGE, 0));
	EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	EXPECT_EQ(-ERANGE, dev_map_at(rig.dev, block.id, 0, 0, limit, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, limit - 2 * PAGE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, block.data, 2 * PAGE, limit - 2 * PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	block_drop(&block);
	rig_close(&rig);
}

TEST(no_address_in_the_other_modes)
{
	int mem, dev, buf;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	buf = alloc_contig(mem, PAGE);
	ASSERT_LE(0, buf);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_WIDE));
	EXPECT_EQ(-EOPNOTSUPP, dev_map_at(dev, buf, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	EXPECT_LE(0, dev_map(dev, buf, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, dev_unmap_part(dev, 1, 0, PAGE));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(dev);
	close(mem);
}

/* A window of pages, and to whom each belongs. */
#define WINDOW 48
#define OWNERS 12

struct plan {
	int map[OWNERS];
	unsigned int first[OWNERS], count[OWNERS];
	int owner[WINDOW];
};

static bool is_free(const struct plan *plan, unsigned int first,
		    unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (plan->owner[i] >= 0)
			return false;
	return true;
}

static void give(struct plan *plan, unsigned int first, unsigned int count,
		 int from, int to)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (plan->owner[i] == from)
			plan->owner[i] = to;
}

/* What is left of a mapping, run by run. */
static bool segments_are(const struct rig *rig, const struct plan *plan,
			 unsigned int who)
{
	struct hpdma_segment array[WINDOW];
	int count = dev_segments(rig->dev, plan->map[who], array, WINDOW);
	unsigned int at = 0, end;
	int i = 0;

	for (at = 0; at < WINDOW; at = end + 1) {
		for (end = at; end < WINDOW && plan->owner[end] == (int)who;)
			end++;
		if (end == at)
			continue;
		if (i == count || array[i].addr != BASE + at * PAGE ||
		    array[i].length != (end - at) * PAGE)
			return false;
		i++;
	}
	return i == count;
}

static void step(struct __test_metadata *_metadata, struct rig *rig, int buf,
		 struct plan *plan)
{
	unsigned int who = rand() % OWNERS;
	unsigned int first = rand() % WINDOW;
	unsigned int count = 1 + rand() % (WINDOW - first);
	int map;

	if (plan->map[who] < 0) {
		count = count > 9 ? 1 + rand() % 9 : count;
		map = dev_map_at(rig->dev, buf, 0, count * PAGE,
				 BASE + first * PAGE, 0);
		if (!is_free(plan, first, count)) {
			EXPECT_EQ(-EBUSY, map);
			EXPECT_EQ(HPDMA_REASON_IOVA_USED, last_reason());
			return;
		}
		ASSERT_LE(0, map);
		plan->map[who] = map;
		plan->first[who] = first;
		plan->count[who] = count;
		give(plan, first, count, -1, who);
	} else if (rand() % 3) {
		first = rand() % plan->count[who];
		count = 1 + rand() % (plan->count[who] - first);
		EXPECT_EQ(0, dev_unmap_part(rig->dev, plan->map[who],
					    first * PAGE, count * PAGE));
		give(plan, plan->first[who] + first, count, who, -1);
		EXPECT_TRUE(segments_are(rig, plan, who));
	} else {
		EXPECT_EQ(0, dev_unmap(rig->dev, plan->map[who]));
		plan->map[who] = -1;
		give(plan, 0, WINDOW, who, -1);
	}
}

/* Whole ones, parts, holes in each other, in any order. */
TEST(no_two_mappings_share_an_address)
{
	struct hpdma_ioc_buf_alloc arg = contig(WINDOW * PAGE);
	struct plan plan;
	struct rig rig;
	unsigned int i;
	int buf;

	NEED_OWN(&rig, EDU_WIDE);
	memset(&plan, -1, sizeof(plan));
	buf = alloc(rig.mem, &arg);
	ASSERT_LE(0, buf);
	srand(1);
	for (i = 0; i < 3000; i++)
		step(_metadata, &rig, buf, &plan);
	for (i = 0; i < OWNERS; i++)
		if (plan.map[i] >= 0)
			EXPECT_TRUE(segments_are(&rig, &plan, i));
	rig_close(&rig);
	EXPECT_EQ(0, mappings());
}

/* The device writes there, and no byte of the memory changes. */
static void expect_unreachable(struct __test_metadata *_metadata,
			       struct rig *rig, uint8_t *data, uint64_t length,
			       uint64_t iova)
{
	struct watch watch;

	memset(data, CANARY, length);
	watch_begin(&watch, true);
	EXPECT_TRUE(edu_to_ram(rig->regs, iova, STRAY));
	EXPECT_LE(1, watch_end(&watch))
	{
		TH_LOG("the IOMMU did not object to %llx",
		       (unsigned long long)iova);
	}
	EXPECT_EQ(NULL, find_other(data, CANARY, length));
}

TEST(after_unmap_the_device_reaches_nothing)
{
	struct block block, other;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 4 * PAGE,
				0));
	ASSERT_EQ(0,
		  block_make(&other, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	/* So that the IOMMU has the translation at hand. */
	copy(_metadata, &rig, block.data, block.length, BASE, 0, 2 * PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE - STRAY);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 4 * PAGE);
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	expect_unreachable(_metadata, &rig, block.data, block.length, BASE);
	/* The address is free, and leads elsewhere now. */
	map = dev_map_at(rig.dev, other.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, other.data, PAGE, BASE, 0, EDU_CHUNK);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, block.length));
	block_drop(&other);
	block_drop(&block);
	rig_close(&rig);
}

/* In small pages, because the address is not aligned as the memory is. */
TEST(a_part_in_small_pages)
{
	struct hpdma_segment segments[4];
	struct block block, other;
	struct rig rig;
	int map, second;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				2 * HUGE_PAGE, 0));
	ASSERT_EQ(0, block_make(&other, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE + PAGE, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 3 * PAGE, 2 * PAGE));
	ASSERT_EQ(2, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(BASE + PAGE, segments[0].addr);
	EXPECT_EQ(3 * PAGE, segments[0].length);
	EXPECT_EQ(BASE + 6 * PAGE, segments[1].addr);
	EXPECT_EQ(2 * HUGE_PAGE - 5 * PAGE, segments[1].length);
	/* What is not there any more is passed over. */
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 3 * PAGE, 2 * PAGE));
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 2 * PAGE, 2 * PAGE));
	ASSERT_EQ(2, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(2 * PAGE, segments[0].length);

	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 3 * PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 6 * PAGE - STRAY);
	memset(block.data, CANARY, block.length);
	copy(_metadata, &rig, block.data, 2 * PAGE, BASE + PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	copy(_metadata, &rig, block.data + 5 * PAGE, 2 * PAGE, BASE + 6 * PAGE,
	     0, 2 * PAGE - EDU_CHUNK);
	/* Others use the hole; ending the rest leaves theirs alone. */
	second = dev_map_at(rig.dev, other.id, 0, 0, BASE + 4 * PAGE, 0);
	ASSERT_LE(0, second);
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENOENT, dev_unmap_part(rig.dev, map, 0, PAGE));
	copy(_metadata, &rig, other.data, 2 * PAGE, BASE + 4 * PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + PAGE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 6 * PAGE);
	block_drop(&other);
	block_drop(&block);
	rig_close(&rig);
	EXPECT_EQ(0, mappings());
}

/* In pages of 2 MiB, where it is aligned as the memory is. */
TEST(a_part_in_huge_pages)
{
	static const struct {
		uint64_t offset, length;
		int want;
	} parts[] = {
		{ 0, PAGE, -EINVAL },
		{ PAGE, PAGE, -EINVAL },
		{ HUGE_PAGE - PAGE, 2 * PAGE, -EINVAL },
		{ PAGE, HUGE_PAGE - PAGE, -EINVAL },
		{ 0, 3 * HUGE_PAGE - PAGE, -EINVAL },
		{ HUGE_PAGE, HUGE_PAGE, 0 },
		{ 0, HUGE_PAGE, 0 },
	};
	struct hpdma_segment segments[4];
	struct block block;
	struct rig rig;
	size_t i;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				3 * HUGE_PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		EXPECT_EQ(parts[i].want,
			  dev_unmap_part(rig.dev, map, parts[i].offset,
					 parts[i].length))
		{
			TH_LOG("offset %llx length %llx",
			       (unsigned long long)parts[i].offset,
			       (unsigned long long)parts[i].length);
		}
		if (parts[i].want)
			EXPECT_EQ(HPDMA_REASON_IOVA_PAGE, last_reason());
	}
	ASSERT_EQ(1, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(BASE + 2 * HUGE_PAGE, segments[0].addr);
	EXPECT_EQ(HUGE_PAGE, segments[0].length);
	copy(_metadata, &rig, block.data + 2 * HUGE_PAGE, HUGE_PAGE,
	     BASE + 2 * HUGE_PAGE, 0, HUGE_PAGE - EDU_CHUNK);
	expect_unreachable(_metadata, &rig, block.data, block.length, BASE);
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + 2 * HUGE_PAGE - STRAY);
	/* All of it, piece by piece: the id stays until it is ended. */
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, 2 * HUGE_PAGE, HUGE_PAGE));
	EXPECT_EQ(0, dev_segments(rig.dev, map, segments, 4));
	EXPECT_EQ(1, mappings());
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(0, mappings());
	block_drop(&block);
	rig_close(&rig);
}

/* The part of a huge page that is mapped is not one; so are those behind. */
TEST(a_mapping_that_begins_inside_a_huge_page)
{
	struct block block;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_HUGETLB,
				2 * HUGE_PAGE, 0));
	map = dev_map_at(rig.dev, block.id, PAGE, 0, BASE + PAGE, 0);
	ASSERT_LE(0, map);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, dev_unmap_part(rig.dev, map, HUGE_PAGE, PAGE));
	EXPECT_EQ(HPDMA_REASON_IOVA_PAGE, last_reason());
	copy(_metadata, &rig, block.data + HUGE_PAGE, HUGE_PAGE,
	     BASE + HUGE_PAGE, 0, HUGE_PAGE - EDU_CHUNK);
	EXPECT_EQ(0, dev_unmap_part(rig.dev, map, HUGE_PAGE - PAGE, HUGE_PAGE));
	expect_unreachable(_metadata, &rig, block.data, block.length,
			   BASE + HUGE_PAGE);
	block_drop(&block);
	rig_close(&rig);
}

TEST(parts_that_are_none)
{
	static const struct {
		uint64_t offset, length;
		int want;
	} bad[] = {
		{ 1, PAGE, -EINVAL },	       { 0, 1, -EINVAL },
		{ 0, 5 * PAGE, -EINVAL },      { 4 * PAGE, PAGE, -EINVAL },
		{ PAGE, 0, -EINVAL },	       { 4 * PAGE, 0, -EINVAL },
		{ -PAGE, PAGE, -EOVERFLOW },   { PAGE, -PAGE, -EOVERFLOW },
		{ 1ull << 63, PAGE, -EINVAL },
	};
	struct hpdma_segment segment;
	struct rig rig;
	int buf, map;
	size_t i;

	NEED_OWN(&rig, EDU_WIDE);
	buf = alloc_contig(rig.mem, 4 * PAGE);
	map = dev_map_at(rig.dev, buf, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(bad[i].want,
			  dev_unmap_part(rig.dev, map, bad[i].offset,
					 bad[i].length))
		{
			TH_LOG("offset %llx length %llx",
			       (unsigned long long)bad[i].offset,
			       (unsigned long long)bad[i].length);
		}
	EXPECT_EQ(-ENOENT, dev_unmap_part(rig.dev, map + 1, 0, PAGE));
	ASSERT_EQ(1, dev_segments(rig.dev, map, &segment, 1));
	EXPECT_EQ(4 * PAGE, segment.length);
	rig_close(&rig);
}

/* One set of addresses, whoever maps; each file's end with it. */
TEST(two_holders)
{
	struct block block, theirs;
	struct rig rig;
	int mem, dev;

	NEED_OWN(&rig, EDU_WIDE);
	mem = open_node();
	dev = dev_open(&rig.edu);
	ASSERT_EQ(OWN, dev_attach_mode(dev, mem, EDU_WIDE, OWN));
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	ASSERT_EQ(0, block_make(&theirs, mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	ASSERT_LE(0, dev_map_at(dev, theirs.id, 0, 0, BASE, 0));
	EXPECT_EQ(-EBUSY, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_IOVA_USED, last_reason());
	ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE + PAGE, 0));
	close(dev);
	expect_unreachable(_metadata, &rig, theirs.data, PAGE, BASE);
	copy(_metadata, &rig, block.data, PAGE, BASE + PAGE, 0, EDU_CHUNK);
	ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	block_drop(&theirs);
	block_drop(&block);
	close(mem);
	rig_close(&rig);
}

/* After our domain the kernel's own is back, and works. */
static void expect_usual_dma(struct __test_metadata *_metadata)
{
	struct block block;
	struct rig rig;
	uint64_t addr;
	int map;

	ASSERT_EQ(0, rig_open(&rig, EDU_WIDE, 0));
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	map = dev_map(rig.dev, block.id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	copy(_metadata, &rig, block.data, 2 * PAGE, addr, 0, PAGE);
	block_drop(&block);
	rig_close(&rig);
}

TEST(the_kernels_translations_come_back)
{
	struct block block;
	struct rig rig;
	int i;

	for (i = 0; i < 3; i++) {
		NEED_OWN(&rig, EDU_WIDE);
		ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG,
					PAGE, 0));
		ASSERT_LE(0, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
		copy(_metadata, &rig, block.data, PAGE, BASE, 0, EDU_CHUNK);
		/* The buffer goes last of all. */
		block_drop(&block);
		rig_close(&rig);
		expect_usual_dma(_metadata);
	}
}

static void hold_and_wait(int ready)
{
	struct block block;
	struct rig rig;
	int i;

	CHILD_CHECK(rig_open_mode(&rig, EDU_WIDE, 0, OWN) >= 0);
	CHILD_CHECK(!block_make(&block, rig.mem, HPDMA_BACKING_USER, MB(1), 0));
	for (i = 0; i < 16; i++)
		CHILD_CHECK(dev_map_at(rig.dev, block.id, 0, 0,
				       BASE + i * MB(2), 0) > 0);
	edu_start_to_ram(rig.regs, BASE, EDU_CHUNK);
	CHILD_CHECK(write(ready, "", 1) == 1);
	pause();
	_exit(0);
}

TEST(a_holder_that_is_killed)
{
	struct state before;
	int ready[2], i;
	struct rig rig;
	pid_t pid;
	char byte;

	NEED_OWN(&rig, EDU_WIDE);
	rig_close(&rig);
	ASSERT_EQ(0, pipe(ready));
	state_take(&before);
	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid)
			hold_and_wait(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		EXPECT_TRUE(state_is(&before));
		expect_usual_dma(_metadata);
	}
	close(ready[0]);
	close(ready[1]);
}

TEST(unbound_while_mapped)
{
	struct hpdma_region region;
	struct block block;
	struct watch watch;
	struct rig rig;
	int map;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, PAGE, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, block.data, PAGE, BASE, 0, EDU_CHUNK);
	memset(block.data, CANARY, PAGE);
	watch_begin(&watch, false);
	edu_start_to_ram(rig.regs, BASE, EDU_CHUNK);
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	sleep_ms(1.5 * EDU_COPY_MS);
	EXPECT_EQ(NULL, find_other(block.data, CANARY, PAGE));
	EXPECT_EQ(0, watch_end(&watch));
	EXPECT_EQ(0, mappings());
	EXPECT_EQ(-ENODEV, dev_map_at(rig.dev, block.id, 0, 0, BASE, 0));
	EXPECT_EQ(-ENODEV, dev_unmap_part(rig.dev, map, 0, PAGE));
	EXPECT_EQ(-ENODEV, dev_unmap(rig.dev, map));
	EXPECT_EQ(-ENODEV, dev_regions(rig.dev, &region, 1));
	ASSERT_EQ(0, edu_bind(&rig.edu));
	expect_usual_dma(_metadata);
	block_drop(&block);
	rig_close(&rig);
}

/* Frames that are no neighbours, one after the other for the device. */
TEST(one_range_whatever_the_frames)
{
	uint64_t pages = 32, i;
	uint8_t *area;
	struct rig rig;
	int buf, map;

	NEED_OWN(&rig, EDU_WIDE);
	area = mmap(NULL, 2 * pages * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	madvise(area, 2 * pages * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++) {
		area[(i & 1 ? pages - 1 - i / 2 : i / 2) * PAGE] = 1;
		area[(pages + i) * PAGE] = 1;
	}
	buf = register_memory(rig.mem, area, pages * PAGE);
	ASSERT_LE(0, buf);
	map = dev_map_at(rig.dev, buf, 0, 0, BASE, 0);
	ASSERT_LE(0, map);
	for (i = 1; i < pages; i += 7)
		copy(_metadata, &rig, area, pages * PAGE, BASE,
		     i * PAGE - EDU_CHUNK / 2,
		     (pages - i) * PAGE - EDU_CHUNK / 2);
	rig_close(&rig);
	munmap(area, 2 * pages * PAGE);
}

/* One buffer for devices in different modes, and many buffers for one. */
TEST(several_devices_and_several_buffers)
{
	struct block block, more[8];
	struct rig own, other;
	int map, i;

	NEED_OWN(&own, EDU_WIDE);
	ASSERT_EQ(0, rig_open(&other, EDU_NARROW, 0));
	ASSERT_EQ(0, block_make(&block, own.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				EDU_NARROW));
	ASSERT_LE(0, dev_map_at(own.dev, block.id, 0, 0, BASE, 0));
	/* The other device is attached to a file of its own. */
	i = buf_export(own.mem, block.id);
	map = dev_map(other.dev, buf_import(other.mem, i), 0, 0);
	close(i);
	ASSERT_LE(0, map);
	fill_pattern(block.data, EDU_CHUNK, 4);
	EXPECT_TRUE(edu_from_ram(own.regs, BASE, EDU_CHUNK));
	memset(block.data, 0, block.length);
	EXPECT_TRUE(edu_to_ram(own.regs, BASE + PAGE, EDU_CHUNK));
	EXPECT_TRUE(edu_from_ram(other.regs, dev_address(other.dev, map) + PAGE,
				 EDU_CHUNK));
	memset(block.data, 0, block.length);
	EXPECT_TRUE(
		edu_to_ram(other.regs, dev_address(other.dev, map), EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(block.data, EDU_CHUNK, 4));
	rig_close(&other);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, block_make(&more[i], own.mem, HPDMA_BACKING_CONTIG,
					PAGE, 0));
		ASSERT_LE(0, dev_map_at(own.dev, more[i].id, 0, 0,
					BASE + (9 - i) * PAGE, 0));
	}
	for (i = 0; i < 8; i++)
		copy(_metadata, &own, more[i].data, PAGE, BASE + (9 - i) * PAGE,
		     0, EDU_CHUNK);
	for (i = 0; i < 8; i++)
		block_drop(&more[i]);
	block_drop(&block);
	rig_close(&own);
}

TEST(memory_of_other_drivers_is_not_taken)
{
	int peer, foreign, import;
	struct rig rig;

	NEED_OWN(&rig, EDU_WIDE);
	NEED_PEER(&peer);
	foreign = peer_export(peer, PAGE, PEER_LOW, 0);
	ASSERT_LE(0, foreign);
	import = buf_import(rig.mem, foreign);
	ASSERT_LE(0, import);
	EXPECT_EQ(-EOPNOTSUPP, dev_map_at(rig.dev, import, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(foreign);
	close(peer);
	rig_close(&rig);
}

TEST(interrupts_arrive)
{
	int32_t count = 0;
	struct rig rig;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	rig_close(&rig);
}

/* Behind a bridge that does not tell its devices apart. */
TEST(not_for_a_device_that_shares_its_group)
{
	char path[128], alone[8];
	unsigned int nth, shared = 0;
	struct edu edu;
	int mem;

	mem = open_node();
	for (nth = 0; !edu_find(&edu, EDU_NARROW, nth); nth++) {
		snprintf(path, sizeof(path), "/sys/class/hpdma/%.20s/alone",
			 edu.node + strlen("/dev/"));
		ASSERT_TRUE(read_text(path, alone, sizeof(alone)));
		if (alone[0] == '1' || !has_iommu(&edu) || !unsafe_allowed())
			continue;
		shared++;
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, OWN));
		EXPECT_EQ(HPDMA_REASON_GROUP, last_reason());
	}
	close(mem);
	if (!shared)
		SKIP(return, "no such device, or allow_unsafe is off");
}

TEST_HARNESS_MAIN
