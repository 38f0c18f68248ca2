// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device says of itself, and the ioctls.
 */
#include <linux/nospec.h>
#include <linux/slab.h>

#include "mvgpu.h"

static int mvgpu_scanout_region_caps(struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_type type = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = VFIO_REGION_TYPE_PCI_VENDOR_TYPE | MVGPU_PCI_VENDOR_ID,
		.subtype = MVGPU_VFIO_SUBTYPE_SCANOUT,
	};

	return vfio_info_add_capability(caps, &type.header, sizeof(type));
}

/* Registers are trapped; the pages behind them are not. */
static int mvgpu_shared_region_caps(struct vfio_info_cap *caps)
{
	DEFINE_RAW_FLEX(struct vfio_region_info_cap_sparse_mmap, sparse, areas, 1);

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	sparse->nr_areas = 1;
	sparse->areas[0].offset = MVGPU_TAILS_OFFSET;
	sparse->areas[0].size = MVGPU_SHARED_SIZE;
	return vfio_info_add_capability(caps, &sparse->header, struct_size(sparse, areas, 1));
}

/**
 * mvgpu_vfio_region_info() - describe a region
 * @vdev: the vGPU's
 * @info: index in, the rest out
 * @caps: the region's capabilities are added to it; freed by the caller
 *
 * Context: process.
 * Return: 0, -EINVAL for an index that is not one, or -ENOMEM.
 */
int mvgpu_vfio_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
			   struct vfio_info_cap *caps)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);

	if (info->index >= MVGPU_NUM_REGIONS)
		return -EINVAL;

	info->offset = MVGPU_INDEX_TO_OFFSET(info->index);
	info->size = mvgpu_region_size(gpu, array_index_nospec(info->index, MVGPU_NUM_REGIONS));
	info->flags = 0;
	if (!info->size)
		return 0;

	info->flags = VFIO_REGION_INFO_FLAG_READ;
	if (info->index < MVGPU_REGION_SCANOUT)
		info->flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index == VFIO_PCI_BAR0_REGION_INDEX ||
	    info->index == VFIO_PCI_BAR2_REGION_INDEX || info->index >= MVGPU_REGION_SCANOUT)
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (info->index == VFIO_PCI_BAR2_REGION_INDEX)
		return mvgpu_shared_region_caps(caps);
	if (info->index >= MVGPU_REGION_SCANOUT)
		return mvgpu_scanout_region_caps(caps);
	return 0;
}

static long mvgpu_get_info(void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = MVGPU_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long mvgpu_get_irq_info(void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	info.count = mvgpu_irq_count(info.index);
	if (!info.count)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long mvgpu_set_irqs(struct mvgpu_device *gpu, void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set set;
	void *data = NULL;
	size_t size;
	int ret;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&set, mvgpu_irq_count(set.index),
						 VFIO_PCI_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (size) {
		data = memdup_user(arg + minsz, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = mvgpu_irq_set(gpu, &set, data);
	kfree(data);
	return ret;
}

/**
 * mvgpu_vfio_ioctl() - vfio_device_ops.ioctl
 * @vdev: the vGPU's
 * @cmd: VFIO_DEVICE_*
 * @arg: user memory
 *
 * Context: process, may sleep.
 * Return: 0 or what the ioctl returns; -ENOTTY for one that the device does not
 * have.
 */
long mvgpu_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return mvgpu_get_info(uarg);
#ifdef MVGPU_REGION_INFO_BY_IOCTL
	case VFIO_DEVICE_GET_REGION_INFO:
		return mvgpu_region_info_ioctl(vdev, uarg, mvgpu_vfio_region_info);
#endif
	case VFIO_DEVICE_GET_IRQ_INFO:
		return mvgpu_get_irq_info(uarg);
	case VFIO_DEVICE_SET_IRQS:
		return mvgpu_set_irqs(gpu, uarg);
	case VFIO_DEVICE_RESET:
		mvgpu_device_reset(gpu);
		return 0;
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return mvgpu_scanout_query(gpu, uarg);
	default:
		return -ENOTTY;
	}
}
