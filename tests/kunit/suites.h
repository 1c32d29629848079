/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_KUNIT_SUITES_H
#define HPDMA_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite hpdma_span_suite;
extern struct kunit_suite hpdma_mapoff_suite;
extern struct kunit_suite hpdma_check_suite;
extern struct kunit_suite hpdma_registry_suite;
extern struct kunit_suite hpdma_place_suite;
extern struct kunit_suite hpdma_iova_suite;

#endif
