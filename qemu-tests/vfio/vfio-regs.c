// SPDX-License-Identifier: GPL-2.0-only
/*
 * BAR 2: the bochs-display window, the control registers and the shared pages, every width at
 * every offset.
 */
#include <string.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "sweep.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define REGS		VFIO_PCI_BAR2_REGION_INDEX

/* What a big-endian driver writes to QEMU's bochs-display. */
#define QEXT_ENDIAN_BIG	0xbebebebeu

static uint32_t reg(struct vdev *vdev, unsigned int offset)
{
	return vdev_read32(vdev, REGS, offset);
}

static uint16_t dispi(struct vdev *vdev, enum mvgpu_dispi index)
{
	return vdev_read16(vdev, REGS, MVGPU_DISPI_REG(index));
}

static void test_reset_values(struct vdev *vdev)
{
	uint64_t vram = vdev_region_size(vdev, VFIO_PCI_BAR0_REGION_INDEX);
	unsigned int i, wrong = 0;

	tap_is_hex(dispi(vdev, MVGPU_DISPI_ID), MVGPU_DISPI_ID_VALUE, "dispi ID");
	tap_is_hex(dispi(vdev, MVGPU_DISPI_VIDEO_MEMORY_64K), vram >> 16,
		   "dispi VIDEO_MEMORY_64K is the size of BAR 0");
	for (i = MVGPU_DISPI_XRES; i < MVGPU_DISPI_VIDEO_MEMORY_64K; i++)
		wrong += dispi(vdev, i) != 0;
	tap_is(wrong, 0, "the other dispi registers are 0 at first");
	tap_is(reg(vdev, MVGPU_QEXT_SIZE), MVGPU_QEXT_SIZE_VALUE, "size of the extension");
	tap_is_hex(reg(vdev, MVGPU_QEXT_ENDIAN), MVGPU_QEXT_ENDIAN_LITTLE,
		   "little endian at first");
	tap_is_hex(reg(vdev, MVGPU_REG_ID), MVGPU_ID_VALUE, "ID");
	tap_is_hex(reg(vdev, MVGPU_REG_VERSION), MVGPU_VERSION_VALUE, "VERSION");
	tap_is_hex(reg(vdev, MVGPU_REG_SCRATCH), 0, "SCRATCH is 0 at first");
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_STATUS), 0, "INTR_STATUS is 0 at first");
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_ENABLE), 0, "INTR_ENABLE is 0 at first");
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_ACK), 0, "INTR_ACK reads as 0");
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_RAISE), 0, "INTR_RAISE reads as 0");
}

static void set_writable(struct sweep *sweep, unsigned int offset, unsigned int width,
			 uint32_t bits)
{
	for (; width--; offset++, bits >>= 8)
		sweep->writable[offset] = bits;
}

/* The registers of the mode keep 16 bits each: what the display makes of them is another matter. */
static void set_all_writable(struct sweep *sweep)
{
	unsigned int i;

	for (i = MVGPU_DISPI_XRES; i < MVGPU_DISPI_VIDEO_MEMORY_64K; i++)
		set_writable(sweep, MVGPU_DISPI_REG(i), 2, 0xffff);
	set_writable(sweep, MVGPU_REG_SCRATCH, 4, 0xffffffff);
	set_writable(sweep, MVGPU_REG_INTR_ENABLE, 4, MVGPU_CAUSE_MASK);
	set_writable(sweep, MVGPU_REG_GART_BASE_LO, 4, 0xffffffc0);
	set_writable(sweep, MVGPU_REG_GART_BASE_HI, 4, 0xffffffff);
	set_writable(sweep, MVGPU_REG_GART_ENTRIES, 4, 0xffffffff);
	for (i = 0; i < MVGPU_MAX_RINGS; i++) {
		set_writable(sweep, MVGPU_REG_RING(i, MVGPU_RING_BASE_LO), 4, 0xffffffc0);
		set_writable(sweep, MVGPU_REG_RING(i, MVGPU_RING_BASE_HI), 4, 0xffffffff);
		set_writable(sweep, MVGPU_REG_RING(i, MVGPU_RING_ORDER), 4, 0xffffffff);
		set_writable(sweep, MVGPU_REG_RING(i, MVGPU_RING_COALESCE), 4, 0xff);
	}
	memset(sweep->writable + MVGPU_TAILS_OFFSET, 0xff, MVGPU_SHARED_SIZE);
}

