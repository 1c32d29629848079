/* SPDX-License-Identifier: MIT */
/*
 * libhpdma - pinned DMA memory for user-space drivers
 *
 * A context is an open ``/dev/hpdma``. It makes buffers: memory whose frames
 * stay where they are while the buffer lives. A device maps buffers and says at
 * which addresses it reaches them; an address never comes without its kind.
 *
 * Rules that hold for every function:
 *
 * - It returns 0 or a negative errno, unless it cannot fail. On failure the
 *   object that @out points to is not touched. errno is not part of the API.
 * - It may be called from any thread. Calls on one object may run at the same
 *   time, except that the last unref must be the last call, and where a function
 *   says otherwise.
 * - An object holds what it needs: a context may be unrefed while its buffers
 *   live on. Unref of NULL does nothing.
 * - A struct of options starts with @size, which the caller sets to its sizeof();
 *   all other fields may be 0 and then mean the default. NULL instead of a
 *   struct means all defaults. A struct of results starts with @size, too.
 * - -EINTR means that a signal came and nothing was done: call again.
 * - File descriptors are close-on-exec. After fork() only one of the two
 *   processes may go on using an object.
 */
#ifndef HPDMA_H
#define HPDMA_H

#include <hpdma/types.h>
#include <hpdma/context.h>
#include <hpdma/buf.h>
#include <hpdma/share.h>
#include <hpdma/device.h>
#include <hpdma/dma.h>
#include <hpdma/event.h>
#include <hpdma/iova.h>
#include <hpdma/registry.h>
#include <hpdma/poller.h>
#include <hpdma/mempool.h>
#include <hpdma/misuse.h>
#include <hpdma/memzone.h>
#include <hpdma/heap.h>
#include <hpdma/process.h>
#include <hpdma/domain.h>
#include <hpdma/domain_objects.h>
#include <hpdma/ring.h>

#endif /* HPDMA_H */
