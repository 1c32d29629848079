// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write-combining memory. One page must not be mapped cached in one place and
 * uncached in another: a cache line could be written back over what the CPU or
 * a device wrote past the cache. So before anybody maps such memory, the
 * kernel's own mapping of it changes, and it changes back when nobody maps the
 * memory any more and before the pages go back.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "backing.h"
#include "caching.h"
#include "compat/caching.h"

/* How much is changed before others may run: each line leaves the cache. */
#define STEP SZ_16M

/**
 * hpdma_caching_can_combine - can mappings be write-combining?
 *
 * Return: whether hpdma_caching_combine() works on this machine.
 */
bool hpdma_caching_can_combine(void)
{
	return hpdma_compat_can_combine();
}

/*
 * The kernel's mapping was split, where it had to be, when it was changed for the
 * first time: this needs no memory, and so cannot fail.
 */
static void restore(const struct hpdma_spans *spans, u64 length)
{
	unsigned int i;
	u64 at, part;

	for (i = 0; i < spans->count; i++) {
		const struct hpdma_span *span = &spans->array[i];

		for (at = 0; at < span->length && length; at += part) {
			part = min3(span->length - at, length, (u64)STEP);
			hpdma_compat_cache(hpdma_page_at(span->addr + at),
					   part >> PAGE_SHIFT);
			length -= part;
			cond_resched();
		}
	}
}

static int combine(struct page *page, u64 length)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return hpdma_compat_combine(page, length >> PAGE_SHIFT);
}

/**
 * hpdma_caching_combine - make the kernel's mapping of memory write-combining
 * @memory: The memory; nobody else maps it
 *
 * Return: 0 or -errno; then nothing has changed.
 */
int hpdma_caching_combine(const struct hpdma_memory *memory)
{
	const struct hpdma_spans *spans = &memory->spans;
	u64 at, part, done = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < spans->count; i++) {
		const struct hpdma_span *span = &spans->array[i];

		for (at = 0; at < span->length; at += part) {
			part = min_t(u64, span->length - at, STEP);
			ret = combine(hpdma_page_at(span->addr + at), part);
			done += part;
			if (ret)
				goto err_done;
			cond_resched();
		}
	}
	return 0;

err_done:
	/* Some of the last part may have changed too. */
	restore(spans, done);
	return ret;
}

/**
 * hpdma_caching_restore - make the kernel's mapping of memory cached again
 * @memory: Of which hpdma_caching_combine() was a success; nobody else maps it
 */
void hpdma_caching_restore(const struct hpdma_memory *memory)
{
	restore(&memory->spans, memory->length);
}
