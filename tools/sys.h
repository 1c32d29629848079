/* SPDX-License-Identifier: MIT */
/*
 * Files of /sys, /proc and /dev. Every path goes through here, so that
 * --sysroot can put a made-up machine in front of the program.
 *
 * Functions that return int return 0 or -errno.
 */
#ifndef HPDMACTL_SYS_H
#define HPDMACTL_SYS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#define SYS_PATH_MAX 1024
#define SYS_TEXT_MAX 256

struct sys_path {
	char text[SYS_PATH_MAX];
};

void sys_set_root(const char *dir);
/* The root given, "" for the real one */
const char *sys_root(void);

struct sys_path sys_path(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

bool sys_exists(struct sys_path path);
/* Whether root may write to it */
bool sys_writable(struct sys_path path);
/* The first line, without its newline, cut at @size */
int sys_read(struct sys_path path, char *text, size_t size);
/* A number in C notation; @otherwise where there is none */
long sys_read_number(struct sys_path path, long otherwise);
int sys_write(struct sys_path path, const char *text);
/* What a symbolic link points to */
int sys_read_link(struct sys_path path, char *target, size_t size);
/* The last component of that */
int sys_link_name(struct sys_path path, char *name, size_t size);

/*
 * The entries of a folder in the order of their names, the numbers in them
 * taken as numbers; none if it cannot be read. Free with sys_free_list().
 */
struct sys_list {
	struct dirent **entries;
	int count;
};

struct sys_list sys_list(struct sys_path path);
void sys_free_list(struct sys_list *list);

#endif
