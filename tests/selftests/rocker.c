// SPDX-License-Identifier: GPL-2.0-only
/* Raising interrupts with QEMU's rocker; see rocker.h. Beside dev_common.c. */
#include "irq_common.h"
#include "rocker.h"

#define ROCKER_BAR_SIZE 0x2000

#define REG_TEST_IRQ 0x20

int rocker_open(struct rig *rig)
{
	return rig_open_other(rig, 0x1b36, 0x0006, ROCKER_BAR_SIZE);
}

int rocker_open_vectors(struct rig *rig, int32_t *eventfds)
{
	int ret = rocker_open(rig), i;

	if (ret)
		return ret;
	for (i = 0; i < ROCKER_VECTORS; i++)
		eventfds[i] = new_eventfd();
	return 0;
}

void rocker_close_vectors(struct rig *rig, const int32_t *eventfds)
{
	int i;

	for (i = 0; i < ROCKER_VECTORS; i++)
		close(eventfds[i]);
	rig_close(rig);
}

void rocker_raise(edu_regs regs, unsigned int vector)
{
	write32(regs, REG_TEST_IRQ, vector);
}
