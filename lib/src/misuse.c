// SPDX-License-Identifier: MIT
/* Telling the program of its misuse. */
#include "misuse.h"

const char *hpdma_misuse_text(uint32_t kind)
{
	switch (kind) {
	case HPDMA_MISUSE_DOUBLE_FREE:
		return "given back twice";
	case HPDMA_MISUSE_FOREIGN:
		return "given back where it does not belong";
	case HPDMA_MISUSE_OVERRUN:
		return "written behind its end";
	case HPDMA_MISUSE_UNDERRUN:
		return "written in front of it";
	case HPDMA_MISUSE_USE_AFTER_FREE:
		return "written after it was given back";
	case HPDMA_MISUSE_IN_USE:
		return "destroyed while it is in use";
	default:
		return "misused";
	}
}
