// SPDX-License-Identifier: MIT
/*
 * The NUMA memory policy of the calling thread, changed for a moment.
 *
 * get_mempolicy() returns the mode with its flags and, for the modes that keep
 * it, the set of nodes as the user gave it: handing both back restores the
 * policy exactly.
 */
#include <errno.h>
#include <string.h>

#include <linux/mempolicy.h>

#include "policy.h"

int hpdma_policy_bind(const struct hpdma_sys *sys, uint32_t node,
		      struct hpdma_policy *saved)
{
	unsigned long nodes[HPDMA_POLICY_NODES / HPDMA_POLICY_LONG_BITS];
	int ret;

	memset(saved, 0, sizeof(*saved));
	if (node >= HPDMA_POLICY_NODES)
		return -EINVAL;

	ret = sys->get_policy(&saved->mode, saved->nodes, HPDMA_POLICY_NODES);
	if (ret == -ENOSYS)
		return 0;
	if (ret)
		return ret;

	memset(nodes, 0, sizeof(nodes));
	nodes[node / HPDMA_POLICY_LONG_BITS] =
		1ul << (node % HPDMA_POLICY_LONG_BITS);
	ret = sys->set_policy(MPOL_BIND, nodes, HPDMA_POLICY_NODES);
	if (ret)
		return ret;

	saved->bound = true;
	return 0;
}

int hpdma_policy_restore(const struct hpdma_sys *sys,
			 const struct hpdma_policy *saved)
{
	if (!saved->bound)
		return 0;
	return sys->set_policy(saved->mode, saved->nodes, HPDMA_POLICY_NODES);
}
