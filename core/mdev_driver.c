// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev bus and its drivers
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "compat.h"
#include "mdev_api.h"
#include "mdev_ext.h"
#include "mdev_private.h"

/*
 * struct mdev_driver_core of each driver that is registered, or that a parent is
 * registered with, by the driver's address
 */
static DEFINE_XARRAY(mdev_drivers);

/**
 * mdev_driver_find - look up what the core knows about a driver
 * @drv: the driver; only its address counts
 *
 * Context: any; the caller knows that @drv stays registered.
 * Return: the entry, or NULL if nobody holds one.
 */
struct mdev_driver_core *mdev_driver_find(const struct device_driver *drv)
{
	return xa_load(&mdev_drivers, (unsigned long)drv);
}

static void mdev_driver_core_free(struct mdev_driver_core *dc)
{
	if (!dc)
		return;
	cleanup_srcu_struct(&dc->binding);
	kfree(dc);
}

static struct mdev_driver_core *
mdev_driver_core_alloc(const struct device_driver *drv)
{
	struct mdev_driver_core *dc = kzalloc_obj(*dc);

	if (!dc)
		return NULL;
	dc->drv = drv;
	if (init_srcu_struct(&dc->binding)) {
		kfree(dc);
		return NULL;
	}
	return dc;
}

/**
 * mdev_driver_get - hold the entry of a driver, and make it if there is none
 * @drv: the driver; it need not be registered, GVT-g's parents come before it
 *
 * Context: may sleep.
 * Return: the entry, to be given back by mdev_driver_put(), or ERR_PTR(-ENOMEM).
 */
struct mdev_driver_core *mdev_driver_get(const struct device_driver *drv)
{
	struct mdev_driver_core *dc, *new = mdev_driver_core_alloc(drv);
	int ret;

	if (!new)
		return ERR_PTR(-ENOMEM);

	xa_lock(&mdev_drivers);
	ret = __xa_insert(&mdev_drivers, (unsigned long)drv, new, GFP_KERNEL);
	if (ret == -EBUSY)
		dc = mdev_driver_find(drv);
	else if (ret)
		dc = ERR_PTR(ret);
	else
		dc = new;
	if (!IS_ERR(dc))
		dc->nr_users++;
	xa_unlock(&mdev_drivers);

	if (dc != new)
		mdev_driver_core_free(new);
	return dc;
}

/**
 * mdev_driver_put - give back what mdev_driver_get() has returned
 * @dc: the entry
 *
 * Context: may sleep.
 */
void mdev_driver_put(struct mdev_driver_core *dc)
{
	bool last;

	xa_lock(&mdev_drivers);
	last = !--dc->nr_users;
	if (last)
		__xa_erase(&mdev_drivers, (unsigned long)dc->drv);
	xa_unlock(&mdev_drivers);
	if (last)
		mdev_driver_core_free(dc);
}

/**
 * mdev_driver_bind - bind a parent's driver to a new mdev
 * @dc: the driver's entry
 * @drv: the driver
 * @dev: the mdev
 *
 * The driver core looks into a driver that it is told to attach, and nothing but
 * @dc->binding keeps this one registered meanwhile.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the driver is not registered, or no longer; what
 * device_driver_attach() returns.
 */
int mdev_driver_bind(struct mdev_driver_core *dc,
		     const struct device_driver *drv, struct device *dev)
{
	int index, ret = -ENODEV;

	index = srcu_read_lock(&dc->binding);
	if (READ_ONCE(dc->registered))
		ret = device_driver_attach(drv, dev);
	srcu_read_unlock(&dc->binding, index);
	return ret;
}

static struct mdev_driver *to_mdev_driver(struct device_driver *drv)
{
	return container_of(drv, struct mdev_driver, driver);
}

static int mdev_bus_probe(struct device *dev)
{
	struct mdev_driver *drv = to_mdev_driver(dev->driver);

	return drv->probe ? drv->probe(to_mdev_device(dev)) : 0;
}

static void mdev_bus_remove(struct device *dev)
{
	struct mdev_driver *drv = to_mdev_driver(dev->driver);

	if (drv->remove)
		drv->remove(to_mdev_device(dev));
}

