// SPDX-License-Identifier: MIT
/*
 * Allocation of buffers: which backing is tried in which order, and one try.
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/hpdma.h>

#include "buf.h"
#include "context.h"
#include "device.h"
#include "policy.h"
#include "util.h"

#define ALL_FLAGS                                                         \
	(HPDMA_BUF_NODE | HPDMA_BUF_NO_FALLBACK | HPDMA_BUF_NO_POPULATE | \
	 HPDMA_BUF_NO_MAP | HPDMA_BUF_SCATTER | HPDMA_BUF_MAP_WC)

/* What most machines have, and what one page-table entry maps. */
#define USUAL_HUGE_PAGE (2ull << 20)

/**
 * struct rung - one rung of the ladder of backings
 * @backing: &enum hpdma_backing
 * @page_size: Of the ioctl
 * @length: Rounded up for this backing
 */
struct rung {
	uint32_t backing;
	uint64_t page_size;
	uint64_t length;
};

static bool hugetlb_rung(const struct hpdma *ctx, uint64_t length,
			 const struct hpdma_buf_opts *o, struct rung *rung)
{
	uint64_t sizes = ctx->info.hugetlb_sizes;

	rung->backing = HPDMA_BACKING_HUGETLB;
	rung->page_size = o->page_size;
	if (!rung->page_size && (sizes & USUAL_HUGE_PAGE))
		rung->page_size = USUAL_HUGE_PAGE;
	if (!rung->page_size)
		rung->page_size = lowest_bit(sizes);
	/* Nothing to round to: let the module refuse it in its own words. */
	if (!rung->page_size)
		rung->page_size = USUAL_HUGE_PAGE;
	return round_up(length, rung->page_size, &rung->length);
}

static bool contig_rung(const struct hpdma *ctx, uint64_t length,
			struct rung *rung)
{
	rung->backing = HPDMA_BACKING_CONTIG;
	rung->page_size = 0;
	return round_up(length, ctx->page_size, &rung->length);
}

/* No run of this length can stay between two boundaries. */
static bool crosses(const struct hpdma_buf_opts *o, uint64_t length)
{
	return o->boundary && o->boundary < length;
}

/* Returns the number of rungs, or a negative errno. */
static int plan(const struct hpdma *ctx, uint64_t length,
		const struct hpdma_buf_opts *o, struct rung rungs[2])
{
	struct rung huge, contig;
	bool huge_fits, contig_fits, huge_first;

	if (!contig_rung(ctx, length, &contig))
		return -EOVERFLOW;
	huge_fits = hugetlb_rung(ctx, length, o, &huge);

	if (o->backing == HPDMA_BUF_BACKING_CONTIG) {
		rungs[0] = contig;
		return 1;
	}
	if (o->backing == HPDMA_BUF_BACKING_HUGETLB) {
		rungs[0] = huge;
		return huge_fits ? 1 : -EOVERFLOW;
	}

	/* A wish that one of them cannot fulfil leaves the other one. */
	if (!ctx->info.hugetlb_sizes || crosses(o, huge.page_size))
		huge_fits = false;
	contig_fits = o->flags & HPDMA_BUF_SCATTER ||
		      !crosses(o, contig.length);
	/* Huge pages are plentiful, but not to be wasted. */
	huge_first = huge_fits &&
		     (!contig_fits || huge.length - length <= length / 4);
	rungs[0] = huge_first ? huge : contig;
	rungs[1] = huge_first ? contig : huge;
	if (!huge_fits || !contig_fits || o->flags & HPDMA_BUF_NO_FALLBACK)
		return 1;
	return 2;
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

/* Huge pages come from where the thread's memory policy says. */
static int take_pages(struct hpdma *ctx, struct hpdma_ioc_buf_alloc *arg,
		      struct hpdma_error *error)
{
	bool huge = arg->backing == HPDMA_BACKING_HUGETLB;
	struct hpdma_policy saved = { .bound = false };
	int ret, restored;

	if (huge && arg->flags & HPDMA_ALLOC_NODE) {
		ret = hpdma_policy_bind(ctx->sys, arg->node, &saved);
		if (ret)
			return hpdma_fail(error, ret,
					  ret == -EPERM ? HPDMA_WHY_POLICY :
							  HPDMA_WHY_NONE,
					  "choose a NUMA node");
	}
	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_BUF_ALLOC, arg, error,
			  huge ? "allocate huge pages" :
				 "allocate contiguous memory");
	restored = hpdma_policy_restore(ctx->sys, &saved);
	if (!restored)
		return ret;

	/* The caller must learn that his policy is not what it was. */
	if (!ret)
		hpdma_buf_free_id(ctx, arg->out_buf_id);
	return hpdma_fail(error, restored, HPDMA_WHY_POLICY,
			  "put the NUMA memory policy back");
}

