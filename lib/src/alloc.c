// SPDX-License-Identifier: MIT
/*
 * Allocation of buffers: which backing is tried in which order.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "backend.h"
#include "buf.h"
#include "context.h"
#include "device.h"
#include "policy.h"
#include "pools.h"
#include "util.h"

#define ALL_FLAGS                                                         \
	(HPDMA_BUF_NODE | HPDMA_BUF_NO_FALLBACK | HPDMA_BUF_NO_POPULATE | \
	 HPDMA_BUF_NO_MAP | HPDMA_BUF_SCATTER | HPDMA_BUF_MAP_WC |        \
	 HPDMA_BUF_NAMEABLE)

/* What most machines have, and what one page-table entry maps. */
#define USUAL_HUGE_PAGE (2ull << 20)
#define LARGE_HUGE_PAGE (1ull << 30)

#define MOST_RUNGS 4

/**
 * struct ladder - what is tried, best first
 * @count: How many rungs
 * @rung: The rungs. HPDMA_BUF_BACKING_USER is memory of ours that is registered
 *	where there is the module, and what a file is made of where there is not
 */
struct ladder {
	int count;
	struct hpdma_rung rung[MOST_RUNGS];
};

static void add(struct ladder *ladder, const struct hpdma_rung *rung)
{
	ladder->rung[ladder->count++] = *rung;
}

static bool has_module(const struct hpdma *ctx)
{
	return ctx->info.backend == HPDMA_BACKEND_MODULE;
}

static uint64_t usual_page(const struct hpdma *ctx,
			   const struct hpdma_buf_opts *o)
{
	uint64_t sizes = ctx->info.hugetlb_sizes;

	if (o->page_size)
		return o->page_size;
	/* Nothing to round to: let the backend refuse it in its own words. */
	if (!sizes || sizes & USUAL_HUGE_PAGE)
		return USUAL_HUGE_PAGE;
	return lowest_bit(sizes);
}

static bool hugetlb_rung(uint64_t page_size, uint64_t length,
			 struct hpdma_rung *rung)
{
	rung->backing = HPDMA_BUF_BACKING_HUGETLB;
	rung->page_size = page_size;
	return round_up(length, page_size, &rung->length);
}

static bool small_rung(const struct hpdma *ctx, uint32_t backing,
		       uint64_t length, struct hpdma_rung *rung)
{
	rung->backing = backing;
	rung->page_size = 0;
	return round_up(length, ctx->page_size, &rung->length);
}

/* No run of this length can stay between two boundaries. */
static bool crosses(const struct hpdma_buf_opts *o, uint64_t length)
{
	return o->boundary && o->boundary < length;
}

/* Huge pages are plentiful, but not to be wasted. */
static bool wastes(const struct hpdma_rung *huge, uint64_t length)
{
	return huge->length - length > length / 4;
}

/* Pages of 1 GiB are few: a look at the pool keeps a strict caller from failing
 * where pages of 2 MiB are what everybody would call the first choice.
 */
static void add_large(const struct hpdma *ctx, uint64_t length,
		      const struct hpdma_buf_opts *o, struct ladder *ladder)
{
	struct hpdma_rung large;

	if (o->page_size || !(ctx->info.hugetlb_sizes & LARGE_HUGE_PAGE) ||
	    usual_page(ctx, o) == LARGE_HUGE_PAGE ||
	    !hugetlb_rung(LARGE_HUGE_PAGE, length, &large) ||
	    wastes(&large, length) || crosses(o, LARGE_HUGE_PAGE))
		return;
	if (hpdma_pool_free(ctx->sys, LARGE_HUGE_PAGE) >= large.length)
		add(ladder, &large);
}

