// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings and frames; see e1000e_net.h. Section numbers are those of the datasheet that
 * e1000e_regs.h names.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "e1000e_net.h"
#include "pci.c"

#define NET_TIMEOUT_MS 10000

static uint32_t net_read(const struct net *net, unsigned int reg)
{
	return *(volatile uint32_t *)(net->regs + reg);
}

static void net_write(const struct net *net, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(net->regs + reg) = value;
}

/* 4.6: reset, interrupts off */
static void net_reset(struct net *net)
{
	net_write(net, E1000E_IMC, UINT32_MAX);
	net_write(net, E1000E_CTRL, E1000E_CTRL_RESET);
	sleep_ms(5);
	net_write(net, E1000E_IMC, UINT32_MAX);
	net_read(net, E1000E_ICR);
}

static void net_read_mac(struct net *net)
{
	uint32_t low = net_read(net, E1000E_RAL);
	uint32_t high = net_read(net, E1000E_RAH);

	memcpy(net->mac, &low, 4);
	memcpy(net->mac + 4, &high, 2);
}

static int net_map_bar(struct net *net)
{
	struct hpdma_ioc_dev_info info;
	int ret = dev_info(net->dev, &info);
	void *bar;

	if (ret)
		return ret;
	bar = mmap(NULL, info.out_bar_size[0], PROT_READ | PROT_WRITE,
		   MAP_SHARED, net->dev, 0);
	if (bar == MAP_FAILED)
		return -errno;
	net->regs = bar;
	net->length = info.out_bar_size[0];
	return 0;
}

static int net_make_rings(struct net *net, int mem)
{
	int ret =
		block_make(&net->rings, mem, HPDMA_BACKING_CONTIG, 2 * PAGE, 0);
	uint64_t addr;

	if (ret)
		return ret;
	net->map = dev_map(net->dev, net->rings.id, 0, 0);
	if (net->map < 0)
		return net->map;
	addr = dev_address(net->dev, net->map);
	net->rx = (void *)net->rings.data;
	net->tx = (void *)(net->rings.data + PAGE);
	net_write(net, E1000E_RDBAL, addr);
	net_write(net, E1000E_RDBAH, addr >> 32);
	net_write(net, E1000E_RDLEN, NET_RING * sizeof(*net->rx));
	net_write(net, E1000E_RDH, 0);
	net_write(net, E1000E_RDT, 0);
	addr += PAGE;
	net_write(net, E1000E_TDBAL, addr);
	net_write(net, E1000E_TDBAH, addr >> 32);
	net_write(net, E1000E_TDLEN, NET_RING * sizeof(*net->tx));
	net_write(net, E1000E_TDH, 0);
	net_write(net, E1000E_TDT, 0);
	return 0;
}

int net_open(struct net *net, unsigned int nth, int mem)
{
	int ret;

	memset(net, 0, sizeof(*net));
	net->dev = -1;
	ret = pci_find(&net->pci, 0x8086, 0x10d3, nth);
	if (ret)
		return ret;
	net->dev = open(net->pci.node, O_RDWR | O_CLOEXEC);
	if (net->dev < 0)
		return -errno;
	ret = dev_attach(net->dev, mem, 64);
	if (!ret)
		ret = net_map_bar(net);
	if (!ret) {
		net_reset(net);
		net_read_mac(net);
		ret = net_make_rings(net, mem);
	}
	if (ret)
		net_close(net);
	return ret;
}

void net_close(struct net *net)
{
	if (net->regs) {
		net_reset(net);
		munmap((void *)net->regs, net->length);
	}
	if (net->dev >= 0)
		close(net->dev);
	if (net->rings.data)
		block_drop(&net->rings);
	net->regs = NULL;
	net->dev = -1;
}

int net_start(struct net *net, bool loopback)
{
	double end = now_ms() + NET_TIMEOUT_MS;

	net_write(net, E1000E_CTRL, E1000E_CTRL_LINK_UP);
	net_write(net, E1000E_RCTL,
		  E1000E_RCTL_ENABLE | E1000E_RCTL_STRIP_CRC |
			  (loopback ? E1000E_RCTL_LOOPBACK : 0));
	net_write(net, E1000E_TCTL, E1000E_TCTL_ENABLE | E1000E_TCTL_PAD);
	while (!(net_read(net, E1000E_STATUS) & E1000E_STATUS_LINK)) {
		if (now_ms() > end)
			return -ETIMEDOUT;
		sleep_ms(1);
	}
	return 0;
}

bool net_offer(struct net *net, uint64_t addr)
{
	unsigned int next = (net->rx_tail + 1) % NET_RING;

	if (next == net->rx_next)
		return false;
	net->rx[net->rx_tail].addr = addr;
	net->rx[net->rx_tail].status = 0;
	net->rx_tail = next;
	/* The descriptor is in memory before the device hears of it. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	net_write(net, E1000E_RDT, next);
	return true;
}

int net_receive(struct net *net)
{
	volatile struct e1000e_rx *rx = &net->rx[net->rx_next];

	if (net->rx_next == net->rx_tail || !(rx->status & E1000E_DONE))
		return -EAGAIN;
	/* The frame was written before the status. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	net->rx_next = (net->rx_next + 1) % NET_RING;
	return rx->errors ? -EIO : rx->length;
}

bool net_send(struct net *net, uint64_t addr, unsigned int length)
{
	volatile struct e1000e_tx *tx = &net->tx[net->tx_tail];
	unsigned int next = (net->tx_tail + 1) % NET_RING;

	if (next == net->tx_next)
		return false;
	tx->addr = addr;
	tx->length = length;
	tx->command = E1000E_TX_END | E1000E_TX_CRC | E1000E_TX_REPORT;
	tx->status = 0;
	net->tx_tail = next;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	net_write(net, E1000E_TDT, next);
	return true;
}

unsigned int net_sent(struct net *net)
{
	unsigned int sent = 0;

	while (net->tx_next != net->tx_tail &&
	       net->tx[net->tx_next].status & E1000E_DONE) {
		net->tx_next = (net->tx_next + 1) % NET_RING;
		sent++;
	}
	return sent;
}

void net_use_vectors(struct net *net)
{
	uint32_t causes = E1000E_CAUSE_RX | E1000E_CAUSE_TX;

	net_write(net, E1000E_IVAR,
		  E1000E_IVAR_RX(NET_VECTOR_RX) |
			  E1000E_IVAR_TX(NET_VECTOR_TX));
	net_write(net, E1000E_EIAC, causes);
	net_write(net, E1000E_CTRL_EXT, E1000E_CTRL_EXT_KEEP_MASK);
	net_write(net, E1000E_IMS, causes);
}
