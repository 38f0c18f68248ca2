/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of the mdev core
 *
 * <linux/mdev.h> fixes what a vendor driver allocates: struct mdev_parent,
 * struct mdev_type and struct mdev_driver. What the core wants to know beyond
 * that is in objects of its own, found through the pointers that the public
 * structs have anyway:
 *
 *	mdev_parent.mdev_types_kset -> mdev_parent_core.types
 *	mdev_type.devices_kobj      -> mdev_type_core.devices
 *	&mdev_driver                -> mdev_driver_core, through a table
 *	&mdev_device                -> mdev_device_core.mdev
 *
 * The core has no mutex. In the order in which they nest:
 *
 *	mdev_parent_core.barrier	entered by every writer of "create" and
 *					"remove", never waited for by them
 *	mdev_driver_core.binding	SRCU, around the binding of a new mdev
 *	device_lock(mdev)		the driver core's: binding, and what
 *					announces or ends a device's life
 *	bucket locks of the UUID table	leaf
 *	xa_lock of the driver table	leaf
 *	xa_lock of a parent's units	leaf
 */
#ifndef MDEV_PRIVATE_H
#define MDEV_PRIVATE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/lockdep.h>
#include <linux/mdev.h>
#include <linux/percpu-refcount.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"

struct mdev_parent_ops;

/**
 * enum mdev_state - where an mdev stands between creation and removal
 * @MDEV_CREATING: owned by the writer of "create"; the driver core may see the
 *	device already, nobody else acts on it
 * @MDEV_ACTIVE: published; whoever moves it to MDEV_REMOVING removes it
 * @MDEV_REMOVING: owned by the one who claimed it; nothing binds any more
 */
enum mdev_state {
	MDEV_CREATING,
	MDEV_ACTIVE,
	MDEV_REMOVING,
};

/**
 * struct mdev_driver_core - what the core knows about a driver
 * @drv: the driver; its address, to find the entry by
 * @any_parent: may be bound to mdevs of parents other than its own; set before
 *	driver_register()
 * @managed_dma: the driver manages DMA by itself; likewise
 * @registered: creates may bind the driver
 * @binding: held by creates that do, waited for by mdev_unregister_driver()
 * @nr_users: the driver's registration, and parents registered with it;
 *	protected by the xa_lock of the driver table
 *
 * In the driver table from before driver_register() to after
 * driver_unregister(), so that a driver found on a device has an entry.
 */
struct mdev_driver_core {
	const struct device_driver *drv;
	bool any_parent;
	bool managed_dma;
	bool registered;
	struct srcu_struct binding;
	unsigned int nr_users;
};

/**
 * struct mdev_isolation_unit - mdevs that cannot be isolated from each other
 * @owners: bound drivers: above zero those that manage DMA by themselves, below
 *	zero, counted down, those that use the kernel's DMA API
 * @number: the vendor's name for it; constant
 * @nr_devices: mdevs in it; protected by the xa_lock of mdev_parent_core.units
 */
struct mdev_isolation_unit {
	atomic_t owners;
	unsigned long number;
	unsigned int nr_devices;
};

/**
 * struct mdev_parent_core - the object behind mdev_parent.mdev_types_kset
 * @types: the "mdev_supported_types" directory; its reference count is the
 *	object's
 * @parent: the vendor's struct; valid while registered
 * @driver: the entry of the parent's driver, held; constant
 * @ops: the two-step form, or NULL; constant
 * @units: isolation units that mdevs share, by their number
 * @name: the parent device's, for who has no business with @parent; the end of
 *	@uevent
 * @barrier: held by each create and each sysfs remove under way; killed by
 *	mdev_unregister_parent(), and then nobody enters
 * @dep_map: tells lockdep who holds @barrier, and who waits for them
 * @closed: completed when every CPU knows that @barrier is killed
 * @drained: completed by the last user of a killed @barrier
 * @nr_instances: mdevs between accounting and the end of their removal
 * @nr_removals: removals that an unregister has started and not seen the end
 *	of, plus one for the unregister itself
 * @removed: completed when @nr_removals drops to zero
 * @rcu: for readers of the UUID table
 * @uevent: "MDEV_PARENT=name"; constant
 */
struct mdev_parent_core {
	struct kset types;
	struct mdev_parent *parent;
	struct mdev_driver_core *driver;
	const struct mdev_parent_ops *ops;
	struct xarray units;
	struct percpu_ref barrier;
	struct lockdep_map dep_map;
	struct completion closed;
	struct completion drained;
	atomic_t nr_instances;
	refcount_t nr_removals;
	struct completion removed;
	struct rcu_head rcu;
	const char *name;
	char uevent[];
};

