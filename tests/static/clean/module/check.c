// SPDX-License-Identifier: GPL-2.0-only
#include "check.h"

int hpdma_check_sign(int number)
{
	return number < 0;
}
