// SPDX-License-Identifier: MIT
/* Files of /sys, /proc and /dev, below a root that tests can choose. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

static const char *root = "";

void sys_set_root(const char *dir)
{
	root = dir;
}

const char *sys_root(void)
{
	return root;
}

struct sys_path sys_path(const char *fmt, ...)
{
	struct sys_path path;
	va_list args;
	int n;

	n = snprintf(path.text, sizeof(path.text), "%s", root);
	if (n < 0 || (size_t)n >= sizeof(path.text))
		n = 0;
	va_start(args, fmt);
	/* A path cut short names nothing: the caller sees ENOENT. */
	vsnprintf(path.text + n, sizeof(path.text) - (size_t)n, fmt, args);
	va_end(args);
	return path;
}

bool sys_exists(struct sys_path path)
{
	return access(path.text, F_OK) == 0;
}

bool sys_writable(struct sys_path path)
{
	struct stat st;

	/* Not access(): it says that root may, but sysfs minds the mode. */
	return stat(path.text, &st) == 0 && (st.st_mode & S_IWUSR);
}

int sys_read(struct sys_path path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	text[0] = '\0';
	fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

long sys_read_number(struct sys_path path, long otherwise)
{
	char text[SYS_TEXT_MAX];
	char *end;
	long value;

	if (sys_read(path, text, sizeof(text)))
		return otherwise;
	value = strtol(text, &end, 0);
	return end == text ? otherwise : value;
}

int sys_write(struct sys_path path, const char *text)
{
	int ret = 0;
	int fd;

	fd = open(path.text, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* One write(): for the kernel each is a request of its own. */
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int sys_read_link(struct sys_path path, char *target, size_t size)
{
	ssize_t n = readlink(path.text, target, size - 1);

	if (n < 0) {
		target[0] = '\0';
		return -errno;
	}
	target[n] = '\0';
	return 0;
}

int sys_link_name(struct sys_path path, char *name, size_t size)
{
	char target[SYS_PATH_MAX];
	const char *last;
	int ret;

	ret = sys_read_link(path, target, sizeof(target));
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
	return ret;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

struct sys_list sys_list(struct sys_path path)
{
	struct sys_list list = { .entries = NULL };

	list.count = scandir(path.text, &list.entries, not_hidden, versionsort);
	if (list.count < 0)
		list.count = 0;
	return list;
}

void sys_free_list(struct sys_list *list)
{
	for (int i = 0; i < list->count; i++)
		free(list->entries[i]);
	free(list->entries);
}