/**
 * struct mdev_type_core - the object behind mdev_type.devices_kobj
 * @devices: the type's "devices" directory; its reference count is the object's
 * @released: completed when the last reference to mdev_type.kobj, which is the
 *	vendor's memory, is gone
 * @limit: mdevs of this type that may exist at once; constant
 * @nr_instances: mdevs of this type, 0 to @limit
 * @rcu: for readers of the UUID table
 * @name: the name of the type's directory; the end of @uevent
 * @uevent: "MDEV_TYPE=name"; constant
 */
struct mdev_type_core {
	struct kobject devices;
	struct completion released;
	int limit;
	atomic_t nr_instances;
	struct rcu_head rcu;
	const char *name;
	char uevent[];
};

/**
 * struct mdev_device_core - an mdev as the core allocates it
 * @mdev: what everybody else sees; must be first, the kernel's own core hands
 *	out pointers to the start of the allocation too
 * @uuid_node: in the UUID table, from the reservation to the release
 * @parent: NULL once the removal has given the instance back; readers of the UUID
 *	table may go on to look at it under RCU
 * @type: likewise
 * @own_driver: the driver of the parent, to compare with: it may be gone
 * @priv: the vendor's, see mdev_set_priv()
 * @unit: the isolation unit shared with others, or NULL; set in create()
 * @own_owners: as mdev_isolation_unit.owners, for an mdev that shares none
 * @managed_dma: which side of the owners the bound driver is counted on;
 *	protected by the device lock
 * @override: which driver to bind to, where the bus has no such attribute
 * @state: enum mdev_state; leaves MDEV_ACTIVE by compare-and-exchange only
 * @remove_work: runs the removal that an unregister has claimed
 * @rcu: for readers of the UUID table
 */
struct mdev_device_core {
	struct mdev_device mdev;
	struct rhash_head uuid_node;
	struct mdev_parent_core *parent;
	struct mdev_type_core *type;
	const struct device_driver *own_driver;
	void *priv;
	struct mdev_isolation_unit *unit;
	atomic_t own_owners;
	bool managed_dma;
	struct mdev_override override;
	atomic_t state;
	struct work_struct remove_work;
	struct rcu_head rcu;
};

static_assert(offsetof(struct mdev_device_core, mdev) == 0);

static inline struct mdev_device_core *
to_mdev_device_core(const struct mdev_device *mdev)
{
	return container_of(mdev, struct mdev_device_core, mdev);
}

static inline struct mdev_device_core *dev_to_mdev_core(const struct device *dev)
{
	return container_of(dev, struct mdev_device_core, mdev.dev);
}

static inline struct mdev_parent_core *
to_mdev_parent_core(const struct mdev_parent *parent)
{
	return container_of(parent->mdev_types_kset, struct mdev_parent_core,
			    types);
}

static inline struct mdev_type_core *
to_mdev_type_core(const struct mdev_type *type)
{
	return container_of(type->devices_kobj, struct mdev_type_core, devices);
}

/* mdev_main.c */
extern struct class_compat *mdev_class;
void mdev_object_get(void);
void mdev_object_put(void);

/* mdev_device.c */
int mdev_device_create(struct mdev_type *type, const guid_t *uuid);
void mdev_parent_remove_devices(struct mdev_parent_core *pc);
int mdev_device_init(void);
void mdev_device_exit(void);

/* mdev_parent.c */
bool mdev_parent_enter(struct mdev_parent_core *pc);
void mdev_parent_leave(struct mdev_parent_core *pc);

/* mdev_type.c */
int mdev_type_add(struct mdev_parent *parent, struct mdev_type *type);
void mdev_type_remove(struct mdev_type *type);
int mdev_instance_get(struct mdev_type *type);
void mdev_instance_put(struct mdev_type *type);

/* mdev_driver.c */
extern const struct bus_type mdev_bus_type;
struct mdev_driver_core *mdev_driver_find(const struct device_driver *drv);
struct mdev_driver_core *mdev_driver_get(const struct device_driver *drv);
void mdev_driver_put(struct mdev_driver_core *dc);
int mdev_driver_bind(struct mdev_driver_core *dc,
		     const struct device_driver *drv, struct device *dev);

/* mdev_dma.c */
int mdev_dma_configure(struct device *dev);
void mdev_dma_cleanup(struct device *dev);
void mdev_isolation_unit_put(struct mdev_device_core *mdc);

/* mdev_debugfs.c */
void mdev_debugfs_init(void);
void mdev_debugfs_exit(void);

/* mdev_test.c */
#ifdef MDEV_TEST
int mdev_test_point(const char *point);
#else
static inline int mdev_test_point(const char *point)
{
	return 0;
}
#endif

/* mdev_uuid.c */
extern struct rhashtable mdev_uuids;
int mdev_uuid_reserve(struct mdev_device_core *mdc);
void mdev_uuid_release(struct mdev_device_core *mdc);
int mdev_uuid_init(void);
void mdev_uuid_exit(void);

#endif
