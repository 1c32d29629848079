// SPDX-License-Identifier: GPL-2.0-only
/* Raising interrupts with QEMU's e1000e; see e1000e.h. Beside dev_common.c. */
#include <stdint.h>

#include "e1000e.h"

#define E1000E_BAR_SIZE 0x20000

#define REG_CTRL_EXT 0x18
#define REG_ICR 0xc0
#define REG_ICS 0xc8
#define REG_IMS 0xd0
#define REG_IMC 0xd8
#define REG_EIAC 0xdc
#define REG_IVAR 0xe4

/* What is not cleared in the mask when it is cleared in the cause. */
#define CTRL_EXT_KEEP_MASK 0x08000000
/* Of receive queues 0 and 1, transmit queues 0 and 1, and others. */
#define CAUSE(_vector) (1u << (20 + (_vector)))
#define CAUSES (0x1fu << 20)
/* Four bits a cause: valid, and the number of its vector. */
#define IVAR_IN_ORDER 0x000cba98u

int e1000e_open(struct rig *rig)
{
	int ret = rig_open_other(rig, 0x8086, 0x10d3, E1000E_BAR_SIZE);

	if (ret)
		return ret;
	write32(rig->regs, REG_IMC, UINT32_MAX);
	/* Reading clears, while all are masked. */
	read32(rig->regs, REG_ICR);
	write32(rig->regs, REG_IVAR, IVAR_IN_ORDER);
	write32(rig->regs, REG_EIAC, CAUSES);
	write32(rig->regs, REG_CTRL_EXT, CTRL_EXT_KEEP_MASK);
	write32(rig->regs, REG_IMS, CAUSES);
	sleep_ms(E1000E_PAUSE_MS);
	return 0;
}

void e1000e_raise(edu_regs regs, unsigned int vector)
{
	write32(regs, REG_ICS, CAUSE(vector));
}
