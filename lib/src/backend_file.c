// SPDX-License-Identifier: MIT
/*
 * Backends without the module: a buffer is a file of memory, of huge pages or of
 * ordinary ones. It is pinned by nothing, and no device can reach it; a program
 * can be written, tested and tried with it.
 *
 * All of a file is allocated when it is made. So memory that is short is an
 * error then, and not a signal later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "backend.h"
#include "backend_file.h"
#include "buf.h"
#include "context.h"
#include "names.h"
#include "names_hold.h"
#include "policy.h"
#include "pools.h"
#include "util.h"

/* Where memfd_create() takes the logarithm of the size of huge pages. */
#define MEMFD_PAGE_SHIFT 26

static int no_module(struct hpdma_error *error, const char *what)
{
	return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NO_MODULE, what);
}

static int file_open(struct hpdma *ctx, struct hpdma_error *error)
{
	const struct hpdma_place *place;
	size_t i;

	ctx->places = hpdma_new(sizeof(*ctx->places), error);
	if (!ctx->places)
		return -ENOMEM;
	hpdma_places_find(ctx->sys, ctx->places);
	hpdma_names_sweep(ctx->sys, ctx->places);

	ctx->info.features = HPDMA_HAS_REGISTER;
	if (ctx->info.hugetlb_sizes)
		ctx->info.features |= HPDMA_HAS_HUGETLB;
	for (i = 0; i < ctx->places->count; i++) {
		place = &ctx->places->place[i];
		if (!place->huge)
			ctx->info.features |= HPDMA_HAS_NAMES;
		else if (ctx->info.hugetlb_sizes & place->page_size)
			ctx->info.features |= HPDMA_HAS_HUGE_NAMES;
	}
	ctx->info.max_length = INT64_MAX & ~(uint64_t)(ctx->page_size - 1);
	return 0;
}

static int hugetlb_open(struct hpdma *ctx, const char *path,
			struct hpdma_error *error)
{
	(void)path;
	ctx->info.hugetlb_sizes = hpdma_pools_sizes(ctx->sys);
	if (!ctx->info.hugetlb_sizes)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_HUGEPAGES,
				  "look for huge pages");
	return file_open(ctx, error);
}

static int plain_open(struct hpdma *ctx, const char *path,
		      struct hpdma_error *error)
{
	(void)path;
	return file_open(ctx, error);
}

static void file_close(struct hpdma *ctx)
{
	free(ctx->places);
}

static int file_usage(const struct hpdma *ctx, struct hpdma_usage *usage)
{
	(void)ctx;
	(void)usage;
	return -EOPNOTSUPP;
}

/* Allocates all of an open file, and closes it if that fails. */
static int fill(const struct hpdma_sys *sys, int fd, uint64_t length)
{
	int ret = sys->allocate(fd, length);

	if (!ret)
		return fd;
	sys->close(fd);
	return ret;
}

/* A file that can have a name; -ENOSPC where there is none, or no room. */
static int make_in_place(const struct hpdma *ctx, const struct hpdma_rung *rung)
{
	const struct hpdma_place *place;
	int fd = -ENOSPC, ret;
	size_t i;

	for (i = 0; i < ctx->places->count; i++) {
		place = &ctx->places->place[i];
		if (place->huge ? place->page_size != rung->page_size :
				  rung->page_size != 0)
			continue;
		fd = ctx->sys->open_unnamed(place->path);
		if (fd < 0)
			continue;
		ret = hpdma_names_keep(ctx->sys, fd);
		if (ret) {
			ctx->sys->close(fd);
			return ret;
		}
		fd = fill(ctx->sys, fd, rung->length);
		/* A file system may have a limit; memory has others. */
		if (fd >= 0 || fd == -EINTR)
			return fd;
	}
	return fd;
}

