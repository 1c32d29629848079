/* SPDX-License-Identifier: MIT */
/*
 * What a backend does: the kernel module, or files of the system where there is
 * no module. Everything above calls it through this table and nothing else.
 *
 * A buffer comes to a backend zeroed, with its context and its system calls. The
 * backend fills in what it needs to find it again, its length and what to map.
 */
#ifndef HPDMA_SRC_BACKEND_H
#define HPDMA_SRC_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include <hpdma/context.h>
#include <hpdma/share.h>

/**
 * struct hpdma_rung - one rung of the ladder of backings
 * @backing: &enum hpdma_buf_backing
 * @page_size: Of huge pages; 0 for others
 * @length: Rounded up for this backing
 */
struct hpdma_rung {
	uint32_t backing;
	uint64_t page_size;
	uint64_t length;
};

/**
 * struct hpdma_memory - memory to register
 * @fd: File, or -1
 * @start: Offset in the file, or address
 * @length: Bytes
 */
struct hpdma_memory {
	int fd;
	uint64_t start;
	uint64_t length;
};

/**
 * struct hpdma_backend_ops - a backend
 * @kind: &enum hpdma_backend
 * @open: Fill in the context's @info and what @close gives back
 * @close: The end of a context
 * @usage: As hpdma_get_usage()
 * @list: As hpdma_list()
 * @unlink: As hpdma_name_unlink()
 * @alloc: Memory of one rung; -ENOMEM or -EOPNOTSUPP if the next is to be tried
 * @adopt: As hpdma_buf_register() and hpdma_buf_register_fd()
 * @import: As hpdma_buf_import(), without mapping it
 * @lookup: As hpdma_buf_open(), without mapping it
 * @publish: As hpdma_buf_publish(); the flags are known
 * @export: As hpdma_buf_export()
 * @segments: As hpdma_buf_segments()
 * @sync: As hpdma_buf_sync()
 * @describe: Fill in what hpdma_buf_get_info() tells, beside length and fallback
 * @free: The end of what @alloc, @adopt, @import or @lookup made
 */
struct hpdma_backend_ops {
	uint32_t kind;
	int (*open)(struct hpdma *ctx, const char *path,
		    struct hpdma_error *error);
	void (*close)(struct hpdma *ctx);
	int (*usage)(const struct hpdma *ctx, struct hpdma_usage *usage);
	int (*list)(struct hpdma *ctx, uint32_t flags,
		    int (*each)(const struct hpdma_listing *listing, void *arg),
		    void *arg, struct hpdma_error *error);
	int (*unlink)(struct hpdma *ctx, const char *name,
		      struct hpdma_error *error);
	int (*alloc)(struct hpdma_buf *buf, const struct hpdma_rung *rung,
		     const struct hpdma_buf_opts *opts,
		     struct hpdma_error *error);
	int (*adopt)(struct hpdma_buf *buf, const struct hpdma_memory *memory,
		     struct hpdma_error *error);
	int (*import)(struct hpdma_buf *buf, int fd, struct hpdma_error *error);
	int (*lookup)(struct hpdma_buf *buf, const char *name,
		      struct hpdma_error *error);
	int (*publish)(struct hpdma_buf *buf, const char *name,
		       const struct hpdma_publish_opts *opts,
		       struct hpdma_error *error);
	int (*export)(struct hpdma_buf *buf, int *fd,
		      struct hpdma_error *error);
	int (*segments)(struct hpdma_buf *buf, struct hpdma_seg *segs,
			size_t cap, size_t *count, enum hpdma_kind *kind,
			struct hpdma_error *error);
	int (*sync)(struct hpdma_buf *buf, uint64_t offset, uint64_t length,
		    enum hpdma_sync_dir direction);
	int (*describe)(struct hpdma_buf *buf, struct hpdma_buf_info *info);
	void (*free)(struct hpdma_buf *buf);
};

extern const struct hpdma_backend_ops hpdma_backend_module;
extern const struct hpdma_backend_ops hpdma_backend_hugetlb;
extern const struct hpdma_backend_ops hpdma_backend_plain;

/* The parts of the module's that are in a file of their own. */
int hpdma_backend_module_list(struct hpdma *ctx, uint32_t flags,
			      int (*each)(const struct hpdma_listing *listing,
					  void *arg),
			      void *arg, struct hpdma_error *error);
int hpdma_backend_module_unlink(struct hpdma *ctx, const char *name,
				struct hpdma_error *error);
int hpdma_backend_module_import(struct hpdma_buf *buf, int fd,
				struct hpdma_error *error);
int hpdma_backend_module_lookup(struct hpdma_buf *buf, const char *name,
				struct hpdma_error *error);
int hpdma_backend_module_publish(struct hpdma_buf *buf, const char *name,
				 const struct hpdma_publish_opts *opts,
				 struct hpdma_error *error);

#endif /* HPDMA_SRC_BACKEND_H */
