// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "target.h"

static bool region_offset(struct target *target, unsigned int region,
			  uint64_t *offset)
{
	struct vfio_region_info info;

	if (vdev_region(target->vdev, region, &info))
		return false;
	*offset = info.offset;
	return true;
}

bool target_open(struct target *target)
{
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "uuid:%s", target->uuid);
	ret = vdev_open(&target->vdev, name);
	if (ret) {
		fprintf(stderr, "bench: cannot open %s (%s): %s\n",
			target->variant, target->uuid, strerror(-ret));
		return false;
	}
	target->fd = vdev_fd(target->vdev);
	target->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (target->event < 0 ||
	    !region_offset(target, MVGPU_BAR_REGS, &target->regs) ||
	    !region_offset(target, VFIO_PCI_CONFIG_REGION_INDEX,
			   &target->config)) {
		fprintf(stderr, "bench: %s has no registers or config space\n",
			target->variant);
		target_close(target);
		return false;
	}
	target->vram_size = vdev_region_size(target->vdev, MVGPU_BAR_VRAM);
	return true;
}

void target_close(struct target *target)
{
	if (target->event >= 0)
		close(target->event);
	vdev_close(target->vdev);
	target->vdev = NULL;
}
