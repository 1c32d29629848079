/* SPDX-License-Identifier: MIT */
/*
 * libhpdma - a library without fault
 */
#ifndef HPDMA_H
#define HPDMA_H

#define HPDMA_API

/**
 * hpdma_open() - open it
 * @path: Where
 *
 * Return: a file descriptor.
 */
HPDMA_API int hpdma_open(const char *path);

#endif
