/* SPDX-License-Identifier: MIT */
/*
 * Inside of a device.
 */
#ifndef HPDMA_SRC_DEVICE_H
#define HPDMA_SRC_DEVICE_H

#include <stdatomic.h>
#include <stdint.h>

#include <hpdma/device.h>

#include "sys.h"

/**
 * struct hpdma_device - a device
 * @refs: References
 * @fd: /dev/hpdmaN, non-blocking
 * @ctx: Held; attached to it
 * @sys: System calls
 * @info: What the module told at open; never changes
 * @bar: Where BARs are mapped; NULL until asked for, then it never changes
 */
struct hpdma_device {
	atomic_uint refs;
	int fd;
	struct hpdma *ctx;
	const struct hpdma_sys *sys;
	struct hpdma_device_info info;
	_Atomic(void *) bar[HPDMA_DEVICE_BARS];
};

#endif /* HPDMA_SRC_DEVICE_H */
