// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engines of the simulated card: who runs the commands of its vGPUs.
 *
 * A vGPU that has commands has a worker (worker.c), a thread of its VMM.
 * It runs when the scheduler (sched.c) has an engine for it, and leaves that when its
 * slice is over.  The model has the commands run in steps, of which none is long; the
 * worker looks up between two of them.  Where the vGPU has nothing more to do it
 * waits a little for more to come, unless others wait for the engine, and then lets
 * the model sleep, which tells the guest to kick.
 *
 * A kick while an engine is idle is a chance: a few commands that cost less than
 * waking a thread are run at once, by the thread of the guest that kicked, as long as
 * all memory is there.  What they cost is counted like any other engine time.
 *
 * No step is lost: the owner of a vGPU lets the model sleep and then puts the vGPU
 * back.  A kick in between finds it owned still, and has it queued again.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>

#include "mvgpu.h"
#include "mvgpu_trace.h"

/* What a kick runs itself, at most. */
#define MVGPU_INLINE_COMMANDS	8

#define MVGPU_LIMITED_PARAM(_name, _default, _min, _max, _mode, _help)			\
	static unsigned int _name = (_default);						\
	static int mvgpu_set_##_name(const char *val, const struct kernel_param *kp)	\
	{										\
		return param_set_uint_minmax(val, kp, _min, _max);			\
	}										\
	static const struct kernel_param_ops mvgpu_##_name##_ops = {			\
		.set = mvgpu_set_##_name,						\
		.get = param_get_uint,							\
	};										\
	module_param_cb(_name, &mvgpu_##_name##_ops, &_name, _mode);			\
	MODULE_PARM_DESC(_name, _help)

MVGPU_LIMITED_PARAM(engines, 1, 1, MVGPU_MAX_ENGINES, 0444,
		    "engines of each card, 1 to 8 (default 1)");
MVGPU_LIMITED_PARAM(slice_us, 2000, 100, 1000000, 0644,
		    "time that a vGPU has an engine for at once while others wait, in us, 100 to 1000000 (default 2000)");
MVGPU_LIMITED_PARAM(inline_bytes, 4096, 0, 1 << 20, 0644,
		    "commands that write no more than so many bytes run in the kick itself, where an engine is idle, 0 to 1048576 (default 4096, 0 is never)");
MVGPU_LIMITED_PARAM(poll_us, 20, 0, 1000, 0644,
		    "how long an engine looks for more work before it sleeps, in us, 0 to 1000 (default 20)");
MVGPU_LIMITED_PARAM(watchdog_ms, 2000, 0, 3600000, 0644,
		    "engine time that a command may take, in ms, up to 3600000 (default 2000, 0 is any)");

/* For tests: sleep so many microseconds where others could come in between. */
u32 mvgpu_engine_delay_us;

static void mvgpu_engine_delay(void)
{
	u32 us = READ_ONCE(mvgpu_engine_delay_us);

	if (unlikely(us))
		fsleep(us);
}

static const char *mvgpu_engine_name(const struct mvgpu_device *gpu)
{
	return dev_name(mdev_dev(gpu->mdev));
}

static void mvgpu_engine_trace_error(const struct mvgpu_device *gpu, unsigned int ring)
{
	if (!trace_mvgpu_ring_error_enabled() ||
	    mvgpu_image_read32(&gpu->model, MVGPU_IMAGE_REGS,
			       MVGPU_REG_RING(ring, MVGPU_RING_STATE)) != MVGPU_RING_STATE_ERROR)
		return;
	trace_mvgpu_ring_error(mvgpu_engine_name(gpu), ring,
			       mvgpu_image_read32(&gpu->model, MVGPU_IMAGE_REGS,
						  MVGPU_REG_RING(ring, MVGPU_RING_ERROR)));
}

/* Stop the ring of a step whose command has had more than its time. */
static void mvgpu_engine_watch(struct mvgpu_device *gpu, const struct mvgpu_step *step, u64 ns)
{
	u64 limit = READ_ONCE(watchdog_ms) * (u64)NSEC_PER_MSEC;
	u64 *spent = &gpu->command_ns[step->ring];

	if (step->began)
		*spent = 0;
	*spent += ns;
	if (!step->finished && limit && *spent > limit) {
		trace_mvgpu_timeout(mvgpu_engine_name(gpu), step->ring, *spent);
		mvgpu_engine_timeout(&gpu->model, step->ring);
	}
}

/*
 * Do a step, in which memory may be waited for @patience times; how long that is, is not counted
 * as the command's.  @now is when it begins, and set to when it has ended, if there was one.
 */
static enum mvgpu_step_result mvgpu_engine_do(struct mvgpu_device *gpu, struct mvgpu_step *step,
					      unsigned int patience, u64 *now)
{
	u64 before = *now;
	enum mvgpu_step_result result;

	gpu->dma.patience = patience;
	gpu->dma.waited_ns = 0;
	result = mvgpu_engine_step(&gpu->model, step);
	if (result == MVGPU_STEP_IDLE)
		return result;
	*now = ktime_get_ns();
	mvgpu_engine_watch(gpu, step, *now - before - gpu->dma.waited_ns);
	mvgpu_engine_trace_error(gpu, step->ring);
	return result;
}

/* Wait a little for more work, as long as nothing else is to be done; whether there is some. */
static bool mvgpu_engine_poll(struct mvgpu_device *gpu)
{
	u64 end = ktime_get_ns() + READ_ONCE(poll_us) * (u64)NSEC_PER_USEC;

	/* Nobody else can come by any. */
	if (num_online_cpus() == 1)
		return false;
	while (!mvgpu_sched_contended(&gpu->card->sched) && mvgpu_sched_may_go_on(&gpu->sched) &&
	       !need_resched() && ktime_get_ns() < end) {
		if (mvgpu_engine_has_work(&gpu->model))
			return true;
		cpu_relax();
	}
	return false;
}

/* There is nothing to do: whether the model sleeps now. */
static bool mvgpu_engine_rest(struct mvgpu_device *gpu)
{
	if (mvgpu_engine_poll(gpu))
		return false;
	mvgpu_engine_delay();
	if (!mvgpu_engine_sleep(&gpu->model))
		return false;
	mvgpu_engine_delay();
	return true;
}

/*
 * Work for a vGPU until its slice is over, it is stopped, or it has nothing to do.
 * Returns whether there is more to do; in @spare_ns, how long it has not done anything.
 */
static bool mvgpu_engine_slice(struct mvgpu_device *gpu, u64 *spare_ns)
{
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };
	u64 now = ktime_get_ns(), before;

	*spare_ns = 0;
	mvgpu_engine_wake(&gpu->model);
	mvgpu_engine_delay();
	while (now < READ_ONCE(gpu->sched.until) && mvgpu_sched_may_go_on(&gpu->sched) &&
	       !signal_pending(current) && !task_work_pending(current)) {
		if (mvgpu_engine_do(gpu, &step, MVGPU_DMA_PATIENCE, &now) == MVGPU_STEP_IDLE) {
			before = ktime_get_ns();
			if (mvgpu_engine_rest(gpu))
				return false;
			now = ktime_get_ns();
			*spare_ns += now - before;
			continue;
		}
		mvgpu_engine_delay();
		cond_resched();
	}
	return true;
}

