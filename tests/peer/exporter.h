/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_PEER_EXPORTER_H
#define HPDMA_PEER_EXPORTER_H

struct peer_call;
struct peer_stats;

int peer_export(struct peer_call *call);
void peer_stats(struct peer_stats *stats);

#endif
