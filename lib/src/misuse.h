/* SPDX-License-Identifier: MIT */
/* Telling the program of its misuse. */
#ifndef HPDMA_SRC_MISUSE_H
#define HPDMA_SRC_MISUSE_H

#include <hpdma/misuse.h>

/* Whom to tell; @tell may be NULL. */
struct hpdma_misuse_to {
	hpdma_misuse_fn tell;
	void *arg;
	const char *where;
};

static inline void hpdma_misuse_tell(const struct hpdma_misuse_to *to,
				     enum hpdma_misuse_kind kind,
				     const void *object, const char *owner)
{
	struct hpdma_misuse misuse = {
		.kind = kind,
		.object = object,
		.where = to->where,
		.owner = owner,
	};

	if (to->tell)
		to->tell(&misuse, to->arg);
}

#endif /* HPDMA_SRC_MISUSE_H */
