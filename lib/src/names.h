/* SPDX-License-Identifier: MIT */
/*
 * Names of files of memory, and who still holds them.
 */
#ifndef HPDMA_SRC_NAMES_H
#define HPDMA_SRC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "places.h"
#include "sys.h"

/* A name with the prefix, in a place. */
#define HPDMA_NAMES_PATH (HPDMA_PLACE_PATH + 40 + 64)

/**
 * struct hpdma_owner - whose a name is to be
 * @uid: User, or UINT32_MAX: as it is
 * @gid: Group, or UINT32_MAX: as it is
 * @mode: Permissions, maybe with HPDMA_NAMES_STAYS
 */
struct hpdma_owner {
	uint32_t uid;
	uint32_t gid;
	uint32_t mode;
};

/**
 * hpdma_names_valid() - whether a name can be one
 * @name: The name
 *
 * Return: Whether it is 1 to 63 bytes, none a blank, control character or '/'.
 */
bool hpdma_names_valid(const char *name);

/**
 * hpdma_names_open() - open the file of a name and become a holder
 * @sys: System calls
 * @places: Where to look
 * @name: The name; a valid one
 *
 * A name that nobody holds, and that is not to stay, ends here.
 *
 * Return: A file descriptor; -ENOENT; -EACCES if it is not for this user; a
 * negative errno.
 */
int hpdma_names_open(const struct hpdma_sys *sys,
		     const struct hpdma_places *places, const char *name);

/**
 * hpdma_names_link() - give a file a name
 * @sys: System calls
 * @places: Where names are
 * @fd: The file, which the caller holds
 * @name: The name; a valid one
 * @owner: Whose it is to be
 *
 * Return: 0; -EEXIST; -EBUSY if the file has a name; -EXDEV if it cannot have
 * one; -EPERM if the owner is not the caller's to give; a negative errno.
 */
int hpdma_names_link(const struct hpdma_sys *sys,
		     const struct hpdma_places *places, int fd,
		     const char *name, const struct hpdma_owner *owner);

/**
 * hpdma_names_unlink() - end a name
 * @sys: System calls
 * @places: Where names are
 * @name: The name; a valid one
 *
 * Return: 0; -ENOENT; -EPERM if it is another user's; a negative errno.
 */
int hpdma_names_unlink(const struct hpdma_sys *sys,
		       const struct hpdma_places *places, const char *name);

/**
 * hpdma_names_settle() - end a name if nobody holds its file any more
 * @sys: System calls
 * @places: Where names are
 * @name: The name; a valid one
 *
 * For who held it, when he no longer does. One that is to stay stays.
 */
void hpdma_names_settle(const struct hpdma_sys *sys,
			const struct hpdma_places *places, const char *name);

/**
 * hpdma_names_sweep() - hpdma_names_settle() all names that there are
 * @sys: System calls
 * @places: Where names are
 *
 * Gives back the memory of those who died and could not do it. Files of strangers
 * are left to them.
 */
void hpdma_names_sweep(const struct hpdma_sys *sys,
		       const struct hpdma_places *places);

/**
 * hpdma_names_each() - go through all names that this user may open
 * @sys: System calls
 * @places: Where names are
 * @each: Called with each name and its open file, which is closed afterwards;
 *	anything but 0 ends the walk
 * @arg: Handed to @each
 *
 * Return: 0; what @each returned; a negative errno.
 */
int hpdma_names_each(const struct hpdma_sys *sys,
		     const struct hpdma_places *places,
		     int (*each)(const char *name, int fd, void *arg),
		     void *arg);

#endif /* HPDMA_SRC_NAMES_H */
