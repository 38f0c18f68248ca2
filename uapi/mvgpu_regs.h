/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Registers in BAR 2 of the mvgpu device.
 *
 * Page 0 is the register BAR of QEMU's bochs-display (QEMU, docs/specs/standard-vga.rst); page 1 is
 * mvgpu's own.  All registers are little endian.  A register may be accessed with any width; bytes
 * that an access does not carry keep their value.  What no register covers reads as zero and
 * ignores writes.
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
/* RO: MVGPU_ID_VALUE */
#define MVGPU_REG_ID			(MVGPU_CTRL_OFFSET + 0x00)
/* RO: MVGPU_VERSION_VALUE */
#define MVGPU_REG_VERSION		(MVGPU_CTRL_OFFSET + 0x04)
/* RW: for the driver; zero after a reset */
#define MVGPU_REG_SCRATCH		(MVGPU_CTRL_OFFSET + 0x08)
/* RO: causes that are pending */
#define MVGPU_REG_INTR_STATUS		(MVGPU_CTRL_OFFSET + 0x10)
/* RW: causes that interrupt while they are pending */
#define MVGPU_REG_INTR_ENABLE		(MVGPU_CTRL_OFFSET + 0x14)
/* WO: one bits clear causes */
#define MVGPU_REG_INTR_ACK		(MVGPU_CTRL_OFFSET + 0x18)
/* WO: one bits set causes */
#define MVGPU_REG_INTR_RAISE		(MVGPU_CTRL_OFFSET + 0x1c)

#define MVGPU_ID_VALUE			0x5047564du	/* "MVGP" in memory order */
#define MVGPU_VERSION_VALUE		0x00010000u	/* major << 16 | minor */

/* Cause n interrupts through vector n, or through vector 0 where there is no vector n. */
#define MVGPU_NUM_CAUSES		8
#define MVGPU_CAUSE_MASK		((1u << MVGPU_NUM_CAUSES) - 1)

#endif /* MVGPU_REGS_H */
