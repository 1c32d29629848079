// SPDX-License-Identifier: MIT
/*
 * Who holds the file of a name, and when the name ends.
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
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "names_hold.h"
#include "places.h"

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

static void wait_a_moment(const struct hpdma_sys *sys)
{
	short revents;

	sys->poll(-1, 0, 1, &revents);
}

/* Whoever has it needs it for a moment only, or means harm. */
static int lock_soon(const struct hpdma_sys *sys, int fd)
{
	int tries, ret;

	for (tries = 0; tries < HPDMA_NAMES_TRIES; tries++) {
		ret = sys->lock(fd);
		if (ret != -EAGAIN && ret != -EACCES)
			return ret;
		wait_a_moment(sys);
	}
	return -EBUSY;
}

int hpdma_names_end(const struct hpdma_sys *sys, int fd, const char *path,
		    const struct hpdma_file *file)
{
	struct hpdma_file now;
	int there, ret;

	ret = lock_soon(sys, fd);
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

int hpdma_names_keep(const struct hpdma_sys *sys, int fd)
{
	int tries, ret = 0;

	for (tries = 0; tries < HPDMA_NAMES_TRIES; tries++) {
		ret = sys->hold(fd, LOCK_SH);
		if (ret != -EWOULDBLOCK)
			return ret;
		wait_a_moment(sys);
	}
	return -EBUSY;
}

/* 0 for a holder; -EAGAIN to look again. */
static int become_holder(const struct hpdma_sys *sys, int fd, const char *path,
			 enum hpdma_names_belief belief)
{
	struct hpdma_file file;
	int ret;

	ret = sys->status(fd, &file);
	if (ret)
		return ret;
	if (!is_memory(&file) ||
	    (belief == HPDMA_NAMES_CAREFUL && !is_believed(sys, &file)))
		return -EACCES;
	if (!(file.mode & HPDMA_NAMES_STAYS)) {
		ret = sys->hold(fd, LOCK_EX);
		if (!ret) {
			ret = hpdma_names_end(sys, fd, path, &file);
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

int hpdma_names_hold(const struct hpdma_sys *sys, const char *path,
		     enum hpdma_names_belief belief)
{
	int tries, fd, ret;

	for (tries = 0; tries < HPDMA_NAMES_TRIES; tries++) {
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
