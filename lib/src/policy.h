/* SPDX-License-Identifier: MIT */
/*
 * The NUMA memory policy of the calling thread, changed for a moment.
 */
#ifndef HPDMA_SRC_POLICY_H
#define HPDMA_SRC_POLICY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

/* No kernel is built with more nodes. */
#define HPDMA_POLICY_NODES 1024
#define HPDMA_POLICY_LONG_BITS (sizeof(unsigned long) * CHAR_BIT)

/**
 * struct hpdma_policy - what to put back
 * @mode: Mode with its flags
 * @bound: There is something to put back
 * @nodes: Set of nodes
 */
struct hpdma_policy {
	int mode;
	bool bound;
	unsigned long nodes[HPDMA_POLICY_NODES / HPDMA_POLICY_LONG_BITS];
};

/**
 * hpdma_policy_bind() - take memory from one node only
 * @sys: System calls
 * @node: The node
 * @saved: Receives the policy to put back
 *
 * On a kernel without NUMA this does nothing; the module still verifies the node.
 *
 * Return: 0 or a negative errno.
 */
int hpdma_policy_bind(const struct hpdma_sys *sys, uint32_t node,
		      struct hpdma_policy *saved);

/**
 * hpdma_policy_restore() - put the policy back
 * @sys: System calls
 * @saved: The policy
 *
 * Return: 0 or a negative errno.
 */
int hpdma_policy_restore(const struct hpdma_sys *sys,
			 const struct hpdma_policy *saved);

#endif /* HPDMA_SRC_POLICY_H */
