// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exports for drivers that <linux/mdev.h> declares: see mdev_api.h before
 * including anything here
 */
#include <linux/iommu.h>
#include <linux/mdev.h>

#include "mdev_api.h"

/**
 * mdev_register_driver - register a driver of the mdev bus
 * @drv: the driver; driver.owner and device_api are mandatory
 *
 * Context: may sleep.
 * Return: 0 or a negative error.
 */
int mdev_register_driver(struct mdev_driver *drv)
{
	if (!drv->device_api)
		return -EINVAL;
	return mdev_driver_register(drv, false, true);
}
EXPORT_SYMBOL(mdev_register_driver);

/**
 * mdev_unregister_driver - unregister a driver of the mdev bus
 * @drv: the driver; a parent that is still registered with it has its mdevs
 *	unbound, and no more can be created
 *
 * Context: may sleep.
 */
void mdev_unregister_driver(struct mdev_driver *drv)
{
	mdev_driver_unregister(drv);
}
EXPORT_SYMBOL(mdev_unregister_driver);
