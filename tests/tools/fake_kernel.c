// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel for hpdmactl: preloaded, it hands what the program asks of the
 * kernel to a script, which changes the made-up sysfs as the kernel would, or
 * exits with an errno. The script is $FAKE_KERNEL; it is called as
 *
 *	write PATH TEXT     a write to a file below $FAKE_ROOT
 *	insert OPTIONS      kmod_module_insert_module() and ..probe_insert..()
 *	remove              kmod_module_remove_module()
 *
 * HPDMA_IOC_INFO is answered here, as a regular file cannot.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libkmod.h>
#include <linux/hpdma.h>

/* 0, or the errno with which the script exits */
static int ask(const char *what, const char *path, const char *text)
{
	const char *script = getenv("FAKE_KERNEL");
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		/* Or the script's own writes would come here again. */
		unsetenv("LD_PRELOAD");
		execl(script, script, what, path, text, (char *)NULL);
		_exit(ENOSYS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

ssize_t write(int fd, const void *data, size_t length)
{
	ssize_t (*real_write)(int, const void *, size_t);
	const char *root = getenv("FAKE_ROOT");
	char link[64], path[1024], text[256];
	ssize_t n;
	int err;

	*(void **)&real_write = dlsym(RTLD_NEXT, "write");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0 || !root)
		return real_write(fd, data, length);
	path[n] = '\0';
	if (strncmp(path, root, strlen(root)))
		return real_write(fd, data, length);

	snprintf(text, sizeof(text), "%.*s", (int)length, (const char *)data);
	err = ask("write", path + strlen(root), text);
	if (err) {
		errno = err;
		return -1;
	}
	return (ssize_t)length;
}

int ioctl(int fd, unsigned long command, ...)
{
	struct hpdma_ioc_info *info;
	va_list args;

	(void)fd;
	va_start(args, command);
	info = va_arg(args, struct hpdma_ioc_info *);
	va_end(args);
	if (command != HPDMA_IOC_INFO || info->size != sizeof(*info) ||
	    info->flags || getenv("FAKE_NO_INFO")) {
		errno = ENOTTY;
		return -1;
	}
	info->out_uapi_version = HPDMA_UAPI_VERSION;
	info->out_features = HPDMA_FEATURE_CONTIG | HPDMA_FEATURE_HUGETLB;
	info->out_max_contig = 4 << 20;
	return 0;
}

int kmod_module_insert_module(struct kmod_module *mod, unsigned int flags,
			      const char *options)
{
	(void)mod;
	(void)flags;
	return -ask("insert", options, "");
}

int kmod_module_probe_insert_module(
	struct kmod_module *mod, unsigned int flags, const char *options,
	int (*run_install)(struct kmod_module *m, const char *cmdline,
			   void *data),
	const void *data,
	void (*print_action)(struct kmod_module *m, bool install,
			     const char *options))
{
	(void)mod;
	(void)flags;
	(void)run_install;
	(void)data;
	(void)print_action;
	return -ask("insert", options, "");
}

int kmod_module_remove_module(struct kmod_module *mod, unsigned int flags)
{
	(void)mod;
	(void)flags;
	return -ask("remove", "", "");
}
