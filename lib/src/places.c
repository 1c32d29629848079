// SPDX-License-Identifier: MIT
/*
 * Directories in which files of memory can have a name: /dev/shm, and the mounts
 * of hugetlbfs that this process sees and may write.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "places.h"
#include "util.h"

#define SHARED_MEMORY "/dev/shm"

/* Longer lines of mounts are cut: what counts stands in front. */
#define LINE_BYTES 512

/* Whether files without a name, which can be given one, can be made there. */
static bool is_writable(const struct hpdma_sys *sys, const char *path,
			struct hpdma_file *file)
{
	int fd = sys->open_unnamed(path), ret;

	if (fd < 0)
		return false;
	ret = sys->status(fd, file);
	sys->close(fd);
	return !ret;
}

static void add_place(const struct hpdma_sys *sys, struct hpdma_places *places,
		      const char *path, bool huge)
{
	struct hpdma_place *place = &places->place[places->count];
	struct hpdma_file file;
	size_t i;

	if (places->count == HPDMA_PLACES ||
	    strlen(path) >= sizeof(place->path) ||
	    !is_writable(sys, path, &file))
		return;
	/* What is mounted there need not be what somebody wrote down. */
	if (file.fs_type != (huge ? HPDMA_FS_HUGETLBFS : HPDMA_FS_TMPFS))
		return;
	/* A file system that is mounted twice is one place. */
	for (i = 0; i < places->count; i++) {
		if (places->place[i].device == file.device)
			return;
	}
	strcpy(place->path, path);
	place->device = file.device;
	place->page_size = huge ? file.page_size : sys->page_size();
	place->huge = huge;
	places->count++;
}

/* Device, directory and type are the first three words. */
static void add_mount(const struct hpdma_sys *sys, struct hpdma_places *places,
		      const char *line)
{
	char path[LINE_BYTES], type[LINE_BYTES];

	if (sscanf(line, "%*s %511s %511s", path, type) != 2 ||
	    strcmp(type, "hugetlbfs"))
		return;
	/* A blank or the like in the path: no place for us. */
	if (!strchr(path, '\\'))
		add_place(sys, places, path, true);
}

static void add_mounts(const struct hpdma_sys *sys, struct hpdma_places *places)
{
	char line[LINE_BYTES], text[1024];
	size_t length = 0;
	ssize_t got, i;
	int fd;

	fd = sys->open("/proc/self/mounts", O_RDONLY);
	if (fd < 0)
		return;
	while ((got = sys->read(fd, text, sizeof(text))) > 0) {
		for (i = 0; i < got; i++) {
			if (text[i] != '\n') {
				if (length < sizeof(line) - 1)
					line[length++] = text[i];
				continue;
			}
			line[length] = '\0';
			length = 0;
			add_mount(sys, places, line);
		}
	}
	sys->close(fd);
}

void hpdma_places_find(const struct hpdma_sys *sys, struct hpdma_places *places)
{
	unsigned long long namespace;
	char text[64];

	memset(places, 0, sizeof(*places));
	/* Without /proc a file cannot be given a name either. */
	if (sys->readlink("/proc/self/ns/ipc", text, sizeof(text)) ||
	    sscanf(text, "ipc:[%llu]", &namespace) != 1)
		return;
	snprintf(places->prefix, sizeof(places->prefix), "hpdma-%llu-",
		 namespace);
	add_place(sys, places, SHARED_MEMORY, false);
	add_mounts(sys, places);
}