/* Who maps it can rely on its length. */
static int make_memfd(const struct hpdma_sys *sys,
		      const struct hpdma_rung *rung)
{
	unsigned int flags = MFD_ALLOW_SEALING;
	int fd, ret;

	if (rung->page_size)
		flags |= MFD_HUGETLB |
			 (unsigned int)__builtin_ctzll(rung->page_size)
				 << MEMFD_PAGE_SHIFT;
	fd = sys->memfd("hpdma", flags);
	if (fd < 0)
		return fd;
	fd = fill(sys, fd, rung->length);
	if (fd < 0)
		return fd;
	ret = sys->seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	if (ret) {
		sys->close(fd);
		return ret;
	}
	return fd;
}

static int make_file(const struct hpdma *ctx, const struct hpdma_rung *rung,
		     uint32_t flags)
{
	int fd = make_in_place(ctx, rung);

	/* Too many files are too many for the other way, too. */
	if (fd >= 0 || fd == -EINTR || fd == -EMFILE || fd == -ENFILE ||
	    flags & HPDMA_BUF_NAMEABLE)
		return fd;
	return make_memfd(ctx->sys, rung);
}

static int file_alloc(struct hpdma_buf *buf, const struct hpdma_rung *rung,
		      const struct hpdma_buf_opts *o, struct hpdma_error *error)
{
	static const char what[] = "allocate memory without the module";
	uint64_t page = rung->page_size ? rung->page_size : buf->ctx->page_size;
	struct hpdma_policy saved = { .bound = false };
	bool huge = rung->page_size;
	int fd, ret;

	if (rung->backing == HPDMA_BUF_BACKING_CONTIG || o->device ||
	    o->address_bits || o->min_segment > page || o->alignment > page ||
	    (o->boundary && o->boundary < page) || o->flags & HPDMA_BUF_MAP_WC)
		return no_module(error, what);
	if (huge && !(buf->ctx->info.hugetlb_sizes & rung->page_size))
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_HUGEPAGES,
				  what);
	if (o->flags & HPDMA_BUF_NAMEABLE &&
	    !hpdma_backend_file_names(buf->ctx, rung))
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NO_PLACE, what);
	/* It would end in a signal, which by default kills the caller. */
	if (rung->length > buf->sys->file_limit())
		return hpdma_fail(error, -ENOSPC, HPDMA_WHY_FSIZE, what);
	/* Not to take from others, for a moment, what will not do anyway. */
	if (huge && rung->length > hpdma_pool_free(buf->sys, rung->page_size))
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_HUGEPAGES, what);
	/* Or not to have the kernel kill somebody. */
	if (!huge && rung->length > hpdma_memory_available(buf->sys))
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE, what);

	if (o->flags & HPDMA_BUF_NODE) {
		ret = hpdma_policy_bind(buf->sys, o->node, &saved);
		if (ret)
			return hpdma_fail(error, ret,
					  ret == -EPERM ? HPDMA_WHY_POLICY :
							  HPDMA_WHY_NONE,
					  "choose a NUMA node");
	}
	fd = make_file(buf->ctx, rung, o->flags);
	if (fd == -ENOSPC || fd == -ENOMEM) {
		/* The dead may have some of it. */
		hpdma_names_sweep(buf->sys, buf->ctx->places);
		fd = make_file(buf->ctx, rung, o->flags);
	}
	ret = hpdma_policy_restore(buf->sys, &saved);
	if (ret) {
		if (fd >= 0)
			buf->sys->close(fd);
		return hpdma_fail(error, ret, HPDMA_WHY_POLICY,
				  "put the NUMA memory policy back");
	}
	if (fd < 0)
		return hpdma_backend_file_explain(fd, huge, o, what, error);

	buf->map_fd = fd;
	buf->map_offset = 0;
	buf->length = rung->length;
	buf->node = -1;
	if (!(o->flags & HPDMA_BUF_NODE))
		return 0;
	ret = hpdma_backend_file_verify(buf, page, o->node, error);
	if (ret)
		buf->sys->close(fd);
	return ret;
}

/* There is nothing to do with it but to remember it. */
static int file_adopt(struct hpdma_buf *buf, const struct hpdma_memory *memory,
		      struct hpdma_error *error)
{
	uint64_t pages = buf->ctx->page_size - 1;
	struct hpdma_file file;
	int ret = 0;

