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
 *	unlink NAME         HPDMA_IOC_NAME_UNLINK
 *
 * HPDMA_IOC_INFO, HPDMA_IOC_LIST and HPDMA_IOC_DEV_INFO are answered here, as a
 * regular file cannot: there are $FAKE_BUFFERS buffers, and $FAKE_DEVICE is numbers:
 * state, resets, mode, type and number of interrupts, times woken up, and bytes in
 * quarantine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
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

/* These return 0 or an errno. */

static int info(struct hpdma_ioc_info *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags)
		return EINVAL;
	arg->out_uapi_version = HPDMA_UAPI_VERSION;
	arg->out_features = HPDMA_FEATURE_CONTIG | HPDMA_FEATURE_HUGETLB;
	arg->out_max_contig = 4 << 20;
	return 0;
}

/*
 * Number 1 has a name, 2 one that is not for terminals, of 3 little is known, 4 has
 * one that is not for shells, 5 one that is not seen.
 */
static void describe(struct hpdma_list_entry *entry, unsigned int number)
{
	*entry = (struct hpdma_list_entry){
		.serial = number,
		.length = (__u64)number << 20,
		.page_size = number % 2 ? 4096 : 2 << 20,
		.backing = 1 + number % 4,
		.node = number == 3 ? -1 : 1,
		.segments = number == 3 ? 0 : number,
		.uid = 1000,
		.pid = number == 3 ? 0 : 400 + (int)number,
		.ids = 7,
		.mappings = 2,
	};
	if (number == 1) {
		entry->state = HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT;
		strcpy((char *)entry->name, "frames");
	}
	if (number == 4 || number == 5)
		entry->state = HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT;
	if (number == 4)
		strcpy((char *)entry->name, "a;b'c");
	if (number == 3)
		entry->state = HPDMA_BUF_QUARANTINED;
	if (number == 2) {
		entry->state = HPDMA_BUF_NAMED;
		strcpy((char *)entry->name, "a\x9b"
					    "31mb");
	}
}

static int list(struct hpdma_ioc_list *arg)
{
	struct hpdma_list_entry *entries = (void *)(uintptr_t)arg->entries;
	const char *buffers = getenv("FAKE_BUFFERS");
	unsigned int most = buffers ? (unsigned int)atoi(buffers) : 0;
	unsigned int number = (unsigned int)arg->after;

	if (arg->size != sizeof(*arg) || !arg->count ||
	    arg->entry_size != sizeof(*entries))
		return EINVAL;
	if (arg->flags && getenv("FAKE_NO_RIGHT")) {
		arg->out_reason = HPDMA_REASON_LIST_RIGHT;
		return EPERM;
	}
	arg->out_count = 0;
	while (number < most && arg->out_count < arg->count)
		describe(&entries[arg->out_count++], ++number);
	return 0;
}

static int dev_info(struct hpdma_ioc_dev_info *arg)
{
	const char *device = getenv("FAKE_DEVICE");

	if (arg->size != sizeof(*arg) || arg->flags)
		return EINVAL;
	arg->out_msi_vectors = 1;
	arg->out_msix_vectors = 5;
	arg->out_address_bits = 48;
	if (device)
		sscanf(device, "%u %u %u %u %u %u %llu", &arg->out_state,
		       &arg->out_resets, &arg->out_mode, &arg->out_irq_type,
		       &arg->out_irq_vectors, &arg->out_resumes,
		       (unsigned long long *)&arg->out_quarantined);
	return 0;
}

static int name_unlink(struct hpdma_ioc_name_unlink *arg)
{
	if (arg->size != sizeof(*arg) || arg->flags || arg->__reserved ||
	    arg->name[HPDMA_NAME_SIZE - 1])
		return EINVAL;
	return ask("unlink", (const char *)arg->name, "");
}

int ioctl(int fd, unsigned long command, ...)
{
	int err = ENOTTY;
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (getenv("FAKE_NO_INFO"))
		err = ENOTTY;
	else if (command == HPDMA_IOC_INFO)
		err = info(arg);
	else if (command == HPDMA_IOC_LIST)
		err = list(arg);
	else if (command == HPDMA_IOC_DEV_INFO)
		err = dev_info(arg);
	else if (command == HPDMA_IOC_NAME_UNLINK)
		err = name_unlink(arg);
	errno = err;
	return err ? -1 : 0;
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
