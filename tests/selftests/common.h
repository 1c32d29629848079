/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of hpdma share: calls without the boilerplate, what the kernel
 * says about memory, and children.
 *
 * A program that includes this skips itself (exit code 4) unless it is run by
 * root with the module loaded.
 */
#ifndef HPDMA_SELFTESTS_COMMON_H
#define HPDMA_SELFTESTS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/hpdma.h>

#define NODE "/dev/hpdma"
#define KB(n) ((uint64_t)(n) << 10)
#define MB(n) ((uint64_t)(n) << 20)
#define GB(n) ((uint64_t)(n) << 30)
#define PAGE KB(4)
#define HUGE_PAGE MB(2)
/* Somebody without any right. */
#define NOBODY 65534

/* All calls return -errno where they fail. */

int open_node(void);
int call(int fd, unsigned long number, void *arg);

/* Arguments that need but a few more values, or none. */
struct hpdma_ioc_buf_alloc contig(uint64_t length);
struct hpdma_ioc_buf_alloc hugetlb(uint64_t length);

/* Return: the id. */
int alloc(int fd, const struct hpdma_ioc_buf_alloc *arg);
int alloc_contig(int fd, uint64_t length);
int alloc_hugetlb(int fd, uint64_t length);
int alloc_backing(int fd, uint32_t backing, uint64_t length);
int register_memory(int fd, void *addr, uint64_t length);

int buf_free(int fd, int id);
/* Return: the descriptor. */
int buf_export(int fd, int id);
/* Return: the id. */
int buf_import(int fd, int dmabuf);
/* The part of a buffer; @direction is of enum hpdma_sync. */
int buf_sync(int fd, int id, uint64_t offset, uint64_t length,
	     unsigned int direction);
int buf_info(int fd, int id, struct hpdma_ioc_buf_info *info);
/* Return: its serial; 0 if there is none. */
unsigned long long buf_serial(int fd, int id);
/* Return: how many there are. */
int buf_segments(int fd, int id, struct hpdma_segment *array, int count);

/* The offset for mmap() on the node; 0 if there is none. */
uint64_t cookie(int fd, int id);
/* Shared, at a good address, the whole buffer; NULL and errno on failure. */
void *map_cookie(int fd, int id, uint64_t length, int prot, int flags);
/* Address space at a multiple of @alignment, to be used with MAP_FIXED. */
void *reserve(uint64_t length, uint64_t alignment);
/* By the exported descriptor, at an address aligned to @alignment. */
void *map_fd(int fd, uint64_t offset, uint64_t length, uint64_t alignment,
	     int prot, int flags);

/* Takes and fills a lot, and frees it: what was freed too early would show. */
void refill(void);

/* The physical address of a page present in this process, or 0. */
uint64_t phys_of(const void *addr);
/* Checks segments against the page tables; NULL or what is wrong. */
const char *compare_frames(const void *addr, uint64_t length,
			   const struct hpdma_segment *array, int count);
/* Return: the first byte that is not @byte, or NULL. */
const void *find_other(const void *addr, int byte, size_t length);
/* Faults of this thread's process so far. */
long faults(void);
/* Of an area, from /proc/self/smaps, in kB; -1 if there is no such line. */
long smaps(const void *addr, const char *name);

/* A line of a file that begins with a name: its number; -1 if there is none. */
long long number_in(const char *path, const char *name);
/* What one read() gives. */
bool read_text(const char *path, char *buf, size_t size);
/* To its end, or as much as there is room for. */
bool read_whole(const char *path, char *buf, size_t size);
bool write_text(const char *path, const char *text);
/* Pages pinned for DMA by anybody. */
long long pins(void);
long long pool_free(void);
long long module_users(void);

/*
 * What a call that fails must not change: the module's counters, the pins, the
 * huge page pool and this process's descriptors.
 */
enum {
	STATE_CONTEXTS,
	STATE_DEVICE_FILES,
	STATE_BUFFERS,
	STATE_BUFFER_BYTES,
	STATE_MAPPINGS,
	STATE_PARKED,
	STATE_NAMES,
	STATE_RESERVE,
	STATE_PINS,
	STATE_POOL,
	STATE_DESCRIPTORS,
	STATE_USERS,
	STATES,
};

struct state {
	long long value[STATES];
};

void state_take(struct state *state);
/*
 * Waits a little for work that the kernel does late. Return: whether the state
 * is as it was; says on stderr what is not.
 */
bool state_is(const struct state *before);

/* Give up rights for good; only in children. */
void become(uid_t uid);
void drop_capability(int capability);
bool has_capability(int capability);

/*
 * Runs a function in a child. Return: its status if it exited, 128 + signal if
 * it was killed.
 */
int in_child(int (*run)(void *arg), void *arg);
int wait_child(pid_t pid);

/* In a child, where the harness's checks do not reach: says where, and exits. */
#define CHILD_CHECK(condition)                                             \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr,                                    \
				"# %s:%d: child: not so: %s (errno %m)\n", \
				__FILE__, __LINE__, #condition);           \
			_exit(1);                                          \
		}                                                          \
	} while (0)

/* Pass a descriptor over a UNIX socket. */
int send_fd(int socket, int fd);
int receive_fd(int socket);

#endif
