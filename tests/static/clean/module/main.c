// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "check.h"

static int __init start(void)
{
	return hpdma_check_sign(1);
}
module_init(start);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("clean");
