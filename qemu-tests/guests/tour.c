// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a vGPU allocate whatever it can: tour UUID
 *
 * Opens the vGPU, uses each of its parts twice with a reset in between, and exits with everything
 * still set up: mappings, eventfds, a pending interrupt, a picture.  What is not freed then is a
 * leak, for leak.py to find.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mvgpu_pci.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define CHUNK		(2u << 20)
#define DMA_SIZE	(1u << 20)
#define SCANOUT		VFIO_PCI_NUM_REGIONS

static void must(int ret, const char *what)
{
	if (ret)
		tap_bail("%s: %s", what, strerror(-ret));
}

static void *must_map(struct vdev *vdev, unsigned int region, size_t len, int prot)
{
	void *map = vdev->ops->map(vdev, region, NULL, len, prot, MAP_SHARED, 0);

	if (map == MAP_FAILED)
		tap_bail("region %u: %m", region);
	return map;
}

/* Chunks by mapping and by write, and one page at a chunk's end. */
static void use_vram(struct vdev *vdev)
{
	volatile char *vram = must_map(vdev, VRAM, MVGPU_VRAM_MIN, PROT_READ | PROT_WRITE);

	vram[0] = 1;
	vram[2 * CHUNK - 1] = 2;
	vdev_write32(vdev, VRAM, 3 * CHUNK, 3);
	madvise((void *)(vram + 4 * CHUNK), CHUNK, MADV_NOHUGEPAGE);
	vram[4 * CHUNK] = 4;
}

static void show(struct vdev *vdev, uint16_t width, uint16_t x)
{
	const struct mv_mode mode = {
		.width = width, .height = 240, .virt_width = 1024, .x = x, .y = 1,
	};
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane), .flags = VFIO_GFX_PLANE_TYPE_REGION, .drm_plane_type = 1,
	};
	volatile char *picture;
	char seen;

	mv_set_mode(vdev, &mode);
	must(vdev->ops->query_plane(vdev, &plane), "QUERY_GFX_PLANE");
	if (plane.width != width || plane.region_index < SCANOUT)
		tap_bail("no picture");
	picture = must_map(vdev, plane.region_index, plane.size, PROT_READ);
	seen = picture[0];
	vdev_must_read(vdev, plane.region_index, &seen, 1, plane.size - 1);
}

static void use_interrupts(struct vdev *vdev)
{
	int fds[MVGPU_NUM_VECTORS];
	int unmask = efd_new();
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		fds[i] = efd_new();

	must(vdev_set_eventfds(vdev, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, fds), "INTx");
	must(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
			   VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &unmask, sizeof(unmask)), "unmask");
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	must(vdev_irq_disable(vdev, VFIO_PCI_INTX_IRQ_INDEX), "no INTx");

	must(vdev_set_eventfds(vdev, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, fds), "MSI");
	must(vdev_irq_disable(vdev, VFIO_PCI_MSI_IRQ_INDEX), "no MSI");
	must(vdev_set_eventfds(vdev, VFIO_PCI_MSIX_IRQ_INDEX, 0, MVGPU_NUM_VECTORS, fds), "MSI-X");
	must(vdev_set_eventfds(vdev, VFIO_PCI_MSIX_IRQ_INDEX, 1, 2, fds), "MSI-X again");
	must(vdev_set_eventfds(vdev, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, fds), "REQ");
	mv_raise(vdev, 0x80);
}

static void use_dma(struct vdev *vdev, uint64_t iova)
{
	void *memory = aligned_alloc(4096, DMA_SIZE);

	if (!memory)
		tap_bail("no memory");
	must(vdev->ops->dma_map(vdev, iova, memory, DMA_SIZE, VDEV_DMA_RW), "DMA map");
}

static void use_all(struct vdev *vdev, uint64_t iova)
{
	use_vram(vdev);
	show(vdev, 320, 0);
	show(vdev, 320, 3);
	show(vdev, 640, 1);
	use_interrupts(vdev);
	use_dma(vdev, iova);
}

int main(int argc, char **argv)
{
	struct vdev *vdev;
	char name[64];

	if (argc != 2)
		tap_bail("usage: tour UUID");
	snprintf(name, sizeof(name), "uuid:%s", argv[1]);
	vdev = vdev_must_open(name);
	use_all(vdev, 0);
	must(vdev->ops->reset(vdev), "reset");
	must(vdev_irq_disable(vdev, VFIO_PCI_MSIX_IRQ_INDEX), "no MSI-X");
	use_all(vdev, DMA_SIZE);
	return 0;
}
