// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extreme values in every field of BUF_ALLOC and BUF_REGISTER, against a model
 * of the contract; and wishes that a pool made for it cannot fulfil.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

#define MAX_PAGES 512

static const uint64_t values[] = {
	0,
	1,
	PAGE - 1,
	PAGE,
	PAGE + 1,
	2 * PAGE,
	HUGE_PAGE,
	HUGE_PAGE + PAGE,
	1ULL << 31,
	(1ULL << 31) + PAGE,
	1ULL << 32,
	(1ULL << 32) + PAGE,
	1ULL << 40,
	(1ULL << 40) + PAGE,
	1ULL << 52,
	1ULL << 63,
	(1ULL << 63) - PAGE,
	~0ULL & ~(PAGE - 1),
	~0ULL,
};

FIXTURE(values)
{
	struct hpdma_ioc_info info;
	struct state state;
	int fd;
};

FIXTURE_SETUP(values)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->info = (struct hpdma_ioc_info){ .size = sizeof(self->info) };
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_INFO, &self->info));
	state_take(&self->state);
}

FIXTURE_TEARDOWN(values)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static bool is_power_of_2(uint64_t value)
{
	return value && !(value & (value - 1));
}

static bool keeps_boundary(const struct hpdma_ioc_buf_alloc *arg)
{
	uint64_t least = arg->backing == HPDMA_BACKING_HUGETLB ?
				 arg->page_size :
				 arg->length;

	return !arg->boundary ||
	       (is_power_of_2(arg->boundary) && arg->boundary >= least &&
		arg->boundary >= arg->min_segment);
}

/* What the contract says of a call; 1: it may succeed or find no memory. */
static int model(const struct hpdma_ioc_info *info,
		 const struct hpdma_ioc_buf_alloc *arg)
{
	uint64_t granule = PAGE;

	if (arg->backing == HPDMA_BACKING_HUGETLB) {
		if (!is_power_of_2(arg->page_size) || arg->page_size < PAGE)
			return -EINVAL;
		if (!(info->out_hugetlb_sizes & arg->page_size))
			return -EOPNOTSUPP;
		granule = arg->page_size;
	} else if (arg->backing != HPDMA_BACKING_CONTIG || arg->page_size) {
		return -EINVAL;
	}
	if (!arg->length || arg->length % granule ||
	    arg->length > info->out_max_length ||
	    arg->min_segment > arg->length ||
	    (arg->alignment && !is_power_of_2(arg->alignment)) ||
	    arg->alignment > info->out_max_length ||
	    (arg->address_bits &&
	     (arg->address_bits < 24 || arg->address_bits > 64)) ||
	    arg->node || !keeps_boundary(arg))
		return -EINVAL;
	if (arg->backing == HPDMA_BACKING_CONTIG &&
	    (arg->length > info->out_max_contig ||
	     arg->alignment > info->out_max_contig))
		return -EOPNOTSUPP;
	return 1;
}

static void check(struct __test_metadata *_metadata, FIXTURE_DATA(values) *self,
		  const struct hpdma_ioc_buf_alloc *wish)
{
	struct hpdma_ioc_buf_alloc arg = *wish;
	int ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg);
	int expected = model(&self->info, wish);

	if (!ret)
		buf_free(self->fd, arg.out_buf_id);
	if (expected == 1)
		expected = ret == -ENOMEM ? ret : 0;
	EXPECT_EQ(expected, ret)
	{
		TH_LOG("backing %u length %#llx page %#llx segment %#llx alignment %#llx boundary %#llx bits %u",
		       wish->backing, wish->length, wish->page_size,
		       wish->min_segment, wish->alignment, wish->boundary,
		       wish->address_bits);
	}
	if (ret == -ENOMEM) {
		EXPECT_NE(HPDMA_REASON_NONE, arg.out_reason);
	}
}

TEST_F(values, every_long_field_of_alloc)
{
	struct hpdma_ioc_buf_alloc wish;
	unsigned int i, j, k;

	for (k = 0; k < 2; k++) {
		struct hpdma_ioc_buf_alloc good = k ? hugetlb(2 * HUGE_PAGE) :
						      contig(2 * PAGE);

		for (i = 0; i < ARRAY_SIZE(values); i++) {
			wish = good;
			wish.length = values[i];
			check(_metadata, self, &wish);
			wish = good;
			wish.page_size = values[i];
			check(_metadata, self, &wish);
			/* Two at a time: sums and maxima are made of these. */
			for (j = 0; j < ARRAY_SIZE(values); j++) {
				wish = good;
				wish.length = values[i];
				wish.boundary = values[j];
				if (values[i] <= 2 * HUGE_PAGE)
					check(_metadata, self, &wish);
				wish = good;
				wish.min_segment = values[i];
				wish.boundary = values[j];
				check(_metadata, self, &wish);
				wish = good;
				wish.min_segment = values[i];
				wish.alignment = values[j];
				check(_metadata, self, &wish);
			}
		}
	}
}

