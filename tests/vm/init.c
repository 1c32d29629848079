// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a test machine: mounts what tests expect, runs /suite/command, and
 * tells the host how it went on channels of its own.
 *
 * - /dev/ttyS1 carries what the command writes (TAP). The kernel never writes
 *   there, and the command never writes to the kernel's console, so neither
 *   can be taken for the other.
 * - QEMU's isa-debug-exit device carries the verdict. It is written only here:
 *   a panic, a hang or a reset ends without one, and that is a failure.
 * - Two lines in the kernel log bracket the run. A console that was muted or
 *   cut off lacks the second one.
 *
 * Under /suite the host leaves: command; time, the seconds the command may take;
 * shell, if a person sits at the console; kmemleak, if leaks are to be scanned
 * for at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define EXIT_PORT 0xf4
/* QEMU exits with (value << 1) | 1: 33 is success, 35 failure. */
#define EXIT_PASS 0x10
#define EXIT_FAIL 0x11

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
/* kmemleak does not report what is younger than this. */
#define KMEMLEAK_AGE 6

static int report_fd = -1;
static bool exit_port;

static const struct {
	const char *type, *dir;
	bool optional;
} mounts[] = {
	{ "proc", "/proc", false },
	{ "sysfs", "/sys", false },
	{ "devtmpfs", "/dev", false },
	{ "tmpfs", "/tmp", false },
	{ "tmpfs", "/run", false },
	{ "tmpfs", "/dev/shm", false },
	{ "devpts", "/dev/pts", true },
	{ "hugetlbfs", "/dev/hugepages", true },
	{ "debugfs", "/sys/kernel/debug", true },
	{ "tracefs", "/sys/kernel/tracing", true },
	{ "securityfs", "/sys/kernel/security", true },
	{ "cgroup2", "/sys/fs/cgroup", true },
};

/* Taints that are nobody's intention; others only say that tests are tests. */
static const struct {
	int bit;
	const char *what;
} taints[] = {
	{ 4, "machine check" }, { 5, "bad page or KASAN" }, { 7, "oops" },
	{ 9, "warning" },	{ 14, "soft lockup" },
};

static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		p += done;
		n -= done;
	}
}

__attribute__((format(printf, 1, 2))) static void report(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	write_all(report_fd < 0 ? STDERR_FILENO : report_fd, line, n);
}

__attribute__((noreturn)) static void verdict(bool pass)
{
	report("# init: %s\n", pass ? "pass" : "fail");
	if (report_fd >= 0)
		tcdrain(report_fd);
	if (exit_port)
		outl(pass ? EXIT_PASS : EXIT_FAIL, EXIT_PORT);
	/* No such device: end without a verdict, which is a failure. */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Returns the number of bytes read, 0 for a missing file; always terminated. */
static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd >= 0) {
		while (len < size - 1 &&
		       (n = read(fd, buf + len, size - 1 - len)) > 0)
			len += n;
		close(fd);
	}
	buf[len] = '\0';
	return len;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		/* Those of sysfs exist already, or the kernel lacks them. */
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0,
			  NULL) &&
		    !mounts[i].optional) {
			report("# init: mount %s: %s\n", mounts[i].dir,
			       strerror(errno));
			verdict(false);
		}
	}
	symlink("/proc/self/fd", "/dev/fd");
}

static void open_report(void)
{
	struct termios tio;

	report_fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (report_fd < 0)
		return;
	if (!tcgetattr(report_fd, &tio)) {
		cfmakeraw(&tio);
		cfsetspeed(&tio, B115200);
		tio.c_cflag |= CLOCAL;
		tcsetattr(report_fd, TCSANOW, &tio);
	}
}