/* In the words of the module; runs are the affair of contiguous memory. */
static uint32_t flags_of(const struct hpdma_buf_opts *o, uint32_t backing)
{
	uint32_t flags = 0;

	if (o->flags & HPDMA_BUF_NODE)
		flags |= HPDMA_ALLOC_NODE;
	if (o->flags & HPDMA_BUF_SCATTER && backing == HPDMA_BACKING_CONTIG)
		flags |= HPDMA_ALLOC_SCATTER;
	if (o->flags & HPDMA_BUF_MAP_WC)
		flags |= HPDMA_ALLOC_WRITE_COMBINE;
	if (o->device)
		flags |= HPDMA_ALLOC_FIT_DEVICE;
	return flags;
}

static int try_rung(struct hpdma *ctx, const struct rung *rung,
		    const struct hpdma_buf_opts *o, struct hpdma_buf *buf,
		    struct hpdma_error *error)
{
	struct hpdma_ioc_buf_alloc arg = {
		.size = sizeof(arg),
		.flags = flags_of(o, rung->backing),
		.backing = rung->backing,
		.length = rung->length,
		.page_size = rung->page_size,
		.min_segment = o->min_segment,
		.alignment = o->alignment,
		.boundary = o->boundary,
		.address_bits = o->address_bits,
		.node = o->node,
		.device_fd = o->device ? o->device->fd : 0,
	};
	int ret;

	ret = take_pages(ctx, &arg, error);
	if (ret)
		return ret;
	buf->id = arg.out_buf_id;
	buf->length = rung->length;
	ret = hpdma_buf_map_id(ctx, buf, arg.out_mmap_offset, o->flags, error);
	if (ret)
		hpdma_buf_free_id(ctx, buf->id);
	return ret;
}

int hpdma_buf_alloc(struct hpdma *ctx, uint64_t length,
		    const struct hpdma_buf_opts *opts, struct hpdma_buf **out,
		    struct hpdma_error *error)
{
	struct hpdma_error first, second;
	struct hpdma_buf_opts o;
	struct hpdma_buf *buf;
	struct rung rungs[2];
	int count, ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check(&o, length);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	count = plan(ctx, length, &o, rungs);
	if (count < 0)
		return hpdma_fail(error, count, HPDMA_WHY_NONE,
				  "round the length up");

	buf = hpdma_new(sizeof(*buf), error);
	if (!buf)
		return -ENOMEM;

	ret = try_rung(ctx, &rungs[0], &o, buf, &first);
	if (count == 2 && (ret == -ENOMEM || ret == -EOPNOTSUPP)) {
		buf->fallback = true;
		ret = try_rung(ctx, &rungs[1], &o, buf, &second);
		/* The caller can do most about what he would have got first. */
		if (ret && ret != -ENOMEM && ret != -EOPNOTSUPP)
			first = second;
	}
	if (ret) {
		ret = hpdma_fail(error, first.code, first.why, first.what);
		goto err_free;
	}

	hpdma_buf_finish(ctx, buf, HPDMA_BUF_OWN, out);
	return 0;

err_free:
	free(buf);
	return ret;
}
