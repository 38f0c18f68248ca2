// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread that owns a vGPU's engine.
 *
 * It begins with the first kick and ends with the session.  While there is
 * nothing to do it looks for work for a bounded time, then sleeps until the next
 * kick.  It may wait for the client, whose memory it may have to ask for; the
 * session's thread must not, so no step is ever run by a kick itself.
 *
 * Whoever takes something away from the engine holds it first: the step under way
 * comes to its end, soon, because a step is short and what it asks the client
 * for is refused; the next one begins when it resumes.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "server.h"

/* What a command may take */
#define VU_ENGINE_BUDGET_NS	(2 * VU_SECOND_NS)

/* How often the thread is interrupted that is to end and waits for the client */
#define VU_ENGINE_END_NS	(20 * VU_MS_NS)

/**
 * vu_engine_init() - an engine that nobody runs
 * @engine: zeroed memory for it
 */
void vu_engine_init(struct vu_engine *engine)
{
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->changed, NULL);
	atomic_init(&engine->held, false);
}

/**
 * vu_engine_fini() - the end
 * @engine: nobody runs it
 */
void vu_engine_fini(struct vu_engine *engine)
{
	pthread_cond_destroy(&engine->changed);
	pthread_mutex_destroy(&engine->lock);
}

/* A command that takes too long is ended, and its ring stops. */
static void vu_engine_watch(struct vu_gpu *gpu, const struct mvgpu_step *step, __s64 took)
{
	__s64 *spent = &gpu->engine.spent_ns[step->ring];

	*spent = step->began ? took : *spent + took;
	if (!step->finished && *spent > VU_ENGINE_BUDGET_NS)
		mvgpu_engine_timeout(&gpu->model, step->ring);
}

/* Work as long as there is something to do. */
static void vu_engine_work(struct vu_gpu *gpu)
{
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };
	__s64 begun = vu_now_ns(), now;

	while (!atomic_load(&gpu->engine.held) &&
	       mvgpu_engine_step(&gpu->model, &step) == MVGPU_STEP_WORKED) {
		now = vu_now_ns();
		vu_engine_watch(gpu, &step, now - begun);
		begun = now;
	}
}

/*
 * Look for work without sleeping.  As sessions do it: each time that there is none
 * the next look is half as long.
 */
static bool vu_engine_look(struct vu_gpu *gpu)
{
	struct vu_engine *engine = &gpu->engine;
	__s64 begun = vu_now_ns();

	while (vu_now_ns() - begun < engine->poll_ns) {
		if (atomic_load(&engine->held) || mvgpu_engine_has_work(&gpu->model))
			return true;
		sched_yield();
	}
	engine->poll_ns /= 2;
	return false;
}

/*
 * Work until there is nothing to do and the guest knows that it has to kick, or
 * until held.  A guest that has been reset is never told that it need not.
 */
static void vu_engine_run(struct vu_gpu *gpu)
{
	while (!atomic_load(&gpu->engine.held) && !mvgpu_engine_sleep(&gpu->model)) {
		do
			vu_engine_work(gpu);
		while (!atomic_load(&gpu->engine.held) && vu_engine_look(gpu));
	}
}

/* Sleep until there is something to do; false to end.  Under the lock. */
static bool vu_engine_wait(struct vu_engine *engine)
{
	__s64 begun = vu_now_ns();

	engine->working = false;
	pthread_cond_broadcast(&engine->changed);
	while (!engine->ending && (!engine->kicked || atomic_load(&engine->held)))
		pthread_cond_wait(&engine->changed, &engine->lock);
	/* Looking for longer would have paid. */
	if (vu_now_ns() - begun < engine->poll_max_ns)
		engine->poll_ns = engine->poll_max_ns;
	engine->kicked = false;
	engine->working = true;
	return !engine->ending;
}

