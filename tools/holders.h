/* SPDX-License-Identifier: MIT */
/*
 * Which processes hold a device node: by an open file, a mapping, or, for
 * hpdma's own nodes, an exported buffer. Only root sees everyone's.
 */
#ifndef HPDMACTL_HOLDERS_H
#define HPDMACTL_HOLDERS_H

/* Say the holders of one node, such as /dev/hpdma0; how many there are */
int holders_say(const char *node);

/* Say the holders of /dev/hpdma, every /dev/hpdmaN and every buffer */
int holders_say_all(void);

#endif
