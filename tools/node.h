/* SPDX-License-Identifier: MIT */
/* /dev/hpdma, as the subcommands that ask the module use it. */
#ifndef HPDMACTL_NODE_H
#define HPDMACTL_NODE_H

#define NODE "/dev/hpdma"

/* A descriptor; or -1, after it was said why there is none */
int node_open(void);

#endif
