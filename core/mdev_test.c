// SPDX-License-Identifier: GPL-2.0-only
/*
 * Points in the core at which a test can stop a create or a remove, or make it
 * fail; compiled in with MDEV_TEST=1 only
 *
 * The points are the names of the steps, before the step is taken, "account" and
 * "name" before them, "activate" after the last, and "claimed" in a remove that
 * has won. At the last two there is nothing that could fail.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mdev_private.h"

static char test_stop_at[16];
module_param_string(test_stop_at, test_stop_at, sizeof(test_stop_at), 0644);
MODULE_PARM_DESC(test_stop_at, "the point at which to wait, while it is set");

static char test_fail_at[16];
module_param_string(test_fail_at, test_fail_at, sizeof(test_fail_at), 0644);
MODULE_PARM_DESC(test_fail_at, "the point at which to fail with -ENOMEM");

static atomic_t test_stopped = ATOMIC_INIT(0);

static int mdev_test_stopped_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&test_stopped));
}

static const struct kernel_param_ops mdev_test_stopped_ops = {
	.get = mdev_test_stopped_get,
};

module_param_cb(test_stopped, &mdev_test_stopped_ops, NULL, 0444);
MODULE_PARM_DESC(test_stopped, "how many wait");

/* Whether @name, a parameter that may be written meanwhile, is @point */
static bool mdev_test_is(const char *name, const char *point)
{
	bool is;

	kernel_param_lock(THIS_MODULE);
	is = sysfs_streq(name, point);
	kernel_param_unlock(THIS_MODULE);
	return is;
}

/**
 * mdev_test_point - wait or fail, if the test wants it here
 * @point: the name of the point
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM if @point is to fail.
 */
int mdev_test_point(const char *point)
{
	if (mdev_test_is(test_stop_at, point)) {
		atomic_inc(&test_stopped);
		while (mdev_test_is(test_stop_at, point))
			msleep(20);
		atomic_dec(&test_stopped);
	}
	return mdev_test_is(test_fail_at, point) ? -ENOMEM : 0;
}
