// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vGPU itself: what the card gives to an mdev when it is created and takes back
 * when it is removed, whichever driver uses it in between.
 */
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

/* Forget what the guest has stored in the device, whose engine is quiet. */
static void mvgpu_device_clear(struct mvgpu_device *gpu)
{
	mvgpu_dma_clear(gpu);
	mvgpu_vram_zero(&gpu->vram);
	mvgpu_scanout_blank(gpu);
}

/* The model has been reset already; what its engine was at meanwhile comes to nothing. */
static void mvgpu_device_function_reset(void *host)
{
	struct mvgpu_device *gpu = host;

	gpu->card->backend->quiesce(gpu);
	mvgpu_device_clear(gpu);
	gpu->card->backend->resume(gpu);
}

static void mvgpu_device_kick(void *host)
{
	struct mvgpu_device *gpu = host;

	gpu->card->backend->kick(gpu);
}

static const struct mvgpu_host_ops mvgpu_device_host_ops = {
	.set_intx = mvgpu_irq_set_intx,
	.send_msi = mvgpu_irq_send_msi,
	.function_reset = mvgpu_device_function_reset,
	.kick = mvgpu_device_kick,
	.get_memory = mvgpu_dma_get_memory,
	.put_memory = mvgpu_dma_put_memory,
};

static int mvgpu_device_init(struct mvgpu_device *gpu)
{
	const struct mvgpu_config *config = &gpu->type->desc->config;
	int ret;

	mvgpu_irq_init(&gpu->irq);
	mvgpu_scanout_init(&gpu->view);
	mvgpu_dma_init(&gpu->dma);

	gpu->stats = alloc_percpu_gfp(struct mvgpu_stats, GFP_KERNEL_ACCOUNT);
	if (!gpu->stats)
		return -ENOMEM;
	ret = mvgpu_vram_init(&gpu->vram, config->vram_size);
	if (ret)
		goto err_stats;
	ret = mvgpu_shared_init(gpu);
	if (ret)
		goto err_vram;
	ret = mvgpu_init(&gpu->model, config, &mvgpu_device_host_ops, gpu,
			 page_address(gpu->shared));
	if (ret)
		goto err_shared;
	return 0;

err_shared:
	mvgpu_shared_fini(gpu);
err_vram:
	mvgpu_vram_fini(&gpu->vram);
err_stats:
	free_percpu(gpu->stats);
	return ret;
}

/**
 * mvgpu_device_create() - make the vGPU for a new mdev
 * @mdev: named, with its type; no driver works with the vGPU yet
 *
 * Context: process, may sleep.
 * Return: the vGPU; -EUSERS when the card has no room for it, -ENOMEM.
 */
struct mvgpu_device *mvgpu_device_create(struct mdev_device *mdev)
{
	struct mvgpu_card *card = mvgpu_card_of(mdev->type);
	struct mvgpu_type *type = mvgpu_type_of(mdev->type);
	u64 vram_size = type->desc->config.vram_size;
	struct mvgpu_device *gpu;
	int ret;

	ret = mvgpu_card_reserve(card, vram_size);
	if (ret)
		return ERR_PTR(ret);
	gpu = kzalloc_obj(*gpu, GFP_KERNEL_ACCOUNT);
	if (!gpu) {
		ret = -ENOMEM;
		goto err_release;
	}
	gpu->mdev = mdev;
	gpu->card = card;
	gpu->type = type;
	gpu->kvm = MVGPU_KVM_CLOSED;
	ret = mvgpu_device_init(gpu);
	if (ret)
		goto err_free;
	card->backend->attach(gpu, type->desc->weight);
	mvgpu_debugfs_add(gpu);
	return gpu;

err_free:
	kfree(gpu);
err_release:
	mvgpu_card_release(card, vram_size);
	return ERR_PTR(ret);
}

/**
 * mvgpu_device_destroy() - undo mvgpu_device_create()
 * @gpu: the vGPU; no driver works with it any more
 *
 * Context: process, may sleep.
 */
void mvgpu_device_destroy(struct mvgpu_device *gpu)
{
	mvgpu_debugfs_remove(gpu);
	gpu->card->backend->detach(gpu);
	mvgpu_fini(&gpu->model);
	mvgpu_dma_fini(&gpu->dma);
	mvgpu_shared_fini(gpu);
	mvgpu_vram_fini(&gpu->vram);
	free_percpu(gpu->stats);
	mvgpu_card_release(gpu->card, gpu->type->desc->config.vram_size);
	kfree(gpu);
}

/**
 * mvgpu_device_reset() - make the device as it was when it was created
 * @gpu: the vGPU, open
 *
 * Context: process, may sleep; returns when the engine has ended what it was at.
 */
void mvgpu_device_reset(struct mvgpu_device *gpu)
{
	gpu->card->backend->quiesce(gpu);
	mvgpu_reset(&gpu->model);
	mvgpu_device_clear(gpu);
	gpu->card->backend->resume(gpu);
}

/**
 * mvgpu_type_available() - mdev_driver.get_available
 * @mtype: a type of a card
 *
 * Context: any.
 * Return: how many more of it the card has room for.
 */
unsigned int mvgpu_type_available(struct mdev_type *mtype)
{
	return mvgpu_card_available(mvgpu_card_of(mtype),
				    mvgpu_type_of(mtype)->desc->config.vram_size);
}

/**
 * mvgpu_type_description() - mdev_driver.show_description
 * @mtype: a type of a card
 * @buf: a page
 *
 * Context: any.
 * Return: the bytes written to @buf.
 */
ssize_t mvgpu_type_description(struct mdev_type *mtype, char *buf)
{
	const struct mvgpu_config *config = &mvgpu_type_of(mtype)->desc->config;

	return sysfs_emit(buf, "virtual display adapter, %u MiB VRAM, prefers %ux%u, rings %u%s\n",
			  config->vram_size >> 20, config->mode_width, config->mode_height,
			  config->num_rings,
			  mvgpu_type_of(mtype)->needs_kvm ? ", for KVM guests only" : "");
}
