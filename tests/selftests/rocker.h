/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's rocker, a switch, without any port: a PCI function with four vectors of
 * MSI-X and a register that raises whichever is written to it.
 */
#ifndef HPDMA_SELFTESTS_ROCKER_H
#define HPDMA_SELFTESTS_ROCKER_H

#include "dev_common.h"

#define ROCKER_VECTORS 4

/* As rig_open(); @regs are those of BAR 0. */
int rocker_open(struct rig *rig);
/* And an eventfd for each vector, which is not set yet. */
int rocker_open_vectors(struct rig *rig, int32_t *eventfds);
void rocker_close_vectors(struct rig *rig, const int32_t *eventfds);
void rocker_raise(edu_regs regs, unsigned int vector);

#endif