/*
 * Only a published mdev matches, and no longer when its removal has begun: the
 * creator binds the driver itself, and nothing else binds before it is done or
 * after the remover is at work. (Who passes here just before a removal begins is
 * stopped by mdev_dma_configure(), under the device lock.)
 *
 * @own_driver is compared and not looked into: a caller that found the device on
 * the bus does not keep its parent.
 */
static int mdev_bus_match(struct device *dev, const struct device_driver *drv)
{
	struct mdev_device_core *mdc = dev_to_mdev_core(dev);
	int override;

	if (atomic_read_acquire(&mdc->state) != MDEV_ACTIVE)
		return 0;
	override = mdev_override_match(dev, drv);
	if (override < 0)
		return drv == mdc->own_driver;
	if (drv != mdc->own_driver && !mdev_driver_find(drv)->any_parent)
		return 0;
	return override;
}

/*
 * As add_uevent_var() without its formatting, which with two variables in each
 * of four events is a thirtieth of the cost of a create and a remove.
 */
static int mdev_uevent_add(struct kobj_uevent_env *env, const char *var)
{
	size_t size = strlen(var) + 1;

	if (env->envp_idx >= UEVENT_NUM_ENVP ||
	    size > sizeof(env->buf) - env->buflen)
		return -ENOMEM;
	env->envp[env->envp_idx++] =
		memcpy(env->buf + env->buflen, var, size);
	env->buflen += size;
	return 0;
}

static int mdev_bus_uevent(const struct device *dev,
			   struct kobj_uevent_env *env)
{
	const struct mdev_device_core *mdc = dev_to_mdev_core(dev);

	return mdev_uevent_add(env, mdc->type->uevent) ?:
	       mdev_uevent_add(env, mdc->parent->uevent);
}

const struct bus_type mdev_bus_type = {
	.name = "mdev",
	.match = mdev_bus_match,
	.uevent = mdev_bus_uevent,
	.probe = mdev_bus_probe,
	.remove = mdev_bus_remove,
	.dma_configure = mdev_dma_configure,
	.dma_cleanup = mdev_dma_cleanup,
	mdev_bus_override
};

/* See mdev_register_driver() and mdev_register_driver_ext(). */
int mdev_driver_register(struct mdev_driver *drv, bool any_parent,
			 bool managed_dma)
{
	struct mdev_driver_core *dc;
	int ret;

	/* An open VFIO device pins the driver's code through the owner. */
	if (!drv->driver.owner) {
		pr_err("mdev: driver %s has no owner\n", drv->driver.name);
		return -EINVAL;
	}

	dc = mdev_driver_get(&drv->driver);
	if (IS_ERR(dc))
		return PTR_ERR(dc);
	dc->any_parent = any_parent;
	dc->managed_dma = managed_dma;

	drv->driver.bus = &mdev_bus_type;
	ret = driver_register(&drv->driver);
	if (ret) {
		mdev_driver_put(dc);
		return ret;
	}
	WRITE_ONCE(dc->registered, true);
	return 0;
}

/**
 * mdev_register_driver_ext - register a driver of the mdev bus that says more
 * @drv: the driver; driver.owner is mandatory, device_api only if parents are to
 *	be registered with it
 * @ext: what it says; not needed any more when this returns
 *
 * Undone by mdev_unregister_driver().
 *
 * Context: may sleep.
 * Return: 0 or a negative error.
 */
int mdev_register_driver_ext(struct mdev_driver *drv,
			     const struct mdev_driver_ext *ext)
{
	return mdev_driver_register(drv, true, ext->driver_managed_dma);
}
EXPORT_SYMBOL_GPL(mdev_register_driver_ext);

static bool mdev_driver_has_parents(const struct mdev_driver_core *dc)
{
	bool has;

	xa_lock(&mdev_drivers);
	has = dc->nr_users > 1;
	xa_unlock(&mdev_drivers);
	return has;
}

/* See mdev_unregister_driver(). */
void mdev_driver_unregister(struct mdev_driver *drv)
{
	struct mdev_driver_core *dc = mdev_driver_find(&drv->driver);

	if (mdev_driver_has_parents(dc))
		pr_warn("mdev: driver %s is unregistered before its parents\n",
			drv->driver.name);
	WRITE_ONCE(dc->registered, false);
	synchronize_srcu(&dc->binding);
	driver_unregister(&drv->driver);
	mdev_driver_put(dc);
}