static void run_child(char *command, bool shell)
{
	static char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				     "HOME=/", "TERM=vt102", "TMPDIR=/tmp",
				     NULL };
	char *argv[] = { "sh", "-c", command, NULL };
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	/* A test that could write the verdict would be a judge in its own case. */
	ioperm(EXIT_PORT, 4, 0);
	if (shell) {
		fd = open("/dev/ttyS0", O_RDWR);
		ioctl(fd, TIOCSCTTY, 1);
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	} else {
		fd = open("/dev/null", O_RDWR);
		dup2(fd, STDIN_FILENO);
		dup2(report_fd, STDOUT_FILENO);
		dup2(report_fd, STDERR_FILENO);
	}
	if (fd > STDERR_FILENO)
		close(fd);
	/* Some tests change it; all start with the same. */
	umask(022);
	execve("/bin/sh", argv, env);
	_exit(127);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/*
 * Reaps everything, since orphans come to PID 1, until the command itself is
 * done. Returns its wait status, or -1 when the time is up.
 */
static int wait_for(pid_t command, long seconds)
{
	time_t end = now() + seconds;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		struct timespec left = { .tv_sec = 1 };
		int status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == command)
				return status;
		if (seconds && now() >= end)
			return -1;
		sigtimedwait(&chld, NULL, &left);
	}
}

/* What is known only while the machine is stuck goes to the kernel log. */
static void explain_hang(void)
{
	write_file("/proc/sysrq-trigger", "w");
	write_file("/proc/sysrq-trigger", "l");
	sleep(1);
}

static bool scan_leaks(void)
{
	static char text[65536];

	if (access("/suite/kmemleak", F_OK) || access(KMEMLEAK, W_OK))
		return true;
	sleep(KMEMLEAK_AGE);
	/* The first scan only records checksums of what may still change. */
	if (!write_file(KMEMLEAK, "scan") || !write_file(KMEMLEAK, "scan")) {
		report("# init: kmemleak does not scan: %s\n", strerror(errno));
		return false;
	}
	if (!read_file(KMEMLEAK, text, sizeof(text)))
		return true;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		report("# kmemleak: %s\n", line);
	return false;
}

/* Into the log, where the host judges it as one more line to allow or not. */
static void log_taints(void)
{
	char text[32], line[80];
	unsigned long tainted;

	read_file("/proc/sys/kernel/tainted", text, sizeof(text));
	tainted = strtoul(text, NULL, 10);
	for (size_t i = 0; i < sizeof(taints) / sizeof(taints[0]); i++) {
		if (!(tainted & (1ul << taints[i].bit)))
			continue;
		snprintf(line, sizeof(line), "<3>vm-init: tainted by %s\n",
			 taints[i].what);
		write_file("/dev/kmsg", line);
	}
}

int main(void)
{
	static char command[4096];
	char text[32];
	sigset_t chld;
	bool shell, pass;
	long seconds;
	int status;
	pid_t pid;

	mount_all();
	open_report();
	/* Before any test locks the kernel down and takes port access away. */
	exit_port = !ioperm(EXIT_PORT, 4, 1);

	read_file("/suite/command", command, sizeof(command));
	read_file("/suite/time", text, sizeof(text));
	seconds = strtol(text, NULL, 10);
	shell = !access("/suite/shell", F_OK);
	if (report_fd < 0 && !shell) {
		report("# init: no second serial port\n");
		verdict(false);
	}
	if (!access("/suite/kmemleak", F_OK))
		write_file(KMEMLEAK, "clear");

	/* Without this SIGCHLD would be lost between waitpid and the wait. */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	write_file("/dev/kmsg", "<4>vm-init: suite begins\n");
	pid = fork();
	if (!pid)
		run_child(command, shell);
	status = pid < 0 ? 127 << 8 : wait_for(pid, shell ? 0 : seconds);

	if (status < 0) {
		report("# init: time is up after %ld s\n", seconds);
		explain_hang();
	} else if (WIFSIGNALED(status)) {
		report("# init: command killed by signal %d\n",
		       WTERMSIG(status));
	} else {
		report("# init: command exited with %d\n", WEXITSTATUS(status));
	}
	pass = !status;
	if (pass && !shell)
		pass = scan_leaks();
	log_taints();
	/* At a level that a muted console would not show. */
	write_file("/dev/kmsg", "<4>vm-init: suite ends\n");
	/* Another CPU may be the one that is printing. */
	usleep(200000);
	verdict(pass);
}
