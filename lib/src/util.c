// SPDX-License-Identifier: MIT
/*
 * Structs that carry their size, and the one way to make an ioctl.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/hpdma.h>

#include "util.h"

int hpdma_opts_copy(void *opts, size_t known, size_t first, const void *from)
{
	const unsigned char *bytes = from;
	uint32_t size;
	size_t i;

	memset(opts, 0, known);
	if (!from)
		return 0;

	memcpy(&size, from, sizeof(size));
	if (size < first)
		return -EINVAL;
	for (i = known; i < size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	memcpy(opts, from, size < known ? size : known);
	return 0;
}

int hpdma_info_copy(void *to, size_t first, const void *info, size_t known)
{
	const unsigned char *from = info;
	unsigned char *bytes = to;
	const size_t head = sizeof(uint32_t);
	uint32_t size;

	memcpy(&size, to, sizeof(size));
	if (size < first)
		return -EINVAL;
	if (size > known)
		memset(bytes + known, 0, size - known);
	memcpy(bytes + head, from + head, (size < known ? size : known) - head);
	return 0;
}

int hpdma_fail(struct hpdma_error *error, int code, uint32_t why,
	       const char *what)
{
	if (error) {
		error->code = code;
		error->why = why;
		error->what = what;
	}
	return code;
}

void *hpdma_new(size_t size, struct hpdma_error *error)
{
	void *object = calloc(1, size);

	if (!object)
		hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
			   "allocate an object");
	return object;
}

/* What every struct of the contract starts with. */
struct prefix {
	uint32_t size;
	uint32_t flags;
	uint32_t out_reason;
};

#define STARTS_WITH_PREFIX(type)                                \
	_Static_assert(offsetof(type, size) == 0 &&             \
			       offsetof(type, flags) == 4 &&    \
			       offsetof(type, out_reason) == 8, \
		       #type)

STARTS_WITH_PREFIX(struct hpdma_ioc_info);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_alloc);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_register);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_info);
STARTS_WITH_PREFIX(struct hpdma_ioc_segments);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_export);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_free);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_import);
STARTS_WITH_PREFIX(struct hpdma_ioc_buf_sync);
STARTS_WITH_PREFIX(struct hpdma_ioc_name_publish);
STARTS_WITH_PREFIX(struct hpdma_ioc_name_open);
STARTS_WITH_PREFIX(struct hpdma_ioc_name_unlink);
STARTS_WITH_PREFIX(struct hpdma_ioc_list);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_attach);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_info);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_map);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_unmap);
STARTS_WITH_PREFIX(struct hpdma_ioc_irq_set);
STARTS_WITH_PREFIX(struct hpdma_ioc_irq_ctrl);
STARTS_WITH_PREFIX(struct hpdma_ioc_irq_counts);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_reset);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_regions);
STARTS_WITH_PREFIX(struct hpdma_ioc_dev_resume);

int hpdma_ioctl(const struct hpdma_sys *sys, int fd, unsigned long cmd,
		void *arg, struct hpdma_error *error, const char *what)
{
	struct prefix prefix;
	int ret;

	ret = sys->ioctl(fd, cmd, arg);
	if (ret >= 0)
		return 0;

	memcpy(&prefix, arg, sizeof(prefix));
	return hpdma_fail(error, ret, prefix.out_reason, what);
}

void hpdma_ioctl_undo(const struct hpdma_sys *sys, int fd, unsigned long cmd,
		      void *arg)
{
	while (sys->ioctl(fd, cmd, arg) == -EINTR)
		;
}
