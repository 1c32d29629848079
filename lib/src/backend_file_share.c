// SPDX-License-Identifier: MIT
/*
 * Backends without the module: files that several processes hold.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "backend_file.h"
#include "buf.h"
#include "context.h"
#include "names.h"
#include "names_hold.h"
#include "util.h"

uint32_t hpdma_backend_file_state(const struct hpdma_file *file)
{
	if (!file->links)
		return 0;
	return file->mode & HPDMA_NAMES_STAYS ?
		       HPDMA_BUF_IS_NAMED | HPDMA_BUF_IS_PERSISTENT :
		       HPDMA_BUF_IS_NAMED;
}

/* A file is ours from here on, or closed. */
static int take(struct hpdma_buf *buf, int fd, const char *what,
		struct hpdma_error *error)
{
	struct hpdma_file file;
	uint64_t page;
	int ret;

	ret = buf->sys->status(fd, &file);
	if (ret) {
		hpdma_fail(error, ret, HPDMA_WHY_NONE, what);
		goto err_close;
	}
	page = file.fs_type == HPDMA_FS_HUGETLBFS ? file.page_size :
						    buf->ctx->page_size;
	/* Touching what is not there would end in a signal. */
	if (!S_ISREG(file.mode) ||
	    (file.fs_type != HPDMA_FS_TMPFS &&
	     file.fs_type != HPDMA_FS_HUGETLBFS) ||
	    !file.length || file.length % page) {
		ret = hpdma_fail(error, -EINVAL, HPDMA_WHY_FILE, what);
		goto err_close;
	}
	buf->map_fd = fd;
	buf->length = file.length;
	return 0;

err_close:
	buf->sys->close(fd);
	return ret;
}

int hpdma_backend_file_import(struct hpdma_buf *buf, int fd,
			      struct hpdma_error *error)
{
	static const char what[] = "import a file of memory";
	int copy, ret;

	copy = buf->sys->duplicate(fd);
	if (copy < 0)
		return hpdma_fail(error, copy, HPDMA_WHY_NONE, what);
	ret = take(buf, copy, what, error);
	if (ret)
		return ret;
	ret = hpdma_names_keep(buf->sys, copy);
	if (ret) {
		buf->sys->close(copy);
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, what);
	}
	return 0;
}

static int check_name(const char *name, struct hpdma_error *error)
{
	return hpdma_names_valid(name) ?
		       0 :
		       hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read a name");
}

int hpdma_backend_file_lookup(struct hpdma_buf *buf, const char *name,
			      struct hpdma_error *error)
{
	static const char what[] = "open a named buffer";
	int fd, ret;

	ret = check_name(name, error);
	if (ret)
		return ret;
	fd = hpdma_names_open(buf->sys, buf->ctx->places, name);
	if (fd < 0)
		return hpdma_fail(error, fd, HPDMA_WHY_NONE, what);
	ret = take(buf, fd, what, error);
	if (!ret)
		snprintf(buf->name, sizeof(buf->name), "%s", name);
	return ret;
}

static int publish(struct hpdma_buf *buf, const char *name,
		   const struct hpdma_publish_opts *o,
		   struct hpdma_error *error)
{
	struct hpdma_owner owner = {
		.uid = o->flags & HPDMA_PUBLISH_UID ? o->uid : UINT32_MAX,
		.gid = o->flags & HPDMA_PUBLISH_GID ? o->gid : UINT32_MAX,
		.mode = o->mode | S_IRUSR | S_IWUSR,
	};
	uint32_t why = HPDMA_WHY_NONE;
	int ret;

	if (o->flags & HPDMA_PUBLISH_PERSISTENT)
		owner.mode |= HPDMA_NAMES_STAYS;
	ret = hpdma_names_link(buf->sys, buf->ctx->places, buf->map_fd, name,
			       &owner);
	if (!ret)
		return 0;
	if (ret == -EBUSY)
		why = HPDMA_WHY_NAMED;
	if (ret == -EXDEV) {
		ret = -EOPNOTSUPP;
		why = HPDMA_WHY_NO_PLACE;
	}
	return hpdma_fail(error, ret, why, "name a buffer");
}

int hpdma_backend_file_publish(struct hpdma_buf *buf, const char *name,
			       const struct hpdma_publish_opts *o,
			       struct hpdma_error *error)
{
	int ret = check_name(name, error);

	if (ret)
		return ret;
	if (o->mode & ~0666u)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read options");
	/* Of two threads one comes second: acquire sees what the first did. */
	if (atomic_exchange_explicit(&buf->naming, true, memory_order_acquire))
		return hpdma_fail(error, -EBUSY, HPDMA_WHY_NAMED,
				  "name a buffer");
	ret = publish(buf, name, o, error);
	if (!ret)
		snprintf(buf->name, sizeof(buf->name), "%s", name);
	atomic_store_explicit(&buf->naming, false, memory_order_release);
	return ret;
}

int hpdma_backend_file_unlink(struct hpdma *ctx, const char *name,
			      struct hpdma_error *error)
{
	int ret = check_name(name, error);

	if (ret)
		return ret;
	ret = hpdma_names_unlink(ctx->sys, ctx->places, name);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "unlink a name");
	return 0;
}

struct listing {
	struct hpdma *ctx;
	uint32_t flags;
	int (*each)(const struct hpdma_listing *listing, void *arg);
	void *arg;
	bool ended;
};

static int list_one(const char *name, int fd, void *arg)
{
	struct listing *list = arg;
	struct hpdma_listing entry = { .node = -1 };
	struct hpdma_file file;
	int ret;

	ret = list->ctx->sys->status(fd, &file);
	if (ret)
		return ret;
	if (!(list->flags & HPDMA_LIST_EVERYBODY) &&
	    file.uid != list->ctx->sys->user())
		return 0;
	entry.length = file.length;
	entry.backing = HPDMA_BUF_BACKING_USER;
	entry.page_size = list->ctx->page_size;
	if (file.fs_type == HPDMA_FS_HUGETLBFS) {
		entry.backing = HPDMA_BUF_BACKING_HUGETLB;
		entry.page_size = file.page_size;
	}
	entry.uid = file.uid;
	entry.state = hpdma_backend_file_state(&file);
	snprintf(entry.name, sizeof(entry.name), "%s", name);
	ret = list->each(&entry, list->arg);
	list->ended = ret;
	return ret;
}

int hpdma_backend_file_list(struct hpdma *ctx, uint32_t flags,
			    int (*each)(const struct hpdma_listing *listing,
					void *arg),
			    void *arg, struct hpdma_error *error)
{
	struct listing list = { ctx, flags, each, arg, false };
	int ret;

	if (flags & ~(uint32_t)HPDMA_LIST_EVERYBODY)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, "read flags");
	ret = hpdma_names_each(ctx->sys, ctx->places, list_one, &list);
	if (ret && !list.ended)
		hpdma_fail(error, ret, HPDMA_WHY_NONE, "list buffers");
	return ret;
}
