/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's e1000e (Intel 82574L) as a network adapter over the raw contract: one ring
 * to send and one to receive, in hpdma's memory. For one thread.
 *
 * A program includes e1000e_net.c after dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_E1000E_NET_H
#define HPDMA_SELFTESTS_E1000E_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "dev_common.h"
#include "e1000e_regs.h"
#include "pci.h"

/* Descriptors of each ring; one less can be with the device. */
#define NET_RING 64
#define NET_MAX_FRAME 1514
#define NET_VECTOR_RX 0
#define NET_VECTOR_TX 1

/**
 * struct net - an adapter
 * @pci: Which function
 * @dev: Its file, attached with 64 address bits
 * @regs: Its BAR 0
 * @length: Bytes of it
 * @mac: Its address
 * @rings: Both rings, a page for each
 * @map: Mapping of @rings
 * @rx: Descriptors to receive
 * @tx: Descriptors to send
 * @rx_next: The next one that will be received into
 * @rx_tail: The next one to be given to the device
 * @tx_next: The next one that will have been sent
 * @tx_tail: The next one to send by
 */
struct net {
	struct pci pci;
	int dev;
	volatile uint8_t *regs;
	uint64_t length;
	uint8_t mac[6];
	struct block rings;
	int map;
	volatile struct e1000e_rx *rx;
	volatile struct e1000e_tx *tx;
	unsigned int rx_next;
	unsigned int rx_tail;
	unsigned int tx_next;
	unsigned int tx_tail;
};

/*
 * Opens adapter number @nth, attaches it to a file of /dev/hpdma, and resets it; it has
 * its rings and does nothing. Return: 0 or -errno, as rig_open().
 */
int net_open(struct net *net, unsigned int nth, int mem);
/* Stops it and closes its file. */
void net_close(struct net *net);
/* Send and receive; with @loopback what it sends is received by itself. */
int net_start(struct net *net, bool loopback);

/* Give the device a buffer of E1000E_BUFFER bytes. Return: false if it has enough. */
bool net_offer(struct net *net, uint64_t addr);
/*
 * Takes the oldest frame. Return: its bytes, in the buffer offered first; -EAGAIN: none
 * has come; -EIO: a bad one.
 */
int net_receive(struct net *net);
/* Hands over a frame. Return: false if too many are on their way. */
bool net_send(struct net *net, uint64_t addr, unsigned int length);
/* Return: how many frames have been sent since it was asked last. */
unsigned int net_sent(struct net *net);

/* Vectors NET_VECTOR_RX and NET_VECTOR_TX of MSI-X have their causes. */
void net_use_vectors(struct net *net);

#endif
