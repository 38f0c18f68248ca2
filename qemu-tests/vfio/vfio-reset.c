// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_RESET: everything is as at first afterwards, whatever was done before.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX
#define ROUNDS	50

static const struct {
	unsigned int region;
	size_t size;
	const char *name;
} images[] = {
	{ VFIO_PCI_CONFIG_REGION_INDEX, MVGPU_PCI_CONFIG_SIZE, "config space" },
	{ VFIO_PCI_BAR2_REGION_INDEX, MVGPU_REGS_SIZE, "registers" },
	{ VFIO_PCI_BAR4_REGION_INDEX, MVGPU_MSIX_SIZE, "MSI-X table" },
};

/* Random bytes all over; the power state and the function's own reset are left alone. */
static void scribble(struct vdev *vdev)
{
	unsigned int pm = vdev_find_cap(vdev, PCI_CAP_ID_PM) + PCI_PM_CTRL;
	unsigned int flr = vdev_find_cap(vdev, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL + 1;
	unsigned int i, offset;
	uint8_t data[64];

	for (i = 0; i < ARRAY_SIZE(images); i++) {
		for (offset = 0; offset < images[i].size; offset++) {
			if (images[i].region == CONFIG && (offset == pm || offset == flr))
				continue;
			vdev_write8(vdev, images[i].region, offset, rnd());
		}
	}
	for (offset = 0; offset < 16u << 20; offset += 1u << 20) {
		rnd_fill(data, sizeof(data));
		vdev_must_write(vdev, VFIO_PCI_BAR0_REGION_INDEX, data, sizeof(data), offset);
	}
}

static bool vram_is_zero(struct vdev *vdev)
{
	unsigned int offset;

	for (offset = 0; offset < 16u << 20; offset += 1u << 20)
		if (vdev_read32(vdev, VFIO_PCI_BAR0_REGION_INDEX, offset))
			return false;
	return true;
}

static void test_images(struct vdev *vdev)
{
	uint8_t *first[ARRAY_SIZE(images)], now[MVGPU_REGS_SIZE];
	unsigned int i, round, wrong[ARRAY_SIZE(images)] = { 0 }, dirty = 0;

	for (i = 0; i < ARRAY_SIZE(images); i++) {
		first[i] = malloc(images[i].size);
		vdev_must_read(vdev, images[i].region, first[i], images[i].size, 0);
	}
	for (round = 0; round < ROUNDS; round++) {
		scribble(vdev);
		if (vdev->ops->reset(vdev))
			tap_bail("reset failed");
		for (i = 0; i < ARRAY_SIZE(images); i++) {
			vdev_must_read(vdev, images[i].region, now, images[i].size, 0);
			wrong[i] += memcmp(now, first[i], images[i].size) != 0;
		}
		dirty += !vram_is_zero(vdev);
	}
	for (i = 0; i < ARRAY_SIZE(images); i++) {
		tap_is(wrong[i], 0, "%s: as at first after each of %u resets", images[i].name,
		       ROUNDS);
		free(first[i]);
	}
	tap_is(dirty, 0, "VRAM: zero after each of them");
}

static void test_intx(struct vdev *vdev)
{
	const uint32_t unmask = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK;
	int fd = efd_new();

	vdev_set_eventfds(vdev, INTX, 0, 1, &fd);
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	efd_take(fd);
	tap_ret(vdev->ops->reset(vdev), 0, "reset with INTx asserted");
	tap_ok(!(vdev_read16(vdev, CONFIG, PCI_STATUS) & PCI_STATUS_INTERRUPT),
	       "INTx: the line is low after a reset");
	vdev_set_irqs(vdev, unmask, INTX, 0, 1, NULL, 0);
	tap_is(efd_take(fd), 0, "INTx: unmasking it signals nothing");
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "INTx: the eventfd is still set");
	vdev_irq_disable(vdev, INTX);
	vdev->ops->reset(vdev);
}

/* Masks and pending bits go, and with them that the table was ever used. */
static void test_msix(struct vdev *vdev)
{
	int fd = efd_new();

	mv_enable_causes(vdev, ~0u);
	vdev_set_eventfds(vdev, MSIX, 0, 1, &fd);
	mv_msix_mask(vdev, 0, true);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "MSI-X: a masked vector keeps quiet");
	vdev->ops->reset(vdev);
	mv_msix_mask(vdev, 0, false);
	tap_is(efd_take(fd), 0, "MSI-X: what was pending is gone after a reset");
	vdev->ops->reset(vdev);
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "MSI-X: masks do not count until the table is written");
	vdev_irq_disable(vdev, MSIX);
	vdev->ops->reset(vdev);
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);

	rnd_init();
	tap_ret(vdev->ops->reset(vdev), 0, "reset of an untouched device");
	test_images(vdev);
	test_intx(vdev);
	test_msix(vdev);
	vdev_close(vdev);
	return tap_done();
}
