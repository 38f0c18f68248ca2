// SPDX-License-Identifier: GPL-2.0-only
/*
 * How vGPUs hang on the kernel's own mdev core (make MDEV=kernel): in one step.
 *
 * That core knows nothing but drivers, so the vGPU is made when the driver is
 * bound and lost when it is unbound.  mdev_two_step.c has the same functions for
 * the core of this project.
 */
#include <linux/module.h>

#include "mvgpu.h"

/**
 * mvgpu_mdev_device() - the vGPU of an mdev that the VFIO driver is bound to
 * @mdev: the mdev
 *
 * Context: any, as long as the driver is bound.
 * Return: the vGPU.
 */
struct mvgpu_device *mvgpu_mdev_device(struct mdev_device *mdev)
{
	return dev_get_drvdata(mdev_dev(mdev));
}

static int mvgpu_one_step_probe(struct mdev_device *mdev)
{
	struct mvgpu_device *gpu = mvgpu_device_create(mdev);
	int ret;

	if (IS_ERR(gpu))
		return PTR_ERR(gpu);
	ret = mvgpu_vfio_add(gpu);
	if (ret) {
		mvgpu_device_destroy(gpu);
		return ret;
	}
	dev_set_drvdata(mdev_dev(mdev), gpu);
	return 0;
}

static void mvgpu_one_step_remove(struct mdev_device *mdev)
{
	struct mvgpu_device *gpu = mvgpu_mdev_device(mdev);

	mvgpu_vfio_remove(gpu);
	mvgpu_device_destroy(gpu);
}

static struct mdev_driver mvgpu_one_step_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mvgpu_one_step_probe,
	.remove = mvgpu_one_step_remove,
	.get_available = mvgpu_type_available,
	.show_description = mvgpu_type_description,
	.driver = {
		.name = "mvgpu_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = mvgpu_vfio_groups,
	},
};

/**
 * mvgpu_mdev_register_drivers() - register the driver of vGPUs
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int mvgpu_mdev_register_drivers(void)
{
	return mdev_register_driver(&mvgpu_one_step_driver);
}

/**
 * mvgpu_mdev_unregister_drivers() - undo mvgpu_mdev_register_drivers()
 *
 * Context: process, may sleep; when no card is registered any more.
 */
void mvgpu_mdev_unregister_drivers(void)
{
	mdev_unregister_driver(&mvgpu_one_step_driver);
}

/**
 * mvgpu_mdev_register_card() - let vGPUs be created on a card
 * @card: the card, with its types
 * @dev: its device
 *
 * Undone by mdev_unregister_parent().
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int mvgpu_mdev_register_card(struct mvgpu_card *card, struct device *dev)
{
	return mdev_register_parent(&card->parent, dev, &mvgpu_one_step_driver, card->mdev_types,
				    card->nr_types);
}
