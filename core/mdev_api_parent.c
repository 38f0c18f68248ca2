// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exports for parents that <linux/mdev.h> declares: see mdev_api.h before
 * including anything here
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/mdev.h>

#include "mdev_api.h"

/**
 * mdev_register_parent - register a device as a parent of mdevs
 * @parent: the vendor's struct; its content is overwritten
 * @dev: the parent device; the caller holds a reference until after
 *	mdev_unregister_parent()
 * @mdev_driver: the driver to bind to the new mdevs; creates fail while it is not
 *	registered, so it had better be, from before this to after
 *	mdev_unregister_parent()
 * @types: the types, with their names set
 * @nr_types: number of entries in @types
 *
 * The vendor's half of an mdev is made in the driver's probe().
 *
 * Context: may sleep. mdevs can be created before this returns.
 * Return: 0 or a negative error.
 */
int mdev_register_parent(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver,
			 struct mdev_type **types, unsigned int nr_types)
{
	return mdev_parent_register(parent, dev, mdev_driver, types, nr_types,
				    NULL);
}
EXPORT_SYMBOL(mdev_register_parent);

/**
 * mdev_unregister_parent - unregister a parent and remove its mdevs
 * @parent: the parent
 *
 * New creates and removes fail with -ENODEV at once, those under way are waited
 * for, and what is left is removed, each mdev by itself: a user who is slow to
 * let go of one does not keep the others. When it returns, nothing of the core
 * points to @parent, to its types or to their names.
 *
 * Context: may sleep, for as long as an mdev is in use (such a sleep does not
 * count as a hung task). Not from within a callback of one of the mdevs.
 */
void mdev_unregister_parent(struct mdev_parent *parent)
{
	mdev_parent_unregister(parent);
}
EXPORT_SYMBOL(mdev_unregister_parent);
