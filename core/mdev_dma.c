// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the DMA of an mdev
 *
 * A driver bound to an mdev either manages DMA itself, which for VFIO means that
 * user space decides where the device reads and writes, or uses the kernel's DMA
 * API. Two mdevs that the hardware cannot keep apart must not have one driver of
 * each kind, or user space reaches the kernel's memory through its neighbour.
 *
 * The vendor says in create() which of its mdevs are so tied together, by the
 * number of an isolation unit; an mdev without one is a unit of its own. A unit
 * has owners of one kind at a time, counted per bound driver: up from zero for
 * those that manage DMA, down from zero for those that do not. The count changes
 * by compare-and-exchange, so that binding takes no lock of ours.
 *
 * The IOMMU layer's own accounting is not used: the group that VFIO makes for an
 * emulated device is one for each device, whatever the hardware.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "mdev_ext.h"
#include "mdev_private.h"

static atomic_t *mdev_dma_owners(struct mdev_device_core *mdc)
{
	return mdc->unit ? &mdc->unit->owners : &mdc->own_owners;
}

/**
 * mdev_dma_configure - let the driver that is about to be bound own the DMA
 * @dev: the mdev; dev->driver is the driver, its probe() not called yet
 *
 * It is also the place to refuse a driver that comes too late: a removal changes
 * the state first and unbinds under the device lock afterwards, so what is bound
 * here is either seen and unbound by it, or sees the state and fails.
 *
 * Context: under the device lock. The driver core does not call
 * mdev_dma_cleanup() if this fails.
 * Return: 0; -EBUSY if the isolation unit has an owner of the other kind;
 * -ENODEV if the mdev is being removed.
 */
int mdev_dma_configure(struct device *dev)
{
	struct mdev_device_core *mdc = dev_to_mdev_core(dev);
	bool managed = mdev_driver_find(dev->driver)->managed_dma;
	atomic_t *owners = mdev_dma_owners(mdc);

	device_lock_assert(dev);
	if (atomic_read(&mdc->state) == MDEV_REMOVING)
		return -ENODEV;
	if (!(managed ? atomic_inc_unless_negative(owners) :
			atomic_dec_unless_positive(owners)))
		return -EBUSY;
	mdc->managed_dma = managed;
	return 0;
}

/**
 * mdev_dma_cleanup - the driver has gone, and does not own the DMA any more
 * @dev: the mdev
 *
 * Context: under the device lock.
 */
void mdev_dma_cleanup(struct device *dev)
{
	struct mdev_device_core *mdc = dev_to_mdev_core(dev);

	device_lock_assert(dev);
	if (mdc->managed_dma)
		atomic_dec(mdev_dma_owners(mdc));
	else
		atomic_inc(mdev_dma_owners(mdc));
}

static struct mdev_isolation_unit *
mdev_isolation_unit_get(struct xarray *units, unsigned long number)
{
	struct mdev_isolation_unit *unit, *new;
	int ret;

	new = kzalloc_obj(*new);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->number = number;

	xa_lock(units);
	ret = __xa_insert(units, number, new, GFP_KERNEL);
	if (ret == -EBUSY)
		unit = xa_load(units, number);
	else if (ret)
		unit = ERR_PTR(ret);
	else
		unit = new;
	if (!IS_ERR(unit))
		unit->nr_devices++;
	xa_unlock(units);

	if (unit != new)
		kfree(new);
	return unit;
}

/**
 * mdev_isolation_unit_put - leave the isolation unit, if there is one
 * @mdc: the mdev; no driver is bound to it
 *
 * Context: may sleep; before the parent is gone.
 */
void mdev_isolation_unit_put(struct mdev_device_core *mdc)
{
	struct mdev_isolation_unit *unit = mdc->unit;
	struct xarray *units = &mdc->parent->units;
	bool last;

	WARN_ON(atomic_read(&mdc->own_owners));
	if (!unit)
		return;
	mdc->unit = NULL;
	xa_lock(units);
	last = !--unit->nr_devices;
	if (last)
		__xa_erase(units, unit->number);
	xa_unlock(units);
	if (!last)
		return;
	WARN_ON(atomic_read(&unit->owners));
	kfree(unit);
}

/**
 * mdev_set_isolation_unit - tie an mdev to others that it cannot be isolated from
 * @mdev: the mdev
 * @number: names the unit among those of the parent; mdevs that were given the
 *	same number are in one unit
 *
 * Only from within create() of struct mdev_parent_ops, and once.
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM; -EBUSY if it comes too late, or for the second time.
 */
int mdev_set_isolation_unit(struct mdev_device *mdev, unsigned long number)
{
	struct mdev_device_core *mdc = to_mdev_device_core(mdev);
	struct mdev_isolation_unit *unit;

	if (mdc->unit || device_is_registered(&mdev->dev))
		return -EBUSY;
	unit = mdev_isolation_unit_get(&mdc->parent->units, number);
	if (IS_ERR(unit))
		return PTR_ERR(unit);
	mdc->unit = unit;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_set_isolation_unit);
