// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers: the threads that run the commands of vGPUs.
 *
 * A worker is a thread of the process that has kicked a vGPU when that had none
 * (kernel/vhost_task.c): it has the VMM's memory, cgroup and limits, it is stopped with
 * the VMM, and a fatal signal ends it with the VMM's other threads.
 *
 * It is not waited for where the device is closed: another process than the one that
 * closes may have it, and have been stopped, and the close may come from the worker
 * itself, which is the last to use the VMM's memory and with it the device's mapping.
 * So a worker is dismissed: it knows no vGPU any more, and goes when it runs again.
 */
#include <linux/ktime.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/sched/vhost_task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait_bit.h>

#include "mvgpu.h"

/**
 * struct mvgpu_worker - the thread of a vGPU
 * @task: the thread
 * @lock: protects @gpu, @killed and @ends
 * @gpu: the vGPU, NULL when the worker has been dismissed
 * @killed: it does not run any more
 * @ends: @end is queued
 * @end: waits for its end, and frees it
 * @settled: it does not run as the thread does that has kicked
 * @ready: completed when that is so
 */
struct mvgpu_worker {
	struct vhost_task *task;
	spinlock_t lock;		/* use of the vGPU against its end */
	struct mvgpu_device *gpu;
	bool killed;
	bool ends;
	struct work_struct end;
	bool settled;
	struct completion ready;
};

static struct workqueue_struct *mvgpu_worker_ends;
static atomic_t mvgpu_worker_count = ATOMIC_INIT(0);

/* To processors that the first thread of the process may use, and the kicker was not tied to. */
static void mvgpu_worker_spread(void)
{
	cpumask_var_t mask;

	if (!alloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	cpumask_copy(mask, &current->group_leader->cpus_mask);
	/* What a thread was told to be tied to is handed down, and cuts what is asked for here. */
	if (current->user_cpus_ptr)
		cpumask_andnot(mask, mask, current->user_cpus_ptr);
	if (!cpumask_empty(mask))
		set_cpus_allowed_ptr(current, mask);
	free_cpumask_var(mask);
}

/*
 * Who kicks is a vCPU, which may be tied to a processor, at a real-time priority: what waits for
 * this thread there would never let it run.
 */
static void mvgpu_worker_settle(struct mvgpu_worker *worker)
{
	if (rt_task(current))
		sched_set_normal(current, 0);
	mvgpu_worker_spread();
	worker->settled = true;
	complete(&worker->ready);
}

/* It is dismissed and runs, or will never do so again: nobody has to wait for it for long. */
static void mvgpu_worker_queue_end(struct mvgpu_worker *worker)
{
	lockdep_assert_held(&worker->lock);

	if (worker->ends)
		return;
	worker->ends = true;
	queue_work(mvgpu_worker_ends, &worker->end);
}

/* The vGPU, if the worker owns it now. */
static struct mvgpu_device *mvgpu_worker_begin(struct mvgpu_worker *worker)
{
	struct mvgpu_device *gpu;

	spin_lock(&worker->lock);
	gpu = worker->gpu;
	if (!gpu)
		mvgpu_worker_queue_end(worker);
	else if (!mvgpu_sched_begin(&gpu->card->sched, &gpu->sched, mvgpu_engine_slice_ns()))
		gpu = NULL;
	spin_unlock(&worker->lock);
	return gpu;
}

/* What it does when it is woken; whether it has done anything. */
static bool mvgpu_worker_run(void *data)
{
	struct mvgpu_worker *worker = data;
	struct mvgpu_device *gpu;

	if (!worker->settled) {
		__set_current_state(TASK_RUNNING);
		mvgpu_worker_settle(worker);
		return true;
	}
	gpu = mvgpu_worker_begin(worker);
	if (!gpu)
		return false;
	__set_current_state(TASK_RUNNING);
	mvgpu_engine_work(gpu);
	/*
	 * It never returns to user space, where work for it would be done that others have left: to
	 * be throttled by a quota, to close files.  vhost_task does it when there is a signal.
	 */
	if (task_work_pending(current))
		set_thread_flag(TIF_NOTIFY_SIGNAL);
	return true;
}

/* Its process ends, or becomes another program.  Somebody else may have the device. */
static void mvgpu_worker_killed(void *data)
{
	struct mvgpu_worker *worker = data;
	struct mvgpu_device *gpu;

	spin_lock(&worker->lock);
	worker->killed = true;
	gpu = worker->gpu;
	if (gpu) {
		mvgpu_sched_fire(&gpu->card->sched, &gpu->sched);
		mvgpu_engine_want_kicks(&gpu->model);
	} else {
		mvgpu_worker_queue_end(worker);
	}
	spin_unlock(&worker->lock);
}

static void mvgpu_worker_end(struct work_struct *work)
{
	struct mvgpu_worker *worker = container_of(work, struct mvgpu_worker, end);

	vhost_task_stop(worker->task);
	kfree(worker);
	if (atomic_dec_and_test(&mvgpu_worker_count))
		wake_up_var(&mvgpu_worker_count);
}

/* A signal that is pending would have the new thread refused; it is delivered afterwards. */
static struct vhost_task *mvgpu_worker_create_task(struct mvgpu_worker *worker)
{
	struct vhost_task *task;
	sigset_t blocked, old;

	siginitsetinv(&blocked, sigmask(SIGKILL) | sigmask(SIGSTOP));
	sigprocmask(SIG_BLOCK, &blocked, &old);
	task = vhost_task_create(mvgpu_worker_run, mvgpu_worker_killed, worker, "mvgpu");
	sigprocmask(SIG_SETMASK, &old, NULL);
	return task;
}

static struct mvgpu_worker *mvgpu_worker_create(struct mvgpu_device *gpu)
{
	struct mvgpu_worker *worker = kzalloc_obj(*worker, GFP_KERNEL_ACCOUNT);
	struct vhost_task *task;

	if (!worker)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&worker->lock);
	init_completion(&worker->ready);
	INIT_WORK(&worker->end, mvgpu_worker_end);
	worker->gpu = gpu;
	task = mvgpu_worker_create_task(worker);
	if (IS_ERR(task)) {
		kfree(worker);
		return ERR_CAST(task);
	}
	worker->task = task;
	atomic_inc(&mvgpu_worker_count);
	return worker;
}

