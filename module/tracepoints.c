// SPDX-License-Identifier: GPL-2.0-only
/* What trace.h declares is made here. */
#include <linux/math64.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "buffer.h"
#include "dmamap.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
