/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is behind the exports that the kernel's own mdev core has too
 *
 * Where modules have symbol versions, the version of an export depends on every
 * type that is visible in the file that exports it. A driver built for the
 * kernel's core loads on ours only if the versions agree, so these four exports
 * are in files of their own, mdev_api_*.c, which include what the kernel's do and
 * nothing else.
 */
#ifndef MDEV_API_H
#define MDEV_API_H

struct device;
struct mdev_driver;
struct mdev_parent;
struct mdev_parent_ops;
struct mdev_type;

int mdev_parent_register(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver,
			 struct mdev_type **types, unsigned int nr_types,
			 const struct mdev_parent_ops *ops);
void mdev_parent_unregister(struct mdev_parent *parent);

int mdev_driver_register(struct mdev_driver *drv, bool any_parent,
			 bool managed_dma);
void mdev_driver_unregister(struct mdev_driver *drv);

#endif
