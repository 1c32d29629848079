// SPDX-License-Identifier: MIT
/*
 * Names of files of memory: given, looked for and ended. What it means to hold one
 * is told in names_hold.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "names_hold.h"
#include "util.h"

bool hpdma_names_valid(const char *name)
{
	size_t length = strlen(name), i;

	if (!length || length > 63)
		return false;
	for (i = 0; i < length; i++) {
		if ((unsigned char)name[i] <= ' ' || name[i] == 0x7f ||
		    name[i] == '/')
			return false;
	}
	return true;
}

static void path_of(const struct hpdma_places *places, size_t place,
		    const char *name, char path[HPDMA_NAMES_PATH])
{
	snprintf(path, HPDMA_NAMES_PATH, "%s/%s%s", places->place[place].path,
		 places->prefix, name);
}

int hpdma_names_open(const struct hpdma_sys *sys,
		     const struct hpdma_places *places, const char *name)
{
	char path[HPDMA_NAMES_PATH];
	int fd = -ENOENT;
	size_t i;

	for (i = 0; i < places->count && fd == -ENOENT; i++) {
		path_of(places, i, name, path);
		fd = hpdma_names_hold(sys, path, HPDMA_NAMES_CAREFUL);
	}
	return fd;
}

/* Whether a name is taken in another place than @except. */
static int is_taken(const struct hpdma_sys *sys,
		    const struct hpdma_places *places, size_t except,
		    const char *name)
{
	char path[HPDMA_NAMES_PATH];
	size_t i;
	int fd;

	for (i = 0; i < places->count; i++) {
		if (i == except)
			continue;
		path_of(places, i, name, path);
		fd = hpdma_names_hold(sys, path, HPDMA_NAMES_CARELESS);
		if (fd == -ENOENT)
			continue;
		if (fd >= 0)
			sys->close(fd);
		return fd >= 0 || fd == -EACCES || fd == -EBUSY ? -EEXIST : fd;
	}
	return 0;
}

/* One directory keeps its names apart; it makes way for none that is dead. */
static int link_here(const struct hpdma_sys *sys, int fd, const char *path)
{
	int tries, other, ret;

	for (tries = 0; tries < HPDMA_NAMES_TRIES; tries++) {
		ret = sys->link(fd, path);
		if (ret != -EEXIST)
			return ret;
		other = hpdma_names_hold(sys, path, HPDMA_NAMES_CARELESS);
		if (other >= 0)
			sys->close(other);
		if (other == -EINTR || other == -EMFILE || other == -ENFILE)
			return other;
		if (other != -ENOENT)
			return -EEXIST;
	}
	return -EEXIST;
}

/*
 * Several places cannot keep their names apart together. So each who gives a
 * name looks into the other places afterwards, and steps back if he finds it: of
 * two at the same time both may, but never none.
 */
static int link_alone(const struct hpdma_sys *sys,
		      const struct hpdma_places *places, size_t place, int fd,
		      const char *name, const struct hpdma_file *file)
{
	char path[HPDMA_NAMES_PATH];
	int ret;

	path_of(places, place, name, path);
	ret = is_taken(sys, places, place, name);
	if (!ret)
		ret = link_here(sys, fd, path);
	if (ret)
		return ret;
	ret = is_taken(sys, places, place, name);
	if (ret) {
		while (hpdma_names_end(sys, fd, path, file) == -EINTR)
			;
	}
	return ret;
}

