/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_ATTRIBUTE_H
#define HPDMA_ATTRIBUTE_H

struct attribute_group;

extern const struct attribute_group *hpdma_attribute_groups[];

#endif
