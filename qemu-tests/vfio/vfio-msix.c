// SPDX-License-Identifier: GPL-2.0-only
/*
 * BAR 4: the MSI-X table and the pending bits, as the device itself has them (a VMM may
 * put its own in their place).
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "mvgpu_pci.h"
#include "sweep.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define MSIX	VFIO_PCI_BAR4_REGION_INDEX

static void test_reset_values(struct vdev *vdev, const char *when)
{
	uint8_t image[MVGPU_MSIX_SIZE], want[MVGPU_MSIX_SIZE] = { 0 };
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		want[MVGPU_MSIX_TABLE + i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL] =
			PCI_MSIX_ENTRY_CTRL_MASKBIT;
	vdev_must_read(vdev, MSIX, image, sizeof(image), 0);
	tap_ok(!memcmp(image, want, sizeof(want)), "%s: all vectors are masked, all else is 0",
	       when);
}

static void set_writable(struct sweep *sweep)
{
	static const uint8_t entry[PCI_MSIX_ENTRY_SIZE] = {
		0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		PCI_MSIX_ENTRY_CTRL_MASKBIT, 0, 0, 0
	};
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		memcpy(sweep->writable + MVGPU_MSIX_TABLE + i * sizeof(entry), entry,
		       sizeof(entry));
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	struct sweep sweep;

	rnd_init();
	test_reset_values(vdev, "at first");
	sweep_init(&sweep, vdev, MSIX, "MSI-X table");
	tap_is(sweep.size, MVGPU_MSIX_SIZE, "size of BAR 4");
	sweep_bounds(&sweep);
	sweep_read(&sweep);
	sweep_write_same(&sweep);
	set_writable(&sweep);
	sweep_write_random(&sweep);
	sweep_fini(&sweep);
	vdev->ops->reset(vdev);
	test_reset_values(vdev, "after a reset");
	vdev_close(vdev);
	return tap_done();
}