static void *vu_engine_thread(void *data)
{
	struct vu_gpu *gpu = data;
	struct vu_engine *engine = &gpu->engine;

	pthread_mutex_lock(&engine->lock);
	while (vu_engine_wait(engine)) {
		pthread_mutex_unlock(&engine->lock);
		vu_engine_run(gpu);
		pthread_mutex_lock(&engine->lock);
	}
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

/* Under the lock. */
static int vu_engine_start(struct vu_gpu *gpu)
{
	struct vu_engine *engine = &gpu->engine;
	int ret;

	engine->copies = calloc(VU_MAX_SPANS, sizeof(*engine->copies));
	if (!engine->copies)
		return -ENOMEM;
	ret = pthread_create(&engine->thread, NULL, vu_engine_thread, gpu);
	if (ret) {
		free(engine->copies);
		return -ret;
	}
	engine->started = true;
	return 0;
}

/**
 * vu_engine_kick() - the engine may have something to do
 * @host: the vGPU
 *
 * Without resources for a thread nothing is done until the next kick.
 *
 * Context: the session's thread.
 */
void vu_engine_kick(void *host)
{
	struct vu_gpu *gpu = host;
	struct vu_engine *engine = &gpu->engine;
	int ret = 0;

	pthread_mutex_lock(&engine->lock);
	engine->kicked = true;
	if (!engine->started)
		ret = vu_engine_start(gpu);
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
	if (ret)
		vu_error("no thread for the engine: %s", strerror(-ret));
}

/**
 * vu_engine_hold() - no access of the engine is under way, and none will be
 * @gpu: the vGPU, whose engine is not held yet
 *
 * Other accesses to the client's memory have come to an end as well.
 *
 * Context: the session's thread.
 */
void vu_engine_hold(struct vu_gpu *gpu)
{
	struct vu_engine *engine = &gpu->engine;

	atomic_store(&engine->held, true);
	vu_dma_hold(&gpu->dma);
	pthread_mutex_lock(&engine->lock);
	while (engine->started && engine->working)
		pthread_cond_wait(&engine->changed, &engine->lock);
	pthread_mutex_unlock(&engine->lock);
}

/**
 * vu_engine_resume() - let the engine go on
 * @gpu: the vGPU, whose engine is held
 *
 * Context: the session's thread.
 */
void vu_engine_resume(struct vu_gpu *gpu)
{
	struct vu_engine *engine = &gpu->engine;

	vu_dma_resume(&gpu->dma);
	pthread_mutex_lock(&engine->lock);
	atomic_store(&engine->held, false);
	/* It may have been held before it could go to sleep. */
	engine->kicked = true;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
}

/**
 * vu_engine_open() - there is a client now
 * @engine: nobody runs it
 * @limits: the server's
 */
void vu_engine_open(struct vu_engine *engine, const struct vu_limits *limits)
{
	engine->poll_max_ns = limits->engine_poll_us * 1000ll;
	engine->poll_ns = engine->poll_max_ns;
}

/**
 * vu_engine_interrupt() - get the thread out of a write that waits for the client
 * @engine: the engine
 *
 * Context: any thread.
 */
void vu_engine_interrupt(struct vu_engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	if (engine->started)
		pthread_kill(engine->thread, SIGRTMIN);
	pthread_mutex_unlock(&engine->lock);
}

/* Wait for the end.  A signal that comes just before the thread begins to wait is lost. */
static void vu_engine_join(struct vu_engine *engine)
{
	struct timespec deadline;

	for (;;) {
		deadline = vu_time_in(CLOCK_REALTIME, VU_ENGINE_END_NS);
		if (!pthread_timedjoin_np(engine->thread, NULL, &deadline))
			return;
		pthread_kill(engine->thread, SIGRTMIN);
	}
}

/**
 * vu_engine_close() - the client has gone, and the thread ends
 * @engine: of a vGPU whose client cannot be asked for anything any more
 *
 * Context: the session's thread.
 */
void vu_engine_close(struct vu_engine *engine)
{
	if (!engine->started)
		return;
	atomic_store(&engine->held, true);
	pthread_mutex_lock(&engine->lock);
	engine->ending = true;
	engine->started = false;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
	vu_engine_join(engine);
	free(engine->copies);
}
