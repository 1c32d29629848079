/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the ioctls of the fake module share.
 */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include "fake.h"

#define ENTER(type)                                           \
	struct type *arg = data;                              \
	if (arg->size != sizeof(*arg))                        \
		fake_complain("wrong size of struct " #type); \
	if (arg->out_reason)                                  \
	fake_complain("out_reason of struct " #type " not zero")

#define ZERO_FROM(field)                                                       \
	do {                                                                   \
		if (!fake_is_zero(arg,                                         \
				  (size_t)((char *)&arg->field - (char *)arg), \
				  sizeof(*arg)))                               \
			fake_complain("not zero from " #field " on");          \
	} while (0)

bool fake_is_zero(const void *data, size_t from, size_t to);
uint32_t fake_new_id(void);
struct fake_buffer *fake_find(uint32_t id);

int fake_buf_import(void *data);
int fake_buf_sync(void *data);
int fake_name_publish(void *data);
int fake_name_open(void *data);
int fake_name_unlink(void *data);
int fake_list(void *data);

/* Segment i is at (i + 1) << 24 and i + 1 pages long. */
int fake_segments(void *data, uint32_t kind);
int fake_device_ioctl(unsigned long cmd, void *arg);

#endif /* FAKE_MODULE_H */