/* An IOMMU makes one range of them, wherever they are; nothing else is promised. */
static bool can_be_stitched(const struct hpdma *ctx,
			    const struct hpdma_buf_opts *o)
{
	const struct hpdma_device *dev = o->device;

	return dev && dev->ctx == ctx &&
	       dev->info.state & HPDMA_DEVICE_TRANSLATED &&
	       dev->info.mode != HPDMA_DEVICE_MODE_PHYS &&
	       ctx->info.features & HPDMA_HAS_REGISTER && !o->address_bits &&
	       !o->boundary && o->min_segment <= ctx->page_size &&
	       o->alignment <= ctx->page_size &&
	       !(o->flags &
		 (HPDMA_BUF_MAP_WC | HPDMA_BUF_NO_MAP | HPDMA_BUF_NAMEABLE));
}

static void plan_any(const struct hpdma *ctx, uint64_t length,
		     const struct hpdma_buf_opts *o, struct ladder *ladder)
{
	struct hpdma_rung huge, small;
	bool huge_fits, small_fits;

	/* A wish that one of them cannot fulfil leaves the other one. */
	huge_fits = hugetlb_rung(usual_page(ctx, o), length, &huge) &&
		    ctx->info.hugetlb_sizes && !crosses(o, huge.page_size);
	small_rung(ctx,
		   has_module(ctx) ? HPDMA_BUF_BACKING_CONTIG :
				     HPDMA_BUF_BACKING_USER,
		   length, &small);
	small_fits = !has_module(ctx) || o->flags & HPDMA_BUF_SCATTER ||
		     !crosses(o, small.length);

	add_large(ctx, length, o, ladder);
	if (huge_fits && (!small_fits || !wastes(&huge, length))) {
		add(ladder, &huge);
		huge_fits = false;
	}
	if (small_fits || !ladder->count)
		add(ladder, &small);
	if (huge_fits && small_fits)
		add(ladder, &huge);
	if (has_module(ctx) && can_be_stitched(ctx, o)) {
		small.backing = HPDMA_BUF_BACKING_USER;
		add(ladder, &small);
	}
	if (o->flags & HPDMA_BUF_NO_FALLBACK)
		ladder->count = 1;
}

static int plan(const struct hpdma *ctx, uint64_t length,
		const struct hpdma_buf_opts *o, struct ladder *ladder)
{
	struct hpdma_rung only;

	ladder->count = 0;
	if (!small_rung(ctx, HPDMA_BUF_BACKING_CONTIG, length, &only))
		return -EOVERFLOW;
	if (o->backing == HPDMA_BUF_BACKING_ANY) {
		plan_any(ctx, length, o, ladder);
		return 0;
	}
	if (o->backing == HPDMA_BUF_BACKING_HUGETLB &&
	    !hugetlb_rung(usual_page(ctx, o), length, &only))
		return -EOVERFLOW;
	add(ladder, &only);
	return 0;
}

static int check(const struct hpdma_buf_opts *o, uint64_t length)
{
	if (!length || o->flags & ~(uint32_t)ALL_FLAGS || o->reserved)
		return -EINVAL;
	if (o->backing > HPDMA_BUF_BACKING_HUGETLB)
		return -EINVAL;
	if (o->page_size & (o->page_size - 1))
		return -EINVAL;
	if (o->page_size && o->backing == HPDMA_BUF_BACKING_CONTIG)
		return -EINVAL;
	if (o->node && !(o->flags & HPDMA_BUF_NODE))
		return -EINVAL;
	return 0;
}

/* The pages are faulted in, and so taken from somewhere, when they are pinned. */
static int pin_of_node(struct hpdma_buf *buf, const struct hpdma_memory *memory,
		       const struct hpdma_buf_opts *o,
		       struct hpdma_error *error)
{
	struct hpdma_policy saved = { .bound = false };
	struct hpdma_buf_info info = { .node = -1 };
	int ret, restored;

	if (!(o->flags & HPDMA_BUF_NODE))
		return buf->ctx->ops->adopt(buf, memory, error);