TEST_F(values, every_short_field_of_alloc)
{
	static const uint32_t numbers[] = {
		0,  1,	2,  3,	4,   23,	 24,	    25,
		32, 63, 64, 65, 256, 0x80000000, 0xffffffff
	};
	struct hpdma_ioc_buf_alloc wish;
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		struct hpdma_ioc_buf_alloc good = k ? hugetlb(HUGE_PAGE) :
						      contig(PAGE);

		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			wish = good;
			wish.backing = numbers[i];
			check(_metadata, self, &wish);
			wish = good;
			wish.address_bits = numbers[i];
			check(_metadata, self, &wish);
			wish = good;
			wish.node = numbers[i];
			check(_metadata, self, &wish);
		}
	}
}

/* No value may ever pin anything: there is nothing at any of these addresses. */
TEST_F(values, every_field_of_register)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			struct hpdma_ioc_buf_register arg = {
				.size = sizeof(arg),
				.addr = values[i],
				.length = values[j],
			};
			int ret = call(self->fd, HPDMA_IOC_BUF_REGISTER, &arg);
			int expected = -EFAULT;

			if (values[i] % PAGE || !values[j] ||
			    values[j] % PAGE ||
			    values[j] > self->info.out_max_length)
				expected = -EINVAL;
			else if (values[i] + values[j] < values[i])
				expected = -EOVERFLOW;
			EXPECT_EQ(expected, ret)
			{
				TH_LOG("address %#llx length %#llx",
				       (unsigned long long)values[i],
				       (unsigned long long)values[j]);
			}
		}
	}
}

struct frame {
	uint64_t addr;
	int id;
};

static int by_address(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Take the whole pool, one page each, in the order of addresses. */
static int take_pool(int fd, struct frame *frames)
{
	struct hpdma_segment segment;
	int count = 0;

	while (count < MAX_PAGES) {
		int id = alloc_hugetlb(fd, HUGE_PAGE);

		if (id < 0)
			break;
		if (buf_segments(fd, id, &segment, 1) != 1)
			break;
		frames[count].id = id;
		frames[count++].addr = segment.addr;
	}
	qsort(frames, count, sizeof(*frames), by_address);
	return count;
}

static void give_pool(int fd, const struct frame *frames, int count)
{
	while (count--)
		buf_free(fd, frames[count].id);
}

/* Give back one frame of the pool in two: those free lie side by side nowhere. */
static void check_rare(struct __test_metadata *_metadata,
		       FIXTURE_DATA(values) *self, struct frame *frames,
		       int count)
{
	struct hpdma_ioc_buf_alloc arg;
	struct state state;
	int i, given = 0;

	for (i = 0; i < count; i++) {
		if (frames[i].addr / HUGE_PAGE % 2 == 0)
			continue;
		buf_free(self->fd, frames[i].id);
		frames[i].id = 0;
		given++;
	}
	ASSERT_LE(2, given);
	ASSERT_EQ(given, pool_free());
	state_take(&state);

	arg = hugetlb(2 * HUGE_PAGE);
	arg.min_segment = 2 * HUGE_PAGE;
	EXPECT_EQ(-ENOMEM, alloc(self->fd, &arg));
	EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_SEGMENT, arg.out_reason);
	arg = hugetlb(HUGE_PAGE);
	arg.alignment = 2 * HUGE_PAGE;
	EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_SEGMENT, arg.out_reason);
	/* No huge page at an odd place ends below 2^24 but these. */
	arg = hugetlb(given * HUGE_PAGE);
	arg.address_bits = 24;
	EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_ADDRESS, arg.out_reason);
	/* Refused after the pages were taken and pinned: all are back. */
	EXPECT_TRUE(state_is(&state));

	arg = hugetlb(2 * HUGE_PAGE);
	arg.min_segment = HUGE_PAGE;
	arg.alignment = HUGE_PAGE;
	EXPECT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(2, arg.out_segments);
	buf_free(self->fd, arg.out_buf_id);
}

TEST_F(values, a_wish_the_pool_cannot_fulfil_is_refused)
{
	struct frame *frames = calloc(MAX_PAGES, sizeof(*frames));
	int count = take_pool(self->fd, frames);

	if (count >= 16 && count < MAX_PAGES)
		check_rare(_metadata, self, frames, count);
	give_pool(self->fd, frames, count);
	free(frames);
	if (count < 16 || count == MAX_PAGES)
		SKIP(return, "the pool is not between 16 and 511 pages");
}

TEST_HARNESS_MAIN
