// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped buffers are memory like any other to the rest of the kernel: disks,
 * pipes, sockets, debuggers and futexes get them, and what they hold outlives
 * the buffer. io_uring and AIO are in in_use_async_test.
 */
#include <time.h>
#include <linux/errqueue.h>
#include <linux/futex.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "in_use.h"

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

TEST_F(used, by_a_disk)
{
	int disk = open_disk();

	NEED_BUFFER();
	if (disk < 0)
		SKIP(return, "no RAM disk: no module brd");
	EXPECT_EQ(PART, pwrite(disk, self->memory + PART_AT, PART, PAGE));
	memset(self->memory, 0x33, self->length);
	EXPECT_EQ(PART, pread(disk, self->memory + PART_AT, PART, PAGE));
	EXPECT_TRUE(has_words(self->memory + PART_AT, PART, 1));
	EXPECT_EQ(PART, pread(disk, self->memory + BACK_AT, PART, PAGE));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	/* And nothing else was written. */
	EXPECT_EQ(NULL, find_other(self->memory, 0x33, BACK_AT));
	EXPECT_EQ(NULL, find_other(self->memory + BACK_AT + PART, 0x33,
				   PART_AT - BACK_AT - PART));
	EXPECT_EQ(NULL, find_other(self->memory + PART_AT + PART, 0x33,
				   self->length - PART_AT - PART));
	close(disk);
}

TEST_F(used, by_files)
{
	int file = memfd_create("file", MFD_CLOEXEC);

	NEED_BUFFER();
	ASSERT_LE(0, file);
	EXPECT_EQ(PART, write(file, self->memory + PART_AT, PART));
	EXPECT_EQ(PART, pread(file, self->memory + BACK_AT, PART, 0));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	close(file);
}

static ssize_t give_to_pipe(int out, uint8_t *from, uint64_t length)
{
	struct iovec vec = { from, length };

	return vmsplice(out, &vec, 1, 0);
}

