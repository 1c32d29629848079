/* SPDX-License-Identifier: MIT */
/*
 * Who holds the file of a name.
 */
#ifndef HPDMA_SRC_NAMES_HOLD_H
#define HPDMA_SRC_NAMES_HOLD_H

#include "sys.h"

/* The mark of a name that stays when nobody holds its file: it has no other
 * meaning for files, and appears together with the name.
 */
#define HPDMA_NAMES_STAYS 01000u

/* Others have a lock for a moment: look again after 1 ms. */
#define HPDMA_NAMES_TRIES 1000

/**
 * enum hpdma_names_belief - what a file is opened for
 * @HPDMA_NAMES_CAREFUL: To use its memory
 * @HPDMA_NAMES_CARELESS: It is about its name alone
 */
enum hpdma_names_belief {
	HPDMA_NAMES_CAREFUL,
	HPDMA_NAMES_CARELESS,
};

/**
 * hpdma_names_keep() - become a holder of a file that is open
 * @sys: System calls
 * @fd: The file; its name does not end before it is closed
 *
 * Return: 0 or a negative errno.
 */
int hpdma_names_keep(const struct hpdma_sys *sys, int fd);

/**
 * hpdma_names_hold() - open a file by its path and become a holder
 * @sys: System calls
 * @path: The path
 * @belief: What for
 *
 * Its name ends here if nobody holds the file and it is not to stay.
 *
 * Return: A file descriptor; -ENOENT; -EACCES if it is not for this user; -EBUSY if
 * somebody keeps a lock; a negative errno.
 */
int hpdma_names_hold(const struct hpdma_sys *sys, const char *path,
		     enum hpdma_names_belief belief);

/**
 * hpdma_names_end() - end the name that led to an open file, if it still does
 * @sys: System calls
 * @fd: The file
 * @path: The path that led to it
 * @file: What it is
 *
 * Return: 0; -ENOENT if it no longer does; a negative errno.
 */
int hpdma_names_end(const struct hpdma_sys *sys, int fd, const char *path,
		    const struct hpdma_file *file);

#endif /* HPDMA_SRC_NAMES_HOLD_H */
