// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vGPU's life: created as an mdev, opened by a VMM, closed, removed.
 *
 * What a guest has left behind goes when its VMM closes the device: the next
 * one finds it as it was created.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mvgpu.h"

static struct mvgpu_card *mvgpu_card_of(struct mdev_type *type)
{
	return container_of(type->parent, struct mvgpu_card, parent);
}

static struct mvgpu_type *mvgpu_type_of(struct mdev_type *type)
{
	return container_of(type, struct mvgpu_type, mdev);
}

static int mvgpu_vfio_init(struct vfio_device *vdev)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	const struct mvgpu_config *config;
	int ret;

	gpu->card = mvgpu_card_of(mdev->type);
	gpu->type = mvgpu_type_of(mdev->type);
	config = &gpu->type->desc->config;

	mvgpu_irq_init(&gpu->irq);
	mvgpu_scanout_init(&gpu->view);

	gpu->stats = alloc_percpu_gfp(struct mvgpu_stats, GFP_KERNEL_ACCOUNT);
	if (!gpu->stats)
		return -ENOMEM;
	ret = mvgpu_vram_init(&gpu->vram, config->vram_size);
	if (ret)
		goto err_stats;
	ret = mvgpu_init(&gpu->model, config, &mvgpu_host_ops, gpu);
	if (ret)
		goto err_vram;
	return 0;

err_vram:
	mvgpu_vram_fini(&gpu->vram);
err_stats:
	free_percpu(gpu->stats);
	return ret;
}

static void mvgpu_vfio_release(struct vfio_device *vdev)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);

	mvgpu_fini(&gpu->model);
	mvgpu_vram_fini(&gpu->vram);
	free_percpu(gpu->stats);
}

/**
 * mvgpu_device_clear() - forget what the guest has stored in the device
 * @gpu: a vGPU whose model has been reset
 *
 * Context: process, may sleep.
 */
void mvgpu_device_clear(struct mvgpu_device *gpu)
{
	mvgpu_vram_zero(&gpu->vram);
	mvgpu_scanout_blank(gpu);
}

static void mvgpu_vfio_close(struct vfio_device *vdev)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);

	mvgpu_irq_disable_all(gpu);
	mvgpu_reset(&gpu->model);
	mvgpu_scanout_forget(&gpu->view);
	mvgpu_vram_free(&gpu->vram);
}

static const struct vfio_device_ops mvgpu_vfio_ops = {
	.name = "mvgpu",
	.init = mvgpu_vfio_init,
	.release = mvgpu_vfio_release,
	.close_device = mvgpu_vfio_close,
	.read = mvgpu_vfio_read,
	.write = mvgpu_vfio_write,
	.mmap = mvgpu_vfio_mmap,
	.ioctl = mvgpu_vfio_ioctl,
#ifndef MVGPU_REGION_INFO_BY_IOCTL
	.get_region_info_caps = mvgpu_vfio_region_info,
#endif
	.request = mvgpu_vfio_request,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

static int mvgpu_mdev_probe(struct mdev_device *mdev)
{
	struct mvgpu_card *card = mvgpu_card_of(mdev->type);
	u64 vram_size = mvgpu_type_of(mdev->type)->desc->config.vram_size;
	struct mvgpu_device *gpu;
	int ret;

	ret = mvgpu_card_reserve(card, vram_size);
	if (ret)
		return ret;

	gpu = vfio_alloc_device(mvgpu_device, vdev, &mdev->dev, &mvgpu_vfio_ops);
	if (IS_ERR(gpu)) {
		ret = PTR_ERR(gpu);
		goto err_release;
	}

	ret = vfio_register_emulated_iommu_dev(&gpu->vdev);
	if (ret)
		goto err_put;

	dev_set_drvdata(&mdev->dev, gpu);
	mvgpu_debugfs_add(gpu);
	return 0;

err_put:
	vfio_put_device(&gpu->vdev);
err_release:
	mvgpu_card_release(card, vram_size);
	return ret;
}

static void mvgpu_mdev_remove(struct mdev_device *mdev)
{
	struct mvgpu_device *gpu = dev_get_drvdata(&mdev->dev);
	struct mvgpu_card *card = gpu->card;
	u64 vram_size = gpu->type->desc->config.vram_size;

	/* Returns when the last user has closed the device. */
	vfio_unregister_group_dev(&gpu->vdev);
	mvgpu_debugfs_remove(gpu);
	vfio_put_device(&gpu->vdev);
	mvgpu_card_release(card, vram_size);
}

static unsigned int mvgpu_mdev_get_available(struct mdev_type *mtype)
{
	return mvgpu_card_available(mvgpu_card_of(mtype),
				    mvgpu_type_of(mtype)->desc->config.vram_size);
}

static ssize_t mvgpu_mdev_show_description(struct mdev_type *mtype, char *buf)
{
	const struct mvgpu_config *config = &mvgpu_type_of(mtype)->desc->config;

	return sysfs_emit(buf, "virtual display adapter, %u MiB VRAM, prefers %ux%u\n",
			  config->vram_size >> 20, config->mode_width, config->mode_height);
}

struct mdev_driver mvgpu_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mvgpu_mdev_probe,
	.remove = mvgpu_mdev_remove,
	.get_available = mvgpu_mdev_get_available,
	.show_description = mvgpu_mdev_show_description,
	.driver = {
		.name = "mvgpu_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};