static void mvgpu_worker_report(const struct mvgpu_device *gpu, long error)
{
	static struct ratelimit_state limit = MVGPU_RATELIMIT_INIT(limit);

	if (error != -ERESTARTNOINTR && __ratelimit(&limit))
		dev_info(mdev_dev(gpu->mdev), "no thread for the engine: %pe\n", ERR_PTR(error));
}

/**
 * mvgpu_worker_hire() - make a thread of the caller's process work for a vGPU that has no worker
 * @gpu: the vGPU, open
 *
 * Where there cannot be a thread nothing is done before it is tried again, and until then
 * @gpu->hire_error says so.
 *
 * Context: process, may sleep; of a process that has the device open.
 * Return: 0; -EAGAIN or -ENOMEM, by the limits of the process or its cgroup; -ERESTARTNOINTR where
 * the caller is to be stopped, frozen or killed first.
 */
int mvgpu_worker_hire(struct mvgpu_device *gpu)
{
	struct mvgpu_worker *worker;

	guard(mutex)(&gpu->worker_lock);
	if (READ_ONCE(gpu->sched.worker))
		return 0;
	/* That one was killed. */
	mvgpu_worker_dismiss(gpu);
	worker = mvgpu_worker_create(gpu);
	WRITE_ONCE(gpu->hire_error, PTR_ERR_OR_ZERO(worker));
	if (IS_ERR(worker)) {
		mvgpu_worker_report(gpu, PTR_ERR(worker));
		mvgpu_engine_want_kicks(&gpu->model);
		return PTR_ERR(worker);
	}
	gpu->worker = worker;
	/* It may be killed as soon as it is there. */
	mvgpu_sched_hire(&gpu->card->sched, &gpu->sched, worker->task);
	vhost_task_start(worker->task);
	/* It may have to be let run.  What ends this wait ends that thread's, too. */
	wait_for_completion_interruptible(&worker->ready);
	return 0;
}

/**
 * mvgpu_worker_dismiss() - a vGPU does not need its worker any more
 * @gpu: the vGPU, which its worker does not own, nor will; it may have none
 *
 * Context: process; does not wait for the worker.
 */
void mvgpu_worker_dismiss(struct mvgpu_device *gpu)
{
	struct mvgpu_worker *worker = gpu->worker;

	if (!worker)
		return;
	mvgpu_sched_fire(&gpu->card->sched, &gpu->sched);
	gpu->worker = NULL;
	spin_lock(&worker->lock);
	worker->gpu = NULL;
	if (worker->killed)
		mvgpu_worker_queue_end(worker);
	else
		vhost_task_wake(worker->task);
	spin_unlock(&worker->lock);
}

/**
 * mvgpu_workers_init() - before there are any
 *
 * Return: 0 or -ENOMEM.
 */
int mvgpu_workers_init(void)
{
	mvgpu_worker_ends = alloc_workqueue("mvgpu", WQ_UNBOUND, 0);
	return mvgpu_worker_ends ? 0 : -ENOMEM;
}

/**
 * mvgpu_workers_exit() - when all are dismissed
 *
 * Context: process; sleeps until the last of them is gone.
 */
void mvgpu_workers_exit(void)
{
	wait_var_event(&mvgpu_worker_count, !atomic_read(&mvgpu_worker_count));
	destroy_workqueue(mvgpu_worker_ends);
}