	ret = hpdma_policy_bind(buf->sys, o->node, &saved);
	if (ret)
		return hpdma_fail(error, ret,
				  ret == -EPERM ? HPDMA_WHY_POLICY :
						  HPDMA_WHY_NONE,
				  "choose a NUMA node");
	ret = buf->ctx->ops->adopt(buf, memory, error);
	restored = hpdma_policy_restore(buf->sys, &saved);
	if (ret && !restored)
		return ret;
	if (restored) {
		hpdma_fail(error, restored, HPDMA_WHY_POLICY,
			   "put the NUMA memory policy back");
		if (ret)
			return restored;
		ret = restored;
		goto err_free;
	}
	ret = buf->ctx->ops->describe(buf, &info);
	if (!ret && info.node != (int32_t)o->node)
		ret = -ENOMEM;
	if (!ret)
		return 0;
	hpdma_fail(error, ret, ret == -ENOMEM ? HPDMA_WHY_NODE : HPDMA_WHY_NONE,
		   "pin memory of a NUMA node");
err_free:
	buf->ctx->ops->free(buf);
	return ret;
}

/* Shared, so that a child cannot make the kernel copy what a device writes. */
static int stitch(struct hpdma_buf *buf, const struct hpdma_rung *rung,
		  const struct hpdma_buf_opts *o, struct hpdma_error *error)
{
	struct hpdma_memory memory = { .fd = -1, .length = rung->length };
	void *ptr;
	int ret = -ENOMEM;

	if (rung->length <= SIZE_MAX &&
	    rung->length <= hpdma_memory_available(buf->sys))
		ret = buf->sys->map(NULL, rung->length, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0, &ptr);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "allocate ordinary pages");
	memory.start = (uintptr_t)ptr;
	ret = pin_of_node(buf, &memory, o, error);
	if (ret) {
		buf->sys->unmap(ptr, rung->length);
		return ret;
	}
	buf->form = HPDMA_BUF_STITCHED;
	buf->ptr = ptr;
	return 0;
}

static int try_rung(struct hpdma_buf *buf, const struct hpdma_rung *rung,
		    const struct hpdma_buf_opts *o, struct hpdma_error *error)
{
	int ret;

	if (has_module(buf->ctx) && rung->backing == HPDMA_BUF_BACKING_USER)
		return stitch(buf, rung, o, error);

	ret = buf->ctx->ops->alloc(buf, rung, o, error);
	if (ret)
		return ret;
	ret = hpdma_buf_map(buf, o->flags, error);
	if (ret)
		buf->ctx->ops->free(buf);
	return ret;
}

static bool is_lack(int code)
{
	return code == -ENOMEM || code == -EOPNOTSUPP;
}

static int climb(struct hpdma_buf *buf, const struct ladder *ladder,
		 const struct hpdma_buf_opts *o, struct hpdma_error *error)
{
	struct hpdma_error first = { 0 }, now;
	int i, ret;

	for (i = 0; i < ladder->count; i++) {
		buf->fallback = (uint32_t)i;
		ret = try_rung(buf, &ladder->rung[i], o, &now);
		if (!ret)
			return 0;
		/* The caller can do most about what he would have got first. */
		if (!i || !is_lack(ret))
			first = now;
		if (!is_lack(ret))
			break;
	}
	return hpdma_fail(error, first.code, first.why, first.what);
}

int hpdma_buf_alloc(struct hpdma *ctx, uint64_t length,
		    const struct hpdma_buf_opts *opts, struct hpdma_buf **out,
		    struct hpdma_error *error)
{
	struct hpdma_buf_opts o;
	struct hpdma_buf *buf;
	struct ladder ladder;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check(&o, length);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = plan(ctx, length, &o, &ladder);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "round the length up");

	buf = hpdma_buf_new(ctx, error);
	if (!buf)
		return -ENOMEM;
	ret = climb(buf, &ladder, &o, error);
	if (ret)
		goto err_free;

	hpdma_buf_finish(buf, buf->form, out);
	return 0;

err_free:
	free(buf);
	return ret;
}