/* Run a few cheap commands in the kick itself; whether there is more to do. */
static bool mvgpu_engine_inline(struct mvgpu_device *gpu)
{
	struct mvgpu_step step = { .limit = READ_ONCE(inline_bytes) };
	enum mvgpu_step_result result;
	u64 now = gpu->sched.since;
	unsigned int i;

	mvgpu_engine_wake(&gpu->model);
	for (i = 0; i < MVGPU_INLINE_COMMANDS && mvgpu_sched_may_go_on(&gpu->sched); i++) {
		result = mvgpu_engine_do(gpu, &step, 0, &now);
		if (result == MVGPU_STEP_COSTLY)
			return true;
		if (result == MVGPU_STEP_IDLE && mvgpu_engine_sleep(&gpu->model))
			return false;
	}
	return true;
}

/**
 * mvgpu_engine_slice_ns() - how long a worker may keep an engine
 *
 * Return: nanoseconds.
 */
u64 mvgpu_engine_slice_ns(void)
{
	return READ_ONCE(slice_us) * (u64)NSEC_PER_USEC;
}

/**
 * mvgpu_engine_work() - work for a vGPU for a slice
 * @gpu: a vGPU that the caller owns; he does not any more afterwards
 *
 * Context: process, may sleep.
 */
void mvgpu_engine_work(struct mvgpu_device *gpu)
{
	u64 spare_ns, held_ns;
	bool more;

	trace_mvgpu_slice_begin(mvgpu_engine_name(gpu));
	more = mvgpu_engine_slice(gpu, &spare_ns);
	held_ns = mvgpu_sched_held_ns(&gpu->sched);
	trace_mvgpu_slice_end(mvgpu_engine_name(gpu), held_ns - min(held_ns, spare_ns), more);
	/* It has a worker: the caller. */
	mvgpu_sched_put(&gpu->card->sched, &gpu->sched, spare_ns, more);
}

