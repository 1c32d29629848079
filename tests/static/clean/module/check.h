/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CHECK_H
#define HPDMA_CHECK_H

int hpdma_check_sign(int number);

#endif
