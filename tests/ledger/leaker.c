// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaker mlock|pin MS: leaves a process behind that holds 64 pages for MS
 * milliseconds, and returns once it does. What the ledger's own test leaks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LENGTH (64 * 4096)

/* Registering a buffer with io_uring is a long-term pin any kernel can do. */
static int pin(void *p)
{
	struct io_uring_params params = { 0 };
	struct iovec buffer = { .iov_base = p, .iov_len = LENGTH };
	int fd = syscall(__NR_io_uring_setup, 1, &params);

	if (fd < 0)
		return -1;
	return syscall(__NR_io_uring_register, fd, IORING_REGISTER_BUFFERS,
		       &buffer, 1);
}

int main(int argc, char **argv)
{
	int ready[2], null;
	char c;
	void *p;

	if (argc != 3 || pipe(ready))
		return 2;
	if (fork()) {
		close(ready[1]);
		/* Nothing comes if the holder failed. */
		return read(ready[0], &c, 1) == 1 ? 0 : 1;
	}
	p = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED ||
	    (strcmp(argv[1], "pin") ? mlock(p, LENGTH) : pin(p))) {
		perror(argv[1]);
		return 1;
	}
	null = open("/dev/null", O_RDWR);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (write(ready[1], "", 1) != 1)
		return 1;
	usleep(atoi(argv[2]) * 1000);
	return 0;
}