/* The pipe holds pages of memory that is gone for everybody else. */
TEST_F(used, by_a_pipe)
{
	uint8_t *copy = malloc(PART);
	int ends[2];

	NEED_BUFFER();
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(PART, give_to_pipe(ends[1], self->memory + PART_AT, PART));
	let_go(self);
	/* Both pages the part lies in. */
	if (variant->backing == HPDMA_BACKING_HUGETLB) {
		EXPECT_EQ(self->state.value[STATE_POOL] - 2, pool_free());
	}
	ASSERT_EQ(PART, read(ends[0], copy, PART));
	EXPECT_TRUE(has_words(copy, PART, 1));
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

TEST_F(used, by_a_pipe_on_the_way_to_a_file)
{
	int ends[2], file = memfd_create("file", MFD_CLOEXEC);
	uint8_t *copy = malloc(PART);
	ssize_t got, at = 0;

	NEED_BUFFER();
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(PART, give_to_pipe(ends[1], self->memory + PART_AT, PART));
	let_go(self);
	while (at < (ssize_t)PART) {
		got = splice(ends[0], NULL, file, NULL, PART - at, 0);
		ASSERT_LT(0, got);
		at += got;
	}
	ASSERT_EQ(PART, pread(file, copy, PART, 0));
	EXPECT_TRUE(has_words(copy, PART, 1));
	close(ends[0]);
	close(ends[1]);
	close(file);
	free(copy);
}

/* Return: whether all of it came. */
static bool receive_all(int socket, uint8_t *to, uint64_t length)
{
	while (length) {
		ssize_t got = recv(socket, to, length, 0);

		if (got <= 0)
			return false;
		to += got;
		length -= got;
	}
	return true;
}

static bool send_all(int socket, const uint8_t *from, uint64_t length,
		     int flags)
{
	while (length) {
		ssize_t sent = send(socket, from, length, flags);

		if (sent <= 0)
			return false;
		from += sent;
		length -= sent;
	}
	return true;
}

TEST_F(used, by_a_local_socket)
{
	int ends[2];

	NEED_BUFFER();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	EXPECT_TRUE(send_all(ends[0], self->memory + PART_AT, PART, 0));
	EXPECT_TRUE(receive_all(ends[1], self->memory + BACK_AT, PART));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	close(ends[0]);
	close(ends[1]);
}

/* A network of one's own, with a loopback that is up. */
static bool connect_tcp(int ends[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct ifreq request = { .ifr_name = "lo" };
	socklen_t size = sizeof(addr);
	int listener;
	bool good;

	if (unshare(CLONE_NEWNET))
		return false;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	request.ifr_flags = IFF_UP;
	good = !ioctl(listener, SIOCSIFFLAGS, &request) &&
	       !bind(listener, (void *)&addr, sizeof(addr)) &&
	       !listen(listener, 1) &&
	       !getsockname(listener, (void *)&addr, &size) &&
	       !connect(ends[0], (void *)&addr, sizeof(addr));
	ends[1] = good ? accept(listener, NULL, NULL) : -1;
	close(listener);
	return ends[1] >= 0;
}

TEST_F(used, by_a_network_socket)
{
	int ends[2];

	NEED_BUFFER();
	ASSERT_TRUE(connect_tcp(ends));
	EXPECT_TRUE(send_all(ends[0], self->memory + PART_AT, PART, 0));
	EXPECT_TRUE(receive_all(ends[1], self->memory + BACK_AT, PART));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
	close(ends[0]);
	close(ends[1]);
}

/* Return: whether the kernel says that it does not need the pages any more. */
static bool notified(int socket)
{
	char control[128];
	struct msghdr message = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err *error;
	int tries;

	for (tries = 0; tries < 100; tries++, usleep(10000)) {
		if (recvmsg(socket, &message, MSG_ERRQUEUE) < 0)
			continue;
		error = (void *)CMSG_DATA(CMSG_FIRSTHDR(&message));
		return error->ee_origin == SO_EE_ORIGIN_ZEROCOPY;
	}
	return false;
}

TEST_F(used, by_a_network_socket_without_a_copy)
{
	uint8_t *copy = malloc(PART);
	int ends[2], on = 1;

	NEED_BUFFER();
	ASSERT_TRUE(connect_tcp(ends));
	ASSERT_EQ(0, setsockopt(ends[0], SOL_SOCKET, SO_ZEROCOPY, &on,
				sizeof(on)));
	ASSERT_TRUE(
		send_all(ends[0], self->memory + PART_AT, PART, MSG_ZEROCOPY));
	let_go(self);
	EXPECT_TRUE(receive_all(ends[1], copy, PART));
	EXPECT_TRUE(has_words(copy, PART, 1));
	EXPECT_TRUE(notified(ends[0]));
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

static int read_and_write_parent(void *arg)
{
	FIXTURE_DATA(used) *self = arg;
	static uint8_t copy[PART];
	struct iovec mine = { copy, PART };
	struct iovec theirs = { self->memory + PART_AT, PART };

	CHILD_CHECK(process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0) ==
		    PART);
	CHILD_CHECK(has_words(copy, PART, 1));
	theirs.iov_base = self->memory + BACK_AT;
	CHILD_CHECK(process_vm_writev(getppid(), &mine, 1, &theirs, 1, 0) ==
		    PART);
	return 0;
}

TEST_F(used, by_another_process)
{
	NEED_BUFFER();
	EXPECT_EQ(0, in_child(read_and_write_parent, self));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
}

static int use_proc_mem(void *arg)
{
	FIXTURE_DATA(used) *self = arg;
	static uint8_t copy[PART];
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	fd = open(path, O_RDWR);
	CHILD_CHECK(fd >= 0);
	CHILD_CHECK(pread(fd, copy, PART, (uintptr_t)self->memory + PART_AT) ==
		    PART);
	CHILD_CHECK(has_words(copy, PART, 1));
	CHILD_CHECK(pwrite(fd, copy, PART, (uintptr_t)self->memory + BACK_AT) ==
		    PART);
	return 0;
}

TEST_F(used, by_proc_mem)
{
	NEED_BUFFER();
	EXPECT_EQ(0, in_child(use_proc_mem, self));
	EXPECT_TRUE(has_words(self->memory + BACK_AT, PART, 1));
}

TEST_F(used, by_a_debugger)
{
	uint64_t *word = (uint64_t *)(self->memory + PART_AT);
	int status;
	pid_t pid;

	NEED_BUFFER();
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* The library's call returns the word. */
	EXPECT_EQ((long)word_at(0, 1),
		  ptrace(PTRACE_PEEKDATA, pid, word, NULL));
	EXPECT_EQ(0, ptrace(PTRACE_POKEDATA, pid, word, (void *)77));
	EXPECT_EQ(77, *(volatile uint64_t *)word);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

static long futex(void *word, int what, uint32_t value)
{
	struct timespec limit = { .tv_sec = 10 };

	return syscall(SYS_futex, word, what, value, &limit, NULL, 0);
}

/* Wakes until somebody was waiting. */
static bool wake(void *word, int what)
{
	int tries;

	for (tries = 0; tries < 500; tries++, usleep(10000))
		if (futex(word, what, 1) == 1)
			return true;
	return false;
}

/*
 * A page that is in no file's page cache has nothing by which processes could
 * agree on a futex: in contig memory only those of one process work.
 */
TEST_F(used, by_futexes_of_several_processes)
{
	uint32_t *word = (uint32_t *)(self->memory + PART_AT);
	pid_t pid;

	NEED_BUFFER();
	*word = 5;
	if (variant->backing == HPDMA_BACKING_CONTIG) {
		EXPECT_EQ(-1, futex(word, FUTEX_WAIT, 4));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_EQ(-1, futex(word, FUTEX_WAIT_PRIVATE, 4));
		EXPECT_EQ(EAGAIN, errno);
		return;
	}
	pid = fork();
	if (!pid)
		_exit(futex(word, FUTEX_WAIT, 5) ? errno : 0);
	EXPECT_TRUE(wake(word, FUTEX_WAKE));
	EXPECT_EQ(0, wait_child(pid));
}

TEST_HARNESS_MAIN
