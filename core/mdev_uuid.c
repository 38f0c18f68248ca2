// SPDX-License-Identifier: GPL-2.0-only
/*
 * The namespace of mdev UUIDs
 *
 * UUIDs are unique over all parents. One is taken before anything else of an
 * mdev exists, and kept until the last reference to the device is gone, so a
 * name in sysfs and a struct device never have two owners.
 *
 * A hash table that grows with its content, with a lock in each bucket: the
 * cost of a create does not depend on the number of mdevs, and creates of
 * different UUIDs do not wait for each other.
 */
#include <linux/delay.h>
#include <linux/rhashtable.h>

#include "mdev_private.h"

struct rhashtable mdev_uuids;

static const struct rhashtable_params mdev_uuid_params = {
	.head_offset = offsetof(struct mdev_device_core, uuid_node),
	.key_offset = offsetof(struct mdev_device_core, mdev.uuid),
	.key_len = sizeof(guid_t),
	.automatic_shrinking = true,
};

/**
 * mdev_uuid_reserve - take the UUID of a new mdev
 * @mdc: the mdev, with its UUID set
 *
 * Context: may sleep.
 * Return: 0, -EEXIST if an mdev of any parent has the UUID, -ENOMEM.
 */
int mdev_uuid_reserve(struct mdev_device_core *mdc)
{
	int ret;

	/* -EBUSY: the table is being resized, and has no room until it is. */
	while ((ret = rhashtable_lookup_insert_fast(&mdev_uuids,
						    &mdc->uuid_node,
						    mdev_uuid_params)) == -EBUSY)
		fsleep(100);
	return ret;
}

/**
 * mdev_uuid_release - give a UUID back
 * @mdc: the mdev that reserved it; readers of the table may look at it for
 *	another RCU grace period
 *
 * Context: any.
 */
void mdev_uuid_release(struct mdev_device_core *mdc)
{
	rhashtable_remove_fast(&mdev_uuids, &mdc->uuid_node, mdev_uuid_params);
}

int mdev_uuid_init(void)
{
	return rhashtable_init(&mdev_uuids, &mdev_uuid_params);
}

void mdev_uuid_exit(void)
{
	rhashtable_destroy(&mdev_uuids);
}
