/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests with an NVMe controller share: one that is enabled and has a pair of
 * queues. For programs that include kselftest_harness.h and dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_NVME_COMMON_H
#define HPDMA_SELFTESTS_NVME_COMMON_H

#include "nvme.c"

FIXTURE(nvme)
{
	struct nvme nvme;
	struct nvme_queue queue;
};

FIXTURE_SETUP(nvme)
{
	NEED_NVME(&self->nvme, HPDMA_RESET_NONE);
	ASSERT_EQ(0, nvme_create_queue(&self->nvme, &self->queue, 1, -1));
}

FIXTURE_TEARDOWN(nvme)
{
	if (!self->nvme.regs)
		return;
	nvme_disable(&self->nvme);
	nvme_drop_queue(&self->nvme, &self->queue);
	nvme_drop_admin(&self->nvme);
	nvme_close(&self->nvme);
}

/* Not all harnesses leave a test whose set-up has skipped it. */
#define NEED_SETUP(self)                \
	do {                            \
		if (!(self)->nvme.regs) \
			return;         \
	} while (0)

#define NEED_TRANSLATION(self)                                    \
	do {                                                      \
		if (!nvme_is_translated(&(self)->nvme))           \
			SKIP(return, "no IOMMU that translates"); \
	} while (0)

#endif
