/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Registers in BAR 2 of the mvgpu device.
 *
 * Page 0 is the register BAR of QEMU's bochs-display (QEMU, docs/specs/standard-vga.rst); page 1 is
 * mvgpu's own.  All registers are little endian.  A register may be accessed with any width; bytes
 * that an access does not carry keep their value.  What no register covers reads as zero and
 * ignores writes.
 *
 * Pages 2 and 3 are memory that the driver and the device share, which a VMM maps into the guest:
 * tails, written by the driver, and status, written by the device.
 */
#ifndef MVGPU_REGS_H
#define MVGPU_REGS_H

/* Page 0: the bochs-display window */
#define MVGPU_EDID_OFFSET		0x000	/* read only, EDID 1.4 without extensions */
#define MVGPU_EDID_SIZE			0x80
#define MVGPU_EDID_MAX			0x400	/* room up to the next window */
#define MVGPU_VGA_OFFSET		0x400	/* VGA ports 0x3c0 to 0x3df: no VGA behind them */
#define MVGPU_DISPI_OFFSET		0x500	/* 16-bit registers, in the order of their index */
#define MVGPU_QEXT_OFFSET		0x600

enum mvgpu_dispi {
	MVGPU_DISPI_ID,
	MVGPU_DISPI_XRES,
	MVGPU_DISPI_YRES,
	MVGPU_DISPI_BPP,
	MVGPU_DISPI_ENABLE,
	MVGPU_DISPI_BANK,
	MVGPU_DISPI_VIRT_WIDTH,
	MVGPU_DISPI_VIRT_HEIGHT,
	MVGPU_DISPI_X_OFFSET,
	MVGPU_DISPI_Y_OFFSET,
	MVGPU_DISPI_VIDEO_MEMORY_64K,
	MVGPU_DISPI_COUNT
};

#define MVGPU_DISPI_REG(index)		(MVGPU_DISPI_OFFSET + 2 * (index))
#define MVGPU_DISPI_ID_VALUE		0xb0c5
#define MVGPU_DISPI_ENABLED		0x01
#define MVGPU_DISPI_LFB_ENABLED		0x40

/* Both read only: the bytes of the extension, the byte order of pixels (one order only). */
#define MVGPU_QEXT_SIZE			(MVGPU_QEXT_OFFSET + 0x0)
#define MVGPU_QEXT_SIZE_VALUE		8
#define MVGPU_QEXT_ENDIAN		(MVGPU_QEXT_OFFSET + 0x4)
#define MVGPU_QEXT_ENDIAN_LITTLE	0x1e1e1e1eu
#define MVGPU_QEXT_ENDIAN_BIG		0xbebebebeu	/* other devices: ignored here */

/* Page 1: control registers, 32 bits each */
#define MVGPU_CTRL_OFFSET		0x1000
#define MVGPU_TRAPPED_SIZE		0x2000	/* pages 0 and 1 */

/* RO: MVGPU_ID_VALUE */
#define MVGPU_REG_ID			(MVGPU_CTRL_OFFSET + 0x00)
/* RO: MVGPU_VERSION_VALUE */
#define MVGPU_REG_VERSION		(MVGPU_CTRL_OFFSET + 0x04)
/* RW: for the driver; zero after a reset */
#define MVGPU_REG_SCRATCH		(MVGPU_CTRL_OFFSET + 0x08)
/* RO: MVGPU_FEATURE_* */
#define MVGPU_REG_FEATURES		(MVGPU_CTRL_OFFSET + 0x0c)
/* RO: causes that are pending */
#define MVGPU_REG_INTR_STATUS		(MVGPU_CTRL_OFFSET + 0x10)
/* RW: causes that interrupt while they are pending */
#define MVGPU_REG_INTR_ENABLE		(MVGPU_CTRL_OFFSET + 0x14)
/* WO: one bits clear causes */
#define MVGPU_REG_INTR_ACK		(MVGPU_CTRL_OFFSET + 0x18)
/* WO: one bits set causes */
#define MVGPU_REG_INTR_RAISE		(MVGPU_CTRL_OFFSET + 0x1c)

/* RO: rings that the device has, 1 to MVGPU_MAX_RINGS */
#define MVGPU_REG_NUM_RINGS		(MVGPU_CTRL_OFFSET + 0x20)
/* RW: guest address of the GART, a multiple of 64; low half, high half */
#define MVGPU_REG_GART_BASE_LO		(MVGPU_CTRL_OFFSET + 0x40)
#define MVGPU_REG_GART_BASE_HI		(MVGPU_CTRL_OFFSET + 0x44)
/* RW: entries of the GART; more than MVGPU_GART_MAX_ENTRIES are as many as that */
#define MVGPU_REG_GART_ENTRIES		(MVGPU_CTRL_OFFSET + 0x48)
/* WO: any value: use base and entries as they are now, forget all translations */
#define MVGPU_REG_GART_INVALIDATE	(MVGPU_CTRL_OFFSET + 0x4c)

