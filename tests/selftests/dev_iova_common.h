/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of addresses that the caller chooses share: a device in a domain
 * of our own, copies through it, and how to see that it does not reach something.
 * For programs that include kselftest_harness.h and dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_DEV_IOVA_COMMON_H
#define HPDMA_SELFTESTS_DEV_IOVA_COMMON_H

#include "dev_common.h"

#define OWN HPDMA_MODE_CALLER_IOVA
#define CANARY 0xa5
/* The IOMMU reports each so many bytes: a longer copy is a storm of reports. */
#define STRAY 8
/* Within reach of every IOMMU, and of no narrow device. */
#define BASE (1ull << 38)

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

static inline bool is_canary(const uint8_t *data, uint64_t length)
{
	return !length || !find_other(data, CANARY, length);
}

/* From one place to another through the device, and nowhere else. */
static inline void copy(struct __test_metadata *_metadata, struct rig *rig,
			uint8_t *data, uint64_t length, uint64_t iova,
			uint64_t from, uint64_t to)
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

/* The device writes there, and no byte of the memory changes. */
static inline void expect_unreachable(struct __test_metadata *_metadata,
				      struct rig *rig, uint8_t *data,
				      uint64_t length, uint64_t iova)
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

#endif
