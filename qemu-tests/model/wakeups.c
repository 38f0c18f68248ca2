// SPDX-License-Identifier: GPL-2.0-only
/*
 * No wake-up is lost: a driver that kicks only when it is asked to, and an engine that goes to
 * sleep.
 *
 * First one after the other: the driver does its two steps, storing the tail and looking at the
 * flag, at every pair of points of the engine's way to sleep.  Then both as threads, which the
 * thread sanitizer watches.
 */
#include <sched.h>

#include "engine.h"
#include "pause.h"

#define ROUNDS		8000

static struct host *host;
static struct mvgpu_cmd command;
static bool need_kick;
/* The points that have been passed, and those at which the driver is to do its steps */
static unsigned int point, store_point, look_point;

static __le32 *flag_word(void)
{
	return &host->shared[(MVGPU_STATUS_NEED_KICK(0) - MVGPU_TAILS_OFFSET) / 4];
}

static void driver_hook(void)
{
	if (point == store_point)
		ring_submit(host, 0, &command);
	if (point == look_point)
		need_kick = *flag_word();
	point++;
}

static void kick(void)
{
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_KICK), 1);
}

/* One way through; whether the engine has heard of the command. */
static bool try_points(unsigned int store, unsigned int look, bool *passed)
{
	unsigned int kicks;
	bool asleep;

	mvgpu_engine_wake(host->vgpu);
	kicks = host->kicks;
	need_kick = false;
	store_point = store;
	look_point = look;
	point = 0;
	model_pause_hook = driver_hook;
	asleep = mvgpu_engine_sleep(host->vgpu);
	model_pause_hook = NULL;
	/* What comes after the last point comes when it is asleep. */
	*passed = point > look;
	if (point <= store)
		ring_submit(host, 0, &command);
	if (point <= look)
		need_kick = *flag_word();
	if (need_kick)
		kick();
	return !asleep || host->kicks > kicks;
}

static void test_points(void)
{
	unsigned int store, look, ways = 0, lost = 0;
	bool passed, more;

	for (store = 0, more = true; more; store++) {
		more = false;
		for (look = store, passed = true; passed; look++, ways++) {
			lost += !try_points(store, look, &passed);
			more |= passed;
			engine_run(host);
		}
	}
	tap_ok(ways > 10, "%u ways to fall together", ways);
	tap_is(lost, 0, "none in which the engine sleeps and nobody kicks");
}

/* The engine's owner: what the host's kick op has to reach */
static bool kicked, waiting, stop;

static void hook_kick(struct host *of)
{
	__atomic_store_n(&kicked, true, __ATOMIC_SEQ_CST);
}

static void *own_engine(void *data)
{
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };

	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		if (!__atomic_load_n(&kicked, __ATOMIC_SEQ_CST)) {
			sched_yield();
			continue;
		}
		__atomic_store_n(&waiting, false, __ATOMIC_SEQ_CST);
		__atomic_store_n(&kicked, false, __ATOMIC_SEQ_CST);
		mvgpu_engine_wake(host->vgpu);
		do {
			while (mvgpu_engine_step(host->vgpu, &step) == MVGPU_STEP_WORKED)
				;
		} while (!mvgpu_engine_sleep(host->vgpu));
		__atomic_store_n(&waiting, true, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static u64 fence_now(void)
{
	__le64 *word = (__le64 *)&host->shared[(MVGPU_STATUS_FENCE(0) - MVGPU_TAILS_OFFSET) / 4];

	return le64_to_cpu(__atomic_load_n(word, __ATOMIC_ACQUIRE));
}

/* As a driver does it; whether it kicked. */
static bool submit(u32 *tail, u64 value)
{
	struct mvgpu_cmd fence = cmd_fence(value, 0);
	__le32 *word = &host->shared[(MVGPU_TAIL(0) - MVGPU_TAILS_OFFSET) / 4];

	memcpy(host->vram + RING_BASE(0) + *tail * MVGPU_CMD_SIZE, &fence, sizeof(fence));
	*tail = (*tail + 1) % RING_ENTRIES;
	__atomic_store_n(word, cpu_to_le32(*tail), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(flag_word(), __ATOMIC_RELAXED))
		return false;
	kick();
	return true;
}

/* Whether the fence comes; it does not where the engine waits for a kick that nobody has sent. */
static bool fence_comes(u64 value)
{
	while (fence_now() != value) {
		/* In this order: the owner forgets a kick when it no longer waits. */
		if (!__atomic_load_n(&kicked, __ATOMIC_SEQ_CST) &&
		    __atomic_load_n(&waiting, __ATOMIC_SEQ_CST) && fence_now() != value)
			return false;
		sched_yield();
	}
	return true;
}

static void test_threads(void)
{
	unsigned int kicks = 0, lost = 0;
	pthread_t thread;
	u32 tail = 0;
	u64 i;

	host->on_kick = hook_kick;
	ring_disable(host, 0);
	ring_enable(host, 0);
	__atomic_store_n(&waiting, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&kicked, true, __ATOMIC_SEQ_CST);
	if (pthread_create(&thread, NULL, own_engine, NULL))
		tap_bail("pthread_create");
	for (i = 1; i <= ROUNDS; i++) {
		kicks += submit(&tail, i);
		/* Some follow one another at once, some come when it is about to sleep. */
		if (i % 5 < 3)
			continue;
		if (!fence_comes(i)) {
			lost++;
			kick();
		}
	}
	if (!fence_comes(ROUNDS))
		lost++;
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	tap_is(lost, 0, "%u commands by a thread, %u kicks: no wake-up is lost", ROUNDS, kicks);
	tap_is(ring_fence(host, 0), ROUNDS, "all are done");
}

int main(void)
{
	struct mvgpu vgpu;
	struct host it;

	host = &it;
	command = cmd_nop();
	host_init(host, &vgpu, &host_config);
	ring_enable(host, 0);
	engine_run(host);
	test_points();
	test_threads();
	host_fini(host);
	return tap_done();
}
