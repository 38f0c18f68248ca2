// SPDX-License-Identifier: GPL-2.0-only
/*
 * How vGPUs hang on the mdev core in core/: in two steps.
 *
 * The vGPU is there from the creation of the mdev to its removal.  Which driver
 * works with it meanwhile is the administrator's choice: mvgpu_mdev, for user
 * space through VFIO, which is bound at first, or mvgpu_host, for the host.
 */
#include <linux/module.h>

#include "mdev_ext.h"
#include "mvgpu.h"

static bool isolated = true;
module_param(isolated, bool, 0444);
MODULE_PARM_DESC(isolated,
		 "cards tell the DMA of their vGPUs apart; if not, a card's vGPUs are all VFIO's or all the host's (default Y)");

static int mvgpu_mdev_create(struct mdev_device *mdev)
{
	struct mvgpu_device *gpu;
	int ret;

	if (!isolated) {
		ret = mdev_set_isolation_unit(mdev, 0);
		if (ret)
			return ret;
	}
	gpu = mvgpu_device_create(mdev);
	if (IS_ERR(gpu))
		return PTR_ERR(gpu);
	mdev_set_priv(mdev, gpu);
	return 0;
}

static void mvgpu_mdev_remove(struct mdev_device *mdev)
{
	mvgpu_device_destroy(mdev_priv(mdev));
}

static const struct mdev_parent_ops mvgpu_parent_ops = {
	.create = mvgpu_mdev_create,
	.remove = mvgpu_mdev_remove,
};

/**
 * mvgpu_mdev_device() - the vGPU of an mdev that the VFIO driver is bound to
 * @mdev: the mdev
 *
 * Context: any, as long as the driver is bound.
 * Return: the vGPU.
 */
struct mvgpu_device *mvgpu_mdev_device(struct mdev_device *mdev)
{
	return mdev_priv(mdev);
}

static int mvgpu_vfio_driver_probe(struct mdev_device *mdev)
{
	return mvgpu_vfio_add(mdev_priv(mdev));
}

static void mvgpu_vfio_driver_remove(struct mdev_device *mdev)
{
	mvgpu_vfio_remove(mdev_priv(mdev));
}

static struct mdev_driver mvgpu_vfio_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mvgpu_vfio_driver_probe,
	.remove = mvgpu_vfio_driver_remove,
	.get_available = mvgpu_type_available,
	.show_description = mvgpu_type_description,
	.driver = {
		.name = "mvgpu_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = mvgpu_vfio_groups,
	},
};

/* It can be given any mdev: the vGPUs are those of parents with the driver above. */
static int mvgpu_host_driver_probe(struct mdev_device *mdev)
{
	if (mdev->type->parent->mdev_driver != &mvgpu_vfio_driver)
		return -ENODEV;
	return mvgpu_host_add(mdev_priv(mdev));
}

static void mvgpu_host_driver_remove(struct mdev_device *mdev)
{
	mvgpu_host_remove(mdev_priv(mdev));
}

static struct mdev_driver mvgpu_host_driver = {
	.probe = mvgpu_host_driver_probe,
	.remove = mvgpu_host_driver_remove,
	.driver = {
		.name = "mvgpu_host",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};

static const struct mdev_driver_ext mvgpu_host_ext = {
	.driver_managed_dma = false,
};

/**
 * mvgpu_mdev_register_drivers() - register what can be bound to vGPUs
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int mvgpu_mdev_register_drivers(void)
{
	int ret;

	ret = mdev_register_driver(&mvgpu_vfio_driver);
	if (ret)
		return ret;
	ret = mdev_register_driver_ext(&mvgpu_host_driver, &mvgpu_host_ext);
	if (ret)
		mdev_unregister_driver(&mvgpu_vfio_driver);
	return ret;
}

/**
 * mvgpu_mdev_unregister_drivers() - undo mvgpu_mdev_register_drivers()
 *
 * Context: process, may sleep; when no card is registered any more.
 */
void mvgpu_mdev_unregister_drivers(void)
{
	mdev_unregister_driver(&mvgpu_host_driver);
	mdev_unregister_driver(&mvgpu_vfio_driver);
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
	return mdev_register_parent_ops(&card->parent, dev, &mvgpu_vfio_driver, card->mdev_types,
					card->nr_types, &mvgpu_parent_ops);
}
