// SPDX-License-Identifier: MIT
/*
 * Names of files of memory.
 *
 * Who holds a file has a shared flock on it, which ends with the last copy of
 * its descriptor and the last mapping made through it, however the process dies.
 * So who gets the exclusive flock knows that nobody is left. He unlinks the name,
 * unless it is to stay, and whoever was about to become a holder sees that the
 * file has no name any more, and looks again.
 *
 * Who ceases to hold it looks whether he was the last. Who dies cannot; his names
 * end when somebody looks for them, opens a context, or has no room.
 *
 * Only who has the other lock of the file, an OFD lock, unlinks its name, and
 * only if the name still leads to that very file: while it does, nobody can give
 * the name to another one.
 *
 * /dev/shm is everybody's to write. No symbolic link is followed, no lock is
 * waited for without end, and a file is believed only if it is one of memory and
 * of somebody who may be believed. That one can still shorten it: for the module
 * nobody can.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "names.h"
#include "util.h"

/* Others hold the exclusive flock for a moment: look again after 1 ms. */
#define TRIES 1000

/* Whether the memory is to be used, or it is about its name alone. */
enum belief {
	CAREFUL,
	CARELESS,
};

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

/* Anybody can leave a file that everybody may write, under any name. */
static bool is_believed(const struct hpdma_sys *sys,
			const struct hpdma_file *file)
{
	const uint32_t group = S_IRGRP | S_IWGRP;

	return !file->uid || file->uid == sys->user() ||
	       ((file->mode & group) == group && sys->in_group(file->gid));
}

static bool is_memory(const struct hpdma_file *file)
{
	return S_ISREG(file->mode) && (file->fs_type == HPDMA_FS_TMPFS ||
				       file->fs_type == HPDMA_FS_HUGETLBFS);
}

/* Ends the name that led to an open file, if it still does. */
static int end_name(const struct hpdma_sys *sys, int fd, const char *path,
		    const struct hpdma_file *file)
{
	struct hpdma_file now;
	int there, ret;

	ret = sys->lock(fd);
	if (ret)
		return ret;
	there = sys->open(path, O_PATH | O_NOFOLLOW);
	if (there < 0) {
		ret = there;
		goto out_unlock;
	}
	ret = sys->status(there, &now);
	sys->close(there);
	if (!ret && (now.device != file->device || now.inode != file->inode))
		ret = -ENOENT;
	if (!ret)
		ret = sys->unlink(path);
out_unlock:
	sys->unlock(fd);
	return ret;
}

static void wait_a_moment(const struct hpdma_sys *sys)
{
	short revents;

	sys->poll(-1, 0, 1, &revents);
}

int hpdma_names_keep(const struct hpdma_sys *sys, int fd)
{
	int tries, ret = 0;

	for (tries = 0; tries < TRIES; tries++) {
		ret = sys->hold(fd, LOCK_SH);
		if (ret != -EWOULDBLOCK)
			return ret;
		wait_a_moment(sys);
	}
	return -EBUSY;
}

/* 0 for a holder; -EAGAIN to look again. */
static int become_holder(const struct hpdma_sys *sys, int fd, const char *path,
			 enum belief belief)
{
	struct hpdma_file file;
	int ret;

	ret = sys->status(fd, &file);
	if (ret)
		return ret;
	if (!is_memory(&file) ||
	    (belief == CAREFUL && !is_believed(sys, &file)))
		return -EACCES;
	if (!(file.mode & HPDMA_NAMES_STAYS)) {
		ret = sys->hold(fd, LOCK_EX);
		if (!ret) {
			ret = end_name(sys, fd, path, &file);
			return ret == -EINTR ? ret : -ENOENT;
		}
		if (ret != -EWOULDBLOCK)
			return ret;
	}
	ret = sys->hold(fd, LOCK_SH);
	if (ret)
		return ret == -EWOULDBLOCK ? -EAGAIN : ret;
	/* It may have ended before we held it. */
	ret = sys->status(fd, &file);
	if (ret)
		return ret;
	return file.links ? 0 : -EAGAIN;
}

static int open_holder(const struct hpdma_sys *sys, const char *path,
		       enum belief belief)
{
	int tries, fd, ret;

	for (tries = 0; tries < TRIES; tries++) {
		fd = sys->open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0)
			return fd == -ELOOP || fd == -EPERM ? -EACCES : fd;
		ret = become_holder(sys, fd, path, belief);
		if (!ret)
			return fd;
		sys->close(fd);
		if (ret != -EAGAIN)
			return ret;
		wait_a_moment(sys);
	}
	return -EBUSY;
}

int hpdma_names_open(const struct hpdma_sys *sys,
		     const struct hpdma_places *places, const char *name)
{
	char path[HPDMA_NAMES_PATH];
	int fd = -ENOENT;
	size_t i;

	for (i = 0; i < places->count && fd == -ENOENT; i++) {
		path_of(places, i, name, path);
		fd = open_holder(sys, path, CAREFUL);
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
		fd = open_holder(sys, path, CARELESS);
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

	for (tries = 0; tries < TRIES; tries++) {
		ret = sys->link(fd, path);
		if (ret != -EEXIST)
			return ret;
		other = open_holder(sys, path, CARELESS);
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
		while (end_name(sys, fd, path, file) == -EINTR)
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

	fd = open_holder(sys, path, CARELESS);
	if (fd < 0)
		return fd == -EACCES ? -EPERM : fd;
	ret = sys->status(fd, &file);
	/* The directory may let more people do it. */
	if (!ret && sys->user() && sys->user() != file.uid)
		ret = -EPERM;
	if (!ret)
		ret = end_name(sys, fd, path, &file);
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
		fd = open_holder(sys, path, CARELESS);
		if (fd >= 0)
			sys->close(fd);
	}
}

struct walk {
	const struct hpdma_sys *sys;
	const struct hpdma_places *places;
	size_t place;
	enum belief belief;
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
	fd = open_holder(walk->sys, path, walk->belief);
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
	struct walk walk = { sys, places, 0, CARELESS, NULL, NULL };

	walk_all(&walk);
}

int hpdma_names_each(const struct hpdma_sys *sys,
		     const struct hpdma_places *places,
		     int (*each)(const char *name, int fd, void *arg),
		     void *arg)
{
	struct walk walk = { sys, places, 0, CAREFUL, each, arg };

	return walk_all(&walk);
}
