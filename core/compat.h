/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the core supports. The rest of the
 * core is written as for the newest of them.
 */
#ifndef MDEV_COMPAT_H
#define MDEV_COMPAT_H

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/version.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj) kzalloc(sizeof(obj), GFP_KERNEL)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline int mdev_compat_create_link(struct class_compat *cls,
					  struct device *dev)
{
	return class_compat_create_link(cls, dev, NULL);
}

static inline void mdev_compat_remove_link(struct class_compat *cls,
					   struct device *dev)
{
	class_compat_remove_link(cls, dev, NULL);
}

#define class_compat_create_link mdev_compat_create_link
#define class_compat_remove_link mdev_compat_remove_link
#endif

/*
 * The driver_override attribute came to the bus type in a stable update of 6.12;
 * Kbuild looks for it. Without it mdev_override.c is the core's own.
 */
#ifdef MDEV_BUS_HAS_OVERRIDE
struct mdev_override {
};

#define mdev_bus_override .driver_override = true,
#define mdev_override_groups NULL

static inline void mdev_override_init(struct mdev_override *override)
{
}

static inline void mdev_override_free(struct mdev_override *override)
{
}

static inline int mdev_override_match(struct device *dev,
				      const struct device_driver *drv)
{
	int match = device_match_driver_override(dev, drv);

	/* Sparse does not see that a guard lets go of its lock. */
	__release(&dev->driver_override.lock);
	return match;
}
#else
/**
 * struct mdev_override - which driver an mdev is to be bound to
 * @lock: protects @name; leaf
 * @name: the driver's name, or NULL
 */
struct mdev_override {
	spinlock_t lock;	/* see above */
	char *name;
};

#define mdev_bus_override
extern const struct attribute_group *mdev_override_groups[];

void mdev_override_init(struct mdev_override *override);
void mdev_override_free(struct mdev_override *override);
int mdev_override_match(struct device *dev, const struct device_driver *drv);
#endif

#endif
