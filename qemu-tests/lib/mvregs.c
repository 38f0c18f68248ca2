// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci_regs.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"

#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define REGS	VFIO_PCI_BAR2_REGION_INDEX
#define MSIX	VFIO_PCI_BAR4_REGION_INDEX

void mv_enable_causes(struct vdev *vdev, uint32_t causes)
{
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_ENABLE, causes);
}

void mv_raise(struct vdev *vdev, uint32_t causes)
{
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, causes);
}

void mv_ack(struct vdev *vdev, uint32_t causes)
{
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_ACK, causes);
}

uint32_t mv_pending(struct vdev *vdev)
{
	return vdev_read32(vdev, REGS, MVGPU_REG_INTR_STATUS);
}

void mv_config_bits(struct vdev *vdev, unsigned int offset, uint16_t set, uint16_t clear)
{
	uint16_t value = vdev_read16(vdev, CONFIG, offset);

	vdev_write16(vdev, CONFIG, offset, (value & ~clear) | set);
}

void mv_msix_mask(struct vdev *vdev, unsigned int vector, bool masked)
{
	vdev_write32(vdev, MSIX, MVGPU_MSIX_TABLE + vector * PCI_MSIX_ENTRY_SIZE +
		     PCI_MSIX_ENTRY_VECTOR_CTRL, masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0);
}

void mv_msix_mask_all(struct vdev *vdev, bool masked)
{
	unsigned int msix = vdev_find_cap(vdev, PCI_CAP_ID_MSIX);

	if (!msix)
		tap_bail("no MSI-X capability");
	mv_config_bits(vdev, msix + PCI_MSIX_FLAGS, masked ? PCI_MSIX_FLAGS_MASKALL : 0,
		       PCI_MSIX_FLAGS_MASKALL);
}

uint32_t mv_msix_pba(struct vdev *vdev)
{
	return vdev_read32(vdev, MSIX, MVGPU_MSIX_PBA);
}

static void mv_dispi(struct vdev *vdev, enum mvgpu_dispi index, uint16_t value)
{
	vdev_write16(vdev, REGS, MVGPU_DISPI_REG(index), value);
}

void mv_set_mode(struct vdev *vdev, const struct mv_mode *mode)
{
	mv_dispi(vdev, MVGPU_DISPI_ENABLE, 0);
	mv_dispi(vdev, MVGPU_DISPI_BPP, 32);
	mv_dispi(vdev, MVGPU_DISPI_XRES, mode->width);
	mv_dispi(vdev, MVGPU_DISPI_YRES, mode->height);
	mv_dispi(vdev, MVGPU_DISPI_BANK, 0);
	mv_dispi(vdev, MVGPU_DISPI_VIRT_WIDTH, mode->virt_width ? mode->virt_width : mode->width);
	mv_dispi(vdev, MVGPU_DISPI_VIRT_HEIGHT, mode->height);
	mv_dispi(vdev, MVGPU_DISPI_X_OFFSET, mode->x);
	mv_dispi(vdev, MVGPU_DISPI_Y_OFFSET, mode->y);
	mv_dispi(vdev, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED | MVGPU_DISPI_LFB_ENABLED);
}

void mv_display_off(struct vdev *vdev)
{
	mv_dispi(vdev, MVGPU_DISPI_ENABLE, 0);
}