/* The registers of ring n */
#define MVGPU_RING_OFFSET		(MVGPU_CTRL_OFFSET + 0x100)
#define MVGPU_RING_STRIDE		0x40
#define MVGPU_REG_RING(n, reg)		(MVGPU_RING_OFFSET + (n) * MVGPU_RING_STRIDE + (reg))
/* RW: MVGPU_RING_CTRL_* */
#define MVGPU_RING_CTRL			0x00
/* RO: MVGPU_RING_STATE_* */
#define MVGPU_RING_STATE		0x04
/* RW: where the ring is, a multiple of 64; low half, high half */
#define MVGPU_RING_BASE_LO		0x08
#define MVGPU_RING_BASE_HI		0x0c
/* RW: log2 of its number of commands, MVGPU_RING_MIN_ORDER to MVGPU_RING_MAX_ORDER */
#define MVGPU_RING_ORDER		0x10
/* WO: any value: look at the tail */
#define MVGPU_RING_KICK			0x14
/* RW: how many interrupts of fences may be held back, 0 to 255, while there is more to do */
#define MVGPU_RING_COALESCE		0x18
/* RO: MVGPU_ERROR_*: why the ring has stopped */
#define MVGPU_RING_ERROR		0x20
/* RO: the index of the command that was to blame */
#define MVGPU_RING_ERROR_HEAD		0x24
/* RO: the address that was to blame, where one was; low half, high half */
#define MVGPU_RING_ERROR_ADDR_LO	0x28
#define MVGPU_RING_ERROR_ADDR_HI	0x2c

#define MVGPU_RING_CTRL_ENABLE		0x1
/* MVGPU_MEM_*: in which memory the ring is */
#define MVGPU_RING_CTRL_MEM_SHIFT	4
#define MVGPU_RING_CTRL_MEM_MASK	0x30

#define MVGPU_RING_STATE_OFF		0
#define MVGPU_RING_STATE_ON		1
#define MVGPU_RING_STATE_STOPPING	2	/* disabled; a command is still being left */
#define MVGPU_RING_STATE_ERROR		3	/* stopped; to be disabled and enabled again */

#define MVGPU_ERROR_NONE		0
#define MVGPU_ERROR_RING		1	/* base, order or memory make no sense */
#define MVGPU_ERROR_TAIL		2	/* the tail is not an index of the ring */
#define MVGPU_ERROR_COMMAND		3	/* unknown, or a field has what it cannot have */
#define MVGPU_ERROR_RANGE		4	/* not in VRAM, wraps, or is not aligned */
#define MVGPU_ERROR_GART		5	/* no valid, or no writable, entry */
#define MVGPU_ERROR_DMA			6	/* no such guest memory */
#define MVGPU_ERROR_TIMEOUT		7	/* the command ran for too long */

#define MVGPU_MAX_RINGS			4
#define MVGPU_RING_MIN_ORDER		1
#define MVGPU_RING_MAX_ORDER		12

#define MVGPU_FEATURE_ENGINE		0x1	/* rings, pages 2 and 3 */
#define MVGPU_FEATURE_GART		0x2

#define MVGPU_GART_MAX_ENTRIES		0x100000u
/* An entry, 64 bits: the address of a guest page, and */
#define MVGPU_GART_VALID		0x1
#define MVGPU_GART_WRITABLE		0x2
#define MVGPU_GART_RESERVED		0xffcull	/* 0, or the entry is not valid */
#define MVGPU_GART_ADDRESS		0xfffffffffffff000ull

#define MVGPU_SHARED_SIZE		0x2000	/* pages 2 and 3 */

/* Page 2: the tail of ring n, 32 bits: the index behind the last command that is there to be run */
#define MVGPU_TAILS_OFFSET		0x2000
#define MVGPU_SHARED_STRIDE		0x40
#define MVGPU_TAIL(n)			(MVGPU_TAILS_OFFSET + (n) * MVGPU_SHARED_STRIDE)

/* Page 3: of ring n, the value of its last fence, 64 bits; */
#define MVGPU_STATUS_OFFSET		0x3000
#define MVGPU_STATUS_FENCE(n)		(MVGPU_STATUS_OFFSET + (n) * MVGPU_SHARED_STRIDE)
/* the index of the first command that is not done, 32 bits; */
#define MVGPU_STATUS_HEAD(n)		(MVGPU_STATUS_FENCE(n) + 0x8)
/* and whether a new tail needs a kick, 32 bits, 0 or 1 */
#define MVGPU_STATUS_NEED_KICK(n)	(MVGPU_STATUS_FENCE(n) + 0xc)

#define MVGPU_ID_VALUE			0x5047564du	/* "MVGP" in memory order */
#define MVGPU_VERSION_VALUE		0x00010001u	/* major << 16 | minor */

/* Cause n interrupts through vector n, or through vector 0 where there is no vector n. */
#define MVGPU_NUM_CAUSES		8
#define MVGPU_CAUSE_MASK		((1u << MVGPU_NUM_CAUSES) - 1)
/* Causes that the device itself raises; the others are the driver's. */
#define MVGPU_CAUSE_RING(n)		(1u << (n))	/* a fence of ring n that interrupts */
#define MVGPU_CAUSE_DISPLAY		0x10u
#define MVGPU_CAUSE_ERROR		0x20u		/* a ring has stopped */

#endif /* MVGPU_REGS_H */
