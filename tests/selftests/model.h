/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model-based random test: what its processes say to each other, and what
 * the coordinator knows. The coordinator decides and keeps the model; workers
 * do as they are told and own nothing that the model does not know.
 */
#ifndef HPDMA_SELFTESTS_MODEL_H
#define HPDMA_SELFTESTS_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <linux/hpdma.h>

#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
#define NONE (-1)

#define WORKERS 6
/* Slots of each worker. */
#define NODES 2
#define FDS 5
#define AREAS 10
#define USERS 3

#define FILES (WORKERS * NODES)
/* Ids in each file. */
#define IDS 10
#define BUFFERS 48
#define MEMORIES (BUFFERS + WORKERS * USERS)
#define NAMES 6
#define FLIGHTS 3

#define MAX_PAGES 3072
#define WORDS (PAGE / sizeof(uint64_t))

/*
 * A page holds what was last written to all of it: nothing but zero if its stamp
 * is 0. The stamps are the coordinator's; workers read them.
 */
struct model_pages {
	uint32_t stamp[BUFFERS][MAX_PAGES];
};

static inline uint64_t model_word(uint32_t stamp, uint64_t page, uint64_t word)
{
	return stamp ? stamp * 0x9e3779b97f4a7c15ULL + (page << 32 | word) : 0;
}

enum model_op {
	OP_OPEN,
	OP_CLOSE,
	OP_ALLOC,
	OP_REGISTER,
	OP_FREE,
	OP_INFO,
	OP_EXPORT,
	OP_IMPORT,
	OP_CLOSE_FD,
	OP_SEND,
	OP_RECEIVE,
	OP_MAP,
	OP_MAP_FD,
	OP_UNMAP,
	OP_MOVE,
	OP_GROW,
	OP_ADVISE,
	OP_WRITE,
	OP_CHECK,
	OP_USER_GET,
	OP_USER_CHECK,
	OP_USER_DROP,
	OP_PUBLISH,
	OP_NAME_OPEN,
	OP_UNLINK,
	OP_FORK,
	OP_EXIT,
	/* Not told to workers. */
	OP_SPAWN,
	OP_KILL,
	OP_KILL_BUSY,
	OP_LIST,
	OP_WRONG,
	OPS,
};

/* Kinds of the user's own memory. */
enum model_user {
	USER_ANON,
	USER_THP,
	USER_HUGETLB,
	USER_SHMEM,
	/* Registered by descriptor. */
	USER_FILE,
	USER_HUGETLB_FILE,
	USER_KINDS,
};

static inline bool model_user_is_file(int kind)
{
	return kind == USER_FILE || kind == USER_HUGETLB_FILE;
}

static inline bool model_user_is_huge(int kind)
{
	return kind == USER_HUGETLB || kind == USER_HUGETLB_FILE;
}

/* Slots are the receiver's. */
struct model_request {
	enum model_op op;
	int node, fd, area, user;
	/* A second slot: for the rest of an area, and for what is behind it. */
	int rest, rest2;
	uint32_t id, flags;
	/* Whose stamps hold, and where in it the area begins. */
	int buffer;
	uint64_t start;
	uint64_t offset, length;
	/* What the words that are looked at depend on. */
	uint32_t chance;
	struct hpdma_ioc_buf_alloc alloc;
	char name[HPDMA_NAME_SIZE];
};

struct model_reply {
	int ret;
	uint32_t id;
	/* For people, where something is not as it should be. */
	uint64_t where;
	struct hpdma_ioc_buf_info info;
};

_Noreturn void model_worker(int socket, const int exchange[2],
			    const struct model_pages *pages);

#endif
