/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an output holds before a call: if the call fails, it must still be there.
 */
#ifndef SENTINEL_H
#define SENTINEL_H

#include "context.h"
#include "fake.h"
#include "harness.h"

#define SENTINEL ((void *)0x5e5e5e5e)

/* The rest of each test is about what it tests, not about opening. */
static inline struct hpdma *open_context(void)
{
	struct hpdma *ctx = NULL;

	if (hpdma_open_sys(NULL, &fake_sys, &ctx, NULL))
		abort();
	return ctx;
}

/* Resets the machine, too. */
static inline struct hpdma *start(void)
{
	fake_reset();
	return open_context();
}

static inline void finish(struct hpdma *ctx)
{
	hpdma_unref(ctx);
	CHECK(fake_clean());
}

#endif /* SENTINEL_H */