int hpdma_names_link(const struct hpdma_sys *sys,
		     const struct hpdma_places *places, int fd,
		     const char *name, const struct hpdma_owner *owner)
{
	struct hpdma_file file;
	size_t place = 0;
	int ret;

	ret = sys->status(fd, &file);
	if (ret)
		return ret;
	if (file.links)
		return -EBUSY;
	while (place < places->count &&
	       places->place[place].device != file.device)
		place++;
	if (place == places->count)
		return -EXDEV;

	/* Before the name: nobody is to find it with other rights. */
	ret = sys->set_owner(fd, owner->uid, owner->gid);
	if (ret)
		return ret;
	ret = sys->set_mode(fd, owner->mode);
	if (ret)
		goto err_owner;
	ret = link_alone(sys, places, place, fd, name, &file);
	if (ret)
		goto err_mode;
	return 0;

err_mode:
	sys->set_mode(fd, file.mode & 07777);
err_owner:
	sys->set_owner(fd, file.uid, file.gid);
	/* A file whose name was unlinked gets none again. */
	return ret == -ENOENT ? -EXDEV : ret;
}

static int unlink_here(const struct hpdma_sys *sys, const char *path)
{
	struct hpdma_file file;
	int fd, ret;

	fd = hpdma_names_hold(sys, path, HPDMA_NAMES_CARELESS);
	if (fd < 0)
		return fd == -EACCES ? -EPERM : fd;
	ret = sys->status(fd, &file);
	/* The directory may let more people do it. */
	if (!ret && sys->user() && sys->user() != file.uid)
		ret = -EPERM;
	if (!ret)
		ret = hpdma_names_end(sys, fd, path, &file);
	sys->close(fd);
	return ret == -EACCES ? -EPERM : ret;
}

int hpdma_names_unlink(const struct hpdma_sys *sys,
		       const struct hpdma_places *places, const char *name)
{
	char path[HPDMA_NAMES_PATH];
	int ret = -ENOENT;
	size_t i;

	for (i = 0; i < places->count && ret == -ENOENT; i++) {
		path_of(places, i, name, path);
		ret = unlink_here(sys, path);
	}
	return ret;
}

void hpdma_names_settle(const struct hpdma_sys *sys,
			const struct hpdma_places *places, const char *name)
{
	char path[HPDMA_NAMES_PATH];
	size_t i;
	int fd;

	for (i = 0; i < places->count; i++) {
		path_of(places, i, name, path);
		fd = hpdma_names_hold(sys, path, HPDMA_NAMES_CARELESS);
		if (fd >= 0)
			sys->close(fd);
	}
}

struct walk {
	const struct hpdma_sys *sys;
	const struct hpdma_places *places;
	size_t place;
	enum hpdma_names_belief belief;
	int (*each)(const char *name, int fd, void *arg);
	void *arg;
};

static int walk_name(const char *entry, void *arg)
{
	struct walk *walk = arg;
	const char *prefix = walk->places->prefix;
	char path[HPDMA_NAMES_PATH];
	int fd, ret = 0;

	if (strncmp(entry, prefix, strlen(prefix)) ||
	    !hpdma_names_valid(entry + strlen(prefix)))
		return 0;
	path_of(walk->places, walk->place, entry + strlen(prefix), path);
	fd = hpdma_names_hold(walk->sys, path, walk->belief);
	if (fd < 0)
		return fd == -EINTR || fd == -EMFILE ? fd : 0;
	if (walk->each)
		ret = walk->each(entry + strlen(prefix), fd, walk->arg);
	walk->sys->close(fd);
	return ret;
}

static int walk_all(struct walk *walk)
{
	int ret = 0;

	for (walk->place = 0; walk->place < walk->places->count && !ret;
	     walk->place++)
		ret = walk->sys->list(walk->places->place[walk->place].path,
				      walk_name, walk);
	return ret;
}

void hpdma_names_sweep(const struct hpdma_sys *sys,
		       const struct hpdma_places *places)
{
	struct walk walk = { sys, places, 0, HPDMA_NAMES_CAREFUL, NULL, NULL };

	walk_all(&walk);
}

int hpdma_names_each(const struct hpdma_sys *sys,
		     const struct hpdma_places *places,
		     int (*each)(const char *name, int fd, void *arg),
		     void *arg)
{
	struct walk walk = { sys, places, 0, HPDMA_NAMES_CAREFUL, each, arg };

	return walk_all(&walk);
}
