// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collects the ledger; see ledger.h. Each source is one function that adds
 * entries "source.detail"; the comparison knows nothing of what they mean.
 */
#define _GNU_SOURCE
#include "ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define DEBUGFS_STATS "/sys/kernel/debug/hpdma/stats"
/* kmemleak does not report what is younger than 5 s. */
#define KMEMLEAK_AGE 6

__attribute__((format(printf, 3, 4))) static void add(struct ledger *l,
						      long long value,
						      const char *fmt, ...)
{
	struct ledger_entry *e = &l->entry[l->count];
	va_list ap;

	if (l->count == LEDGER_MAX) {
		l->lost++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(e->name, sizeof(e->name), fmt, ap);
	va_end(ap);
	e->value = value;
	l->count++;
}

static int read_number(const char *path, long long *value)
{
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%lld", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Pages pinned with pin_user_pages(), by anyone. */
static int take_pins(struct ledger *l)
{
	long long acquired = -1, released = -1, value;
	char name[64];
	FILE *f;

	/* The counters are per CPU and otherwise folded only now and then. */
	write_text("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/vmstat", "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%63s %lld", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			acquired = value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			released = value;
	}
	fclose(f);
	if (acquired < 0 || released < 0)
		return -ENOENT;
	add(l, acquired - released, "vmstat.pinned_pages");
	return 0;
}

static int take_meminfo(struct ledger *l)
{
	static const char *const wanted[] = { "Mlocked:", "Unevictable:",
					      "Hugetlb:" };
	char line[256], name[64];
	long long value;
	FILE *f;

	f = fopen("/proc/meminfo", "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %lld", name, &value) != 2)
			continue;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strcmp(name, wanted[i]))
				add(l, value, "meminfo.%.*s",
				    (int)strlen(name) - 1, name);
	}
	fclose(f);
	return 0;
}

/* One directory of pools, with a directory hugepages-<size>kB for each size. */
static void take_pools(struct ledger *l, const char *dir, const char *where)
{
	static const char *const counter[] = {
		"nr_hugepages",
		"free_hugepages",
		"resv_hugepages",
		"surplus_hugepages",
	};
	struct dirent *d;
	char path[512];
	long long value;
	DIR *pools;

	pools = opendir(dir);
	if (!pools)
		return;
	while ((d = readdir(pools))) {
		if (strncmp(d->d_name, "hugepages-", 10))
			continue;
		for (size_t i = 0; i < sizeof(counter) / sizeof(counter[0]);
		     i++) {
			/* Nodes have no reservations of their own. */
			snprintf(path, sizeof(path), "%s/%.64s/%s", dir,
				 d->d_name, counter[i]);
			if (!read_number(path, &value))
				add(l, value, "%s.%.32s.%s", where, d->d_name,
				    counter[i]);
		}
	}
	closedir(pools);
}

static void take_hugepages(struct ledger *l)
{
	char dir[256], where[32];
	struct dirent *d;
	DIR *nodes;
	int node;

	take_pools(l, "/sys/kernel/mm/hugepages", "all");
	nodes = opendir("/sys/devices/system/node");
	if (!nodes)
		return;
	while ((d = readdir(nodes))) {
		if (sscanf(d->d_name, "node%d", &node) != 1)
			continue;
		snprintf(dir, sizeof(dir),
			 "/sys/devices/system/node/node%d/hugepages", node);
		snprintf(where, sizeof(where), "node%d", node);
		take_pools(l, dir, where);
	}
	closedir(nodes);
}

/* What the module itself says it holds: lines "name value". */
static void take_stats(struct ledger *l)
{
	char name[64];
	long long value;
	FILE *f;

	f = fopen(DEBUGFS_STATS, "re");
	if (!f)
		return;
	while (fscanf(f, "%63s %lld", name, &value) == 2)
		add(l, value, "hpdma.%s", name);
	/* A line of another form would hide all that follow it. */
	if (!feof(f))
		l->lost++;
	fclose(f);
}

static void take_module(struct ledger *l)
{
	char line[1024];
	long long value, lines = 0;
	FILE *f;

	if (!read_number("/sys/module/hpdma/refcnt", &value))
		add(l, value, "module.refcnt");
	f = fopen("/proc/interrupts", "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "hpdma"))
			lines++;
	fclose(f);
	add(l, lines, "interrupts.hpdma");
}

int ledger_take(struct ledger *l)
{
	int ret;

	l->count = 0;
	l->lost = 0;
	ret = take_pins(l);
	if (ret)
		return ret;
	ret = take_meminfo(l);
	if (ret)
		return ret;
	take_hugepages(l);
	take_stats(l);
	take_module(l);
	return l->lost ? -EOVERFLOW : 0;
}

static const struct ledger_entry *find(const struct ledger *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->entry[i].name, name))
			return &l->entry[i];
	return NULL;
}

/* Appends a line as far as it fits. */
static void put_line(char **buf, size_t *size, const char *name,
		     long long before, long long after)
{
	int n;

	if (!*size)
		return;
	n = snprintf(*buf, *size, "%s: %lld -> %lld\n", name, before, after);
	if (n < 0 || (size_t)n >= *size)
		n = *size - 1;
	*buf += n;
	*size -= n;
}

size_t ledger_diff(const struct ledger *before, const struct ledger *after,
		   char *buf, size_t size)
{
	const struct ledger_entry *e, *other;
	size_t differences = 0;

	if (size)
		*buf = '\0';
	for (size_t i = 0; i < after->count; i++) {
		e = &after->entry[i];
		other = find(before, e->name);
		if ((other ? other->value : 0) == e->value)
			continue;
		put_line(&buf, &size, e->name, other ? other->value : 0,
			 e->value);
		differences++;
	}
	for (size_t i = 0; i < before->count; i++) {
		e = &before->entry[i];
		if (!e->value || find(after, e->name))
			continue;
		put_line(&buf, &size, e->name, e->value, 0);
		differences++;
	}
	return differences;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

long ledger_settle(const struct ledger *before, struct ledger *after,
		   int timeout_ms, char *buf, size_t size)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	long long end = now_ms() + timeout_ms;
	size_t differences;
	int ret;

	for (;;) {
		ret = ledger_take(after);
		if (ret)
			return ret;
		differences = ledger_diff(before, after, buf, size);
		if (!differences || now_ms() >= end)
			return differences;
		nanosleep(&pause, NULL);
	}
}

int ledger_kmemleak_clear(void)
{
	return write_text(KMEMLEAK, "clear");
}

long ledger_kmemleak_scan(char *buf, size_t size)
{
	long leaks = 0;
	size_t len = 0;
	char *p;
	FILE *f;
	int ret;

	sleep(KMEMLEAK_AGE);
	/* The first scan only records checksums of what may still change. */
	for (int i = 0; i < 2; i++) {
		ret = write_text(KMEMLEAK, "scan");
		if (ret)
			return ret;
	}
	f = fopen(KMEMLEAK, "re");
	if (!f)
		return -errno;
	if (size) {
		len = fread(buf, 1, size - 1, f);
		buf[len] = '\0';
	}
	fclose(f);
	for (p = buf; size && (p = strstr(p, "unreferenced object")); p++)
		leaks++;
	/* A report in a form that is not known counts all the same. */
	return leaks ? leaks : len > 0;
}
