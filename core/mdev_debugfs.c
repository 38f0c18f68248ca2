// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/mdev/devices: who has which UUID
 *
 * One line for each reserved UUID: the state of the mdev, its references, its
 * parent and its type ("-" once the removal has let go of them). A UUID that is
 * "removing" for long has a user who does not close the device; one without a
 * parent, somebody who forgot a put_device().
 */
#include <linux/debugfs.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>

#include "mdev_private.h"

static struct dentry *mdev_debugfs;

static void mdev_devices_show_one(struct seq_file *s,
				  struct mdev_device_core *mdc)
{
	static const char *const states[] = {
		[MDEV_CREATING] = "creating",
		[MDEV_ACTIVE] = "active",
		[MDEV_REMOVING] = "removing",
	};
	struct mdev_parent_core *pc = READ_ONCE(mdc->parent);
	struct mdev_type_core *tc = READ_ONCE(mdc->type);

	seq_printf(s, "%pUl %s refs=%u parent=%s type=%s\n", &mdc->mdev.uuid,
		   states[atomic_read(&mdc->state)],
		   kref_read(&mdc->mdev.dev.kobj.kref), pc ? pc->name : "-",
		   tc ? tc->name : "-");
}

static int mdev_devices_show(struct seq_file *s, void *unused)
{
	struct rhashtable_iter iter;
	struct mdev_device_core *mdc;

	rhashtable_walk_enter(&mdev_uuids, &iter);
	rhashtable_walk_start(&iter);
	while ((mdc = rhashtable_walk_next(&iter))) {
		/* The table was resized, and the walk begins anew. */
		if (IS_ERR(mdc))
			continue;
		mdev_devices_show_one(s, mdc);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mdev_devices);

void mdev_debugfs_init(void)
{
	mdev_debugfs = debugfs_create_dir("mdev", NULL);
	debugfs_create_file("devices", 0400, mdev_debugfs, NULL,
			    &mdev_devices_fops);
}

void mdev_debugfs_exit(void)
{
	debugfs_remove_recursive(mdev_debugfs);
}
