/* SPDX-License-Identifier: MIT */
#ifndef HPDMA_H
#define HPDMA_H

/**
 * hpdma_open() - open it
 * @path: Where
 *
 * Return: a file descriptor.
 */
int hpdma_open(const char *path);

#endif
