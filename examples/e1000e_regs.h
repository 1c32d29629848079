/* SPDX-License-Identifier: MIT */
/*
 * Registers and descriptors of Intel's 82574L, which QEMU calls e1000e, as far as a
 * small driver needs them. Section numbers are those of Intel's 82574 GbE Controller
 * Family datasheet, revision 3.4. All numbers are little-endian.
 */
#ifndef E1000E_REGS_H
#define E1000E_REGS_H

#include <stdint.h>

/* 10.2.2: general registers, in BAR 0 */
#define E1000E_CTRL 0x0000
#define E1000E_CTRL_LINK_UP 0x00000040
#define E1000E_CTRL_RESET 0x04000000
#define E1000E_STATUS 0x0008
#define E1000E_STATUS_LINK 0x00000002
#define E1000E_CTRL_EXT 0x0018
/* What clears a cause does not clear its mask. */
#define E1000E_CTRL_EXT_KEEP_MASK 0x08000000

/* 10.2.4: interrupts */
#define E1000E_ICR 0x00c0 /* causes; reading clears them */
#define E1000E_ICS 0x00c8 /* raises them */
#define E1000E_IMS 0x00d0 /* enables them */
#define E1000E_IMC 0x00d8 /* disables them */
#define E1000E_EIAC 0x00dc /* those that a message clears */
#define E1000E_IVAR 0x00e4
/* Causes: of the first queues; with a message of their own if IVAR says so */
#define E1000E_CAUSE_RX 0x00100000
#define E1000E_CAUSE_TX 0x00400000
/* And those that INTx and MSI have: a descriptor written back, a frame received */
#define E1000E_CAUSE_OLD_TX 0x00000001
#define E1000E_CAUSE_OLD_RX 0x00000080
/* Vectors of the first queues: four bits each, the highest says "valid". */
#define E1000E_IVAR_RX(vector) (0x8u | (vector))
#define E1000E_IVAR_TX(vector) ((0x8u | (vector)) << 8)

/* 10.2.5: receive; the first queue */
#define E1000E_RCTL 0x0100
#define E1000E_RCTL_ENABLE 0x00000002
#define E1000E_RCTL_LOOPBACK 0x00000040 /* what is sent is received */
#define E1000E_RCTL_STRIP_CRC 0x04000000 /* buffers are of 2048 bytes */
#define E1000E_RDBAL 0x2800
#define E1000E_RDBAH 0x2804
#define E1000E_RDLEN 0x2808 /* bytes; a multiple of 128 */
#define E1000E_RDH 0x2810
#define E1000E_RDT 0x2818
#define E1000E_RAL 0x5400 /* the address */
#define E1000E_RAH 0x5404

/* 10.2.6: transmit; the first queue */
#define E1000E_TCTL 0x0400
#define E1000E_TCTL_ENABLE 0x00000002
#define E1000E_TCTL_PAD 0x00000008
#define E1000E_TDBAL 0x3800
#define E1000E_TDBAH 0x3804
#define E1000E_TDLEN 0x3808
#define E1000E_TDH 0x3810
#define E1000E_TDT 0x3818

#define E1000E_BUFFER 2048

/**
 * struct e1000e_rx - a receive descriptor (7.1, legacy format)
 * @addr: Where the frame goes
 * @length: Bytes of it, written by the device
 * @checksum: Of its content
 * @status: E1000E_DONE once the device has written it
 * @errors: 0 for none
 * @vlan: Not used here
 */
struct e1000e_rx {
	uint64_t addr;
	uint16_t length;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t vlan;
};

/**
 * struct e1000e_tx - a transmit descriptor (7.2, legacy format)
 * @addr: Where the frame is
 * @length: Bytes of it
 * @checksum_offset: Not used here
 * @command: E1000E_TX_*
 * @status: E1000E_DONE once it has been sent
 * @checksum_start: Not used here
 * @vlan: Not used here
 */
struct e1000e_tx {
	uint64_t addr;
	uint16_t length;
	uint8_t checksum_offset;
	uint8_t command;
	uint8_t status;
	uint8_t checksum_start;
	uint16_t vlan;
};

#define E1000E_DONE 0x01
#define E1000E_TX_END 0x01 /* the frame ends here */
#define E1000E_TX_CRC 0x02 /* add the checksum of the frame */
#define E1000E_TX_REPORT 0x08 /* write the status back */

_Static_assert(sizeof(struct e1000e_rx) == 16, "7.1: 16 bytes");
_Static_assert(sizeof(struct e1000e_tx) == 16, "7.2: 16 bytes");

#endif
