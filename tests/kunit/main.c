// SPDX-License-Identifier: GPL-2.0-only
/* The suites run when the module is loaded; the results are in the log. */
#include <linux/module.h>

#include "suites.h"

/* All in one call: on 5.10 it defines the module's init function. */
kunit_test_suites(&hpdma_span_suite, &hpdma_mapoff_suite, &hpdma_check_suite,
		  &hpdma_place_suite, &hpdma_registry_suite, &hpdma_iova_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of hpdma's pure files");