/* What acts on what is written to it. */
static void set_avoid(uint8_t *avoid)
{
	unsigned int i;

	memset(avoid + MVGPU_REG_INTR_ACK, 1, 4);
	memset(avoid + MVGPU_REG_INTR_RAISE, 1, 4);
	for (i = 0; i < MVGPU_MAX_RINGS; i++) {
		memset(avoid + MVGPU_REG_RING(i, MVGPU_RING_CTRL), 1, 4);
		memset(avoid + MVGPU_REG_RING(i, MVGPU_RING_KICK), 1, 4);
	}
}

static void test_sweep(struct vdev *vdev)
{
	uint8_t avoid[MVGPU_REGS_SIZE] = { 0 };
	struct sweep sweep;

	sweep_init(&sweep, vdev, REGS, "registers");
	tap_is(sweep.size, MVGPU_REGS_SIZE, "size of BAR 2");
	sweep_bounds(&sweep);
	sweep_read(&sweep);
	set_all_writable(&sweep);
	set_avoid(avoid);
	sweep.avoid = avoid;
	sweep_write_same(&sweep);
	sweep_write_random(&sweep);
	sweep_fini(&sweep);
	vdev->ops->reset(vdev);
	test_reset_values(vdev);
}

static void test_endian(struct vdev *vdev)
{
	vdev_write32(vdev, REGS, MVGPU_QEXT_ENDIAN, QEXT_ENDIAN_BIG);
	tap_is_hex(reg(vdev, MVGPU_QEXT_ENDIAN), MVGPU_QEXT_ENDIAN_LITTLE,
		   "pixels stay little endian");
}

/* Writes of all widths that carry one byte of a register that acts on the ones it is given. */
static void test_causes(struct vdev *vdev)
{
	unsigned int width, start, bad_raise = 0, bad_ack = 0;
	uint8_t data[8];

	for (width = 1; width <= 8; width++) {
		for (start = MVGPU_REG_INTR_RAISE - width + 1; start <= MVGPU_REG_INTR_RAISE;
		     start++) {
			vdev_write32(vdev, REGS, MVGPU_REG_INTR_ACK, 0xffffffff);
			memset(data, 0, sizeof(data));
			data[MVGPU_REG_INTR_RAISE - start] = 0x5a;
			vdev_must_write(vdev, REGS, data, width, start);
			bad_raise += reg(vdev, MVGPU_REG_INTR_STATUS) != 0x5a;
		}
		for (start = MVGPU_REG_INTR_ACK - width + 1; start <= MVGPU_REG_INTR_ACK; start++) {
			/* ENABLE, before it, is 0 anyway; RAISE, behind it, ignores zeros. */
			vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, 0xff);
			memset(data, 0, sizeof(data));
			data[MVGPU_REG_INTR_ACK - start] = 0x5a;
			vdev_must_write(vdev, REGS, data, width, start);
			bad_ack += reg(vdev, MVGPU_REG_INTR_STATUS) != 0xa5;
		}
	}
	tap_is(bad_raise, 0, "causes are raised by writes of any width that carry them");
	tap_is(bad_ack, 0, "causes are acknowledged by writes of any width that carry them");

	vdev_write32(vdev, REGS, MVGPU_REG_INTR_ACK, 0xffffffff);
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, ~MVGPU_CAUSE_MASK);
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_STATUS), 0, "causes that there are not stay away");
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_STATUS, 0xffffffff);
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_STATUS), 0, "INTR_STATUS cannot be written");
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, 0x81);
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, 0x02);
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_STATUS), 0x83, "causes add up");
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_ENABLE), 0, "causes need not be enabled to be pending");
	vdev->ops->reset(vdev);
	tap_is_hex(reg(vdev, MVGPU_REG_INTR_STATUS), 0, "a reset clears them");
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);

	rnd_init();
	test_reset_values(vdev);
	test_endian(vdev);
	test_causes(vdev);
	test_sweep(vdev);
	vdev_close(vdev);
	return tap_done();
}
