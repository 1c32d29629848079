/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's e1000e (Intel 82574L), as far as it takes to make it raise an interrupt:
 * a PCI Express function with five vectors of MSI-X. It needs no network.
 *
 * The device sends no two interrupts within 128 us, the second waits; it even
 * dies (QEMU 7.2) if it was changed to MSI-X meanwhile. So E1000E_PAUSE_MS between
 * any two that count, and before enabling.
 */
#ifndef HPDMA_SELFTESTS_E1000E_H
#define HPDMA_SELFTESTS_E1000E_H

#include "dev_common.h"

#define E1000E_VECTORS 5
#define E1000E_PAUSE_MS 1

/*
 * As rig_open(); @regs are those of BAR 0. All causes are quiet, and each of the
 * five has the vector of its number.
 */
int e1000e_open(struct rig *rig);
/* Raise the cause of a vector. */
void e1000e_raise(edu_regs regs, unsigned int vector);

#endif
