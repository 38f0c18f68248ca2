/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Knobs of the test drivers, as module parameters: gates at which a callback
 * stops until the test lets it go on, and counters
 */
#ifndef MDEV_TESTKNOBS_H
#define MDEV_TESTKNOBS_H

#include <linux/atomic.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

struct test_gate {
	bool closed;
	atomic_t waiting;
	wait_queue_head_t wq;
};

#define TEST_GATE_INIT(gate) \
	{ .wq = __WAIT_QUEUE_HEAD_INITIALIZER((gate).wq) }

static inline void test_gate_pass(struct test_gate *gate)
{
	atomic_inc(&gate->waiting);
	wait_event_idle(gate->wq, !READ_ONCE(gate->closed));
	atomic_dec(&gate->waiting);
}

static int test_gate_set(const char *val, const struct kernel_param *kp)
{
	struct test_gate *gate = kp->arg;
	bool closed;
	int ret;

	ret = kstrtobool(val, &closed);
	if (ret)
		return ret;
	WRITE_ONCE(gate->closed, closed);
	wake_up_all(&gate->wq);
	return 0;
}

/* How many wait there, or 0 */
static int test_gate_get(char *buf, const struct kernel_param *kp)
{
	struct test_gate *gate = kp->arg;

	return sysfs_emit(buf, "%d\n", atomic_read(&gate->waiting));
}

static const struct kernel_param_ops test_gate_ops = {
	.set = test_gate_set,
	.get = test_gate_get,
};

static int test_count_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops test_count_ops = {
	.get = test_count_get,
};

#endif
