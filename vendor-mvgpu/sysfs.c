// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator tunes of a vGPU, in the folder of its mdev, while the VFIO
 * driver is bound to it:
 *
 *	weight		its share of the card's engines against that of others, 1 to
 *			10000; what its type says at first
 *	pinned_kib	how much guest memory may be pinned for it, in KiB
 *
 * Both may be changed at any time.
 */
#include <linux/sysfs.h>

#include "mvgpu.h"

#define MVGPU_KIB_PER_PAGE	(PAGE_SIZE / SZ_1K)

static struct mvgpu_device *mvgpu_sysfs_device(struct device *dev)
{
	return mvgpu_mdev_device(to_mdev_device(dev));
}

static ssize_t weight_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mvgpu_device *gpu = mvgpu_sysfs_device(dev);

	return sysfs_emit(buf, "%u\n", gpu->card->backend->get_weight(gpu));
}

static ssize_t weight_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	struct mvgpu_device *gpu = mvgpu_sysfs_device(dev);
	u32 weight;
	int ret;

	ret = kstrtou32(buf, 0, &weight);
	if (ret)
		return ret;
	if (weight < MVGPU_MIN_WEIGHT || weight > MVGPU_MAX_WEIGHT)
		return -ERANGE;
	gpu->card->backend->set_weight(gpu, weight);
	return count;
}
static DEVICE_ATTR_RW(weight);

static ssize_t pinned_kib_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mvgpu_device *gpu = mvgpu_sysfs_device(dev);

	return sysfs_emit(buf, "%lu\n", READ_ONCE(gpu->dma.limit) * MVGPU_KIB_PER_PAGE);
}

static ssize_t pinned_kib_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	unsigned long kib;
	int ret;

	ret = kstrtoul(buf, 0, &kib);
	if (ret)
		return ret;
	if (kib / MVGPU_KIB_PER_PAGE > UINT_MAX)
		return -ERANGE;
	mvgpu_dma_set_limit(mvgpu_sysfs_device(dev), kib / MVGPU_KIB_PER_PAGE);
	return count;
}
static DEVICE_ATTR_RW(pinned_kib);

static struct attribute *mvgpu_vfio_attrs[] = {
	&dev_attr_weight.attr,
	&dev_attr_pinned_kib.attr,
	NULL
};

static const struct attribute_group mvgpu_vfio_group = {
	.attrs = mvgpu_vfio_attrs,
};

const struct attribute_group *mvgpu_vfio_groups[] = {
	&mvgpu_vfio_group,
	NULL
};