static int mvgpu_engine_kick(struct mvgpu_device *gpu)
{
	struct mvgpu_sched *sched = &gpu->card->sched;
	enum mvgpu_sched_need need;
	bool more;

	need = mvgpu_sched_kick(sched, &gpu->sched, READ_ONCE(inline_bytes));
	trace_mvgpu_kick(mvgpu_engine_name(gpu), need == MVGPU_SCHED_WORK);
	if (need == MVGPU_SCHED_WORK) {
		more = mvgpu_engine_inline(gpu);
		mvgpu_engine_delay();
		need = mvgpu_sched_put(sched, &gpu->sched, 0, more);
	}
	return need == MVGPU_SCHED_HIRE ? mvgpu_worker_hire(gpu) : 0;
}

static int mvgpu_engine_add_card(struct mvgpu_card *card, struct device *dev)
{
	mvgpu_sched_init(&card->sched, engines);
	return 0;
}

static void mvgpu_engine_remove_card(struct mvgpu_card *card)
{
	mvgpu_sched_fini(&card->sched);
}

static void mvgpu_engine_attach(struct mvgpu_device *gpu, u32 weight)
{
	mutex_init(&gpu->worker_lock);
	mvgpu_sched_add(&gpu->card->sched, &gpu->sched, weight);
}

static void mvgpu_engine_detach(struct mvgpu_device *gpu)
{
	WARN_ON(!mvgpu_sched_stopped(&gpu->sched));
}

static void mvgpu_engine_resume(struct mvgpu_device *gpu)
{
	if (mvgpu_sched_start(&gpu->card->sched, &gpu->sched) == MVGPU_SCHED_HIRE)
		mvgpu_worker_hire(gpu);
}

static void mvgpu_engine_quiesce(struct mvgpu_device *gpu)
{
	mvgpu_sched_stop(&gpu->card->sched, &gpu->sched);
}

static void mvgpu_engine_close(struct mvgpu_device *gpu)
{
	mvgpu_engine_quiesce(gpu);
	if (gpu->worker) {
		mvgpu_worker_dismiss(gpu);
		mvgpu_engine_want_kicks(&gpu->model);
	}
	gpu->hire_error = 0;
	mvgpu_sched_forget(&gpu->sched);
}

static void mvgpu_engine_set_weight(struct mvgpu_device *gpu, u32 weight)
{
	mvgpu_sched_set_weight(&gpu->card->sched, &gpu->sched, weight);
}

static u32 mvgpu_engine_get_weight(const struct mvgpu_device *gpu)
{
	return READ_ONCE(gpu->sched.weight);
}

static void mvgpu_engine_get_usage(const struct mvgpu_device *gpu, struct mvgpu_usage *usage)
{
	const struct mvgpu_engine_stats *stats = &gpu->model.engine.stats;

	usage->busy_ns = READ_ONCE(gpu->sched.busy_ns);
	usage->card_busy_ns = READ_ONCE(gpu->card->sched.busy_ns) - gpu->sched.card_busy_ns;
	usage->commands = READ_ONCE(stats->commands);
	usage->bytes = READ_ONCE(stats->bytes);
	usage->errors = READ_ONCE(stats->errors);
}

const struct mvgpu_backend_ops mvgpu_backend = {
	.add_card = mvgpu_engine_add_card,
	.remove_card = mvgpu_engine_remove_card,
	.attach = mvgpu_engine_attach,
	.detach = mvgpu_engine_detach,
	.open = mvgpu_engine_resume,
	.close = mvgpu_engine_close,
	.resume = mvgpu_engine_resume,
	.quiesce = mvgpu_engine_quiesce,
	.kick = mvgpu_engine_kick,
	.set_weight = mvgpu_engine_set_weight,
	.get_weight = mvgpu_engine_get_weight,
	.get_usage = mvgpu_engine_get_usage,
};
