/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls and types that this mdev core offers beyond <linux/mdev.h>
 *
 * <linux/mdev.h> is the kernel's own and its layout is not ours to change: a
 * driver compiled for it must load on this core as it is. What is new is here,
 * and is reached through exports that the kernel's own mdev.ko does not have.
 */
#ifndef MDEV_EXT_H
#define MDEV_EXT_H

#include <linux/mdev.h>

/**
 * struct mdev_parent_ops - the vendor's half of an mdev, in two steps
 * @create: makes the vendor's state for @mdev, before the device is visible to
 *	anybody and before a driver is bound to it. The struct device is
 *	initialised and named, but not added. Keep the state with
 *	mdev_set_priv(), not in drvdata, and use no devm allocations: the driver
 *	core clears both whenever a driver unbinds. Returns 0 or a negative
 *	error, which the writer of the "create" attribute gets. May sleep;
 *	called with no lock of the core held; runs concurrently with itself for
 *	other mdevs of the parent. Required.
 * @remove: undoes @create, after the last driver has left and the device is
 *	gone from sysfs. Cannot fail. May sleep; called with no lock of the core
 *	held. Required.
 * @type_limit: the number of mdevs of @type that may exist at once, or 0 for no
 *	limit of the type's own. Asked once for each type, while the parent is
 *	being registered. Optional.
 *
 * Between @create and @remove any driver of the mdev bus may bind and unbind,
 * any number of times, or none at all.
 */
struct mdev_parent_ops {
	int (*create)(struct mdev_device *mdev);
	void (*remove)(struct mdev_device *mdev);
	unsigned int (*type_limit)(struct mdev_type *type);
};

/**
 * struct mdev_driver_ext - what a driver of the mdev bus says of itself
 * @driver_managed_dma: the driver manages DMA by itself, as VFIO drivers do.
 *	Otherwise it uses the kernel's DMA API, with the parent device. The two
 *	kinds never own mdevs of one isolation unit at the same time: binding
 *	fails with -EBUSY, before probe().
 *
 * A driver registered with mdev_register_driver() manages DMA by itself, and is
 * bound to mdevs of its own parents alone. One that is registered with
 * mdev_register_driver_ext() can be bound to an mdev of any parent, when the
 * mdev's driver_override names it: its probe() must look whether the mdev is one
 * that it knows, and return -ENODEV if not.
 */
struct mdev_driver_ext {
	bool driver_managed_dma;
};

int mdev_register_driver_ext(struct mdev_driver *drv,
			     const struct mdev_driver_ext *ext);

int mdev_register_parent_ops(struct mdev_parent *parent, struct device *dev,
			     struct mdev_driver *mdev_driver,
			     struct mdev_type **types, unsigned int nr_types,
			     const struct mdev_parent_ops *ops);

void mdev_set_priv(struct mdev_device *mdev, void *priv);
void *mdev_priv(const struct mdev_device *mdev);

int mdev_set_isolation_unit(struct mdev_device *mdev, unsigned long number);

#endif
