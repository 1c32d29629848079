/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls about names. All return -errno where they fail. */
#ifndef HPDMA_SELFTESTS_NAME_COMMON_H
#define HPDMA_SELFTESTS_NAME_COMMON_H

#include <string.h>

#include "common.h"

#define PERSISTENT HPDMA_NAME_PERSISTENT
/* As uid and gid. */
#define CALLER 0xffffffffU

static inline void name_set(uint8_t *to, const char *name)
{
	unsigned int i;

	memset(to, 0, HPDMA_NAME_SIZE);
	for (i = 0; i < HPDMA_NAME_SIZE && name[i]; i++)
		to[i] = name[i];
}

/* Of the caller, for him alone. */
static inline struct hpdma_ioc_name_publish name_wish(int id, const char *name,
						      uint32_t flags)
{
	struct hpdma_ioc_name_publish arg = {
		.size = sizeof(arg),
		.flags = flags,
		.buf_id = id,
		.mode = 0600,
		.uid = CALLER,
		.gid = CALLER,
	};

	name_set(arg.name, name);
	return arg;
}

static inline int name_publish(int fd, int id, const char *name, uint32_t flags)
{
	struct hpdma_ioc_name_publish arg = name_wish(id, name, flags);

	return call(fd, HPDMA_IOC_NAME_PUBLISH, &arg);
}

/* Return: the id. */
static inline int name_open(int fd, const char *name)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg) };
	int ret;

	name_set(arg.name, name);
	ret = call(fd, HPDMA_IOC_NAME_OPEN, &arg);
	return ret ? ret : (int)arg.out_buf_id;
}

static inline int name_unlink(int fd, const char *name)
{
	struct hpdma_ioc_name_unlink arg = { .size = sizeof(arg) };

	name_set(arg.name, name);
	return call(fd, HPDMA_IOC_NAME_UNLINK, &arg);
}

/* Bits of enum hpdma_buf_state about names; -errno. */
static inline int name_state(int fd, int id)
{
	struct hpdma_ioc_buf_info info;
	int ret = buf_info(fd, id, &info);

	if (ret)
		return ret;
	return info.out_state & (HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT);
}

/* All names there are, of anybody. */
static inline long long name_count(void)
{
	return number_in("/sys/kernel/debug/hpdma/stats", "names");
}

#endif