	if (!memory->length || (memory->start | memory->length) & pages)
		ret = -EINVAL;
	else if (memory->start > UINT64_MAX - memory->length)
		ret = -EOVERFLOW;
	else if (memory->fd >= 0)
		ret = buf->sys->status(memory->fd, &file);
	else if (!memory->start)
		ret = -EFAULT;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "register memory");
	if (memory->fd >= 0) {
		if (!S_ISREG(file.mode) || (file.fs_type != HPDMA_FS_TMPFS &&
					    file.fs_type != HPDMA_FS_HUGETLBFS))
			return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_FILE,
					  "register memory of a file");
		if (memory->start + memory->length > file.length)
			return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
					  "register memory of a file");
	}
	buf->length = memory->length;
	return 0;
}

static int file_export(struct hpdma_buf *buf, int *fd,
		       struct hpdma_error *error)
{
	int copy = buf->sys->duplicate(buf->map_fd);

	if (copy < 0)
		return hpdma_fail(error, copy, HPDMA_WHY_NONE,
				  "export a buffer");
	*fd = copy;
	return 0;
}

static int file_segments(struct hpdma_buf *buf, struct hpdma_seg *segs,
			 size_t cap, size_t *count, enum hpdma_kind *kind,
			 struct hpdma_error *error)
{
	(void)buf;
	(void)segs;
	(void)cap;
	(void)count;
	(void)kind;
	return no_module(error, "ask for the addresses of a buffer");
}

/* No device, nothing to do; but what is wrong is wrong here, too. */
static int file_sync(struct hpdma_buf *buf, uint64_t offset, uint64_t length,
		     enum hpdma_sync_dir direction)
{
	if (direction != HPDMA_SYNC_TO_DEVICE && direction != HPDMA_SYNC_TO_CPU)
		return -EINVAL;
	if (offset > UINT64_MAX - length)
		return -EOVERFLOW;
	if (offset >= buf->length || offset + length > buf->length)
		return -EINVAL;
	return 0;
}

static int file_describe(struct hpdma_buf *buf, struct hpdma_buf_info *info)
{
	struct hpdma_file file;
	int ret;

	info->backing = HPDMA_BUF_BACKING_USER;
	info->node = buf->node;
	if (buf->map_fd < 0)
		return 0;
	ret = buf->sys->status(buf->map_fd, &file);
	if (ret)
		return ret;
	info->page_size = buf->ctx->page_size;
	if (file.fs_type == HPDMA_FS_HUGETLBFS) {
		info->backing = HPDMA_BUF_BACKING_HUGETLB;
		info->page_size = file.page_size;
	}
	info->map_size = info->page_size;
	info->state = hpdma_backend_file_state(&file);
	return 0;
}

static void file_free(struct hpdma_buf *buf)
{
	if (buf->map_fd >= 0)
		buf->sys->close(buf->map_fd);
	if (*buf->name)
		hpdma_names_settle(buf->sys, buf->ctx->places, buf->name);
}

/* They differ in the sizes of pages they know, and so in what can be had. */
#define FILE_BACKEND(number, opens)                                           \
	{                                                                     \
		.kind = number, .open = opens, .close = file_close,           \
		.usage = file_usage, .list = hpdma_backend_file_list,         \
		.unlink = hpdma_backend_file_unlink, .alloc = file_alloc,     \
		.adopt = file_adopt, .import = hpdma_backend_file_import,     \
		.lookup = hpdma_backend_file_lookup,                          \
		.publish = hpdma_backend_file_publish, .export = file_export, \
		.segments = file_segments, .sync = file_sync,                 \
		.describe = file_describe, .free = file_free,                 \
	}

const struct hpdma_backend_ops hpdma_backend_hugetlb =
	FILE_BACKEND(HPDMA_BACKEND_HUGETLB, hugetlb_open);
const struct hpdma_backend_ops hpdma_backend_plain =
	FILE_BACKEND(HPDMA_BACKEND_PLAIN, plain_open);
