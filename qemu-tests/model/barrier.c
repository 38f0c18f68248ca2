// SPDX-License-Identifier: GPL-2.0-only
/*
 * The barrier on the engine's way to sleep, on this machine as it is: a driver stores a tail and
 * looks at the flag while the engine sets the flag and looks at the tail.  One of them has to see
 * the other.  Without sanitizers, whose own barriers would hide that one is missing.
 */
#include <sched.h>

#include "engine.h"

#define ROUNDS		300000

static struct host host;
/* The round that each of the two has come to */
static unsigned int engine_round, driver_round;
static bool asleep;

/* Both begin a round at about the same moment, one a little later each time. */
static void meet(unsigned int *mine, unsigned int *other, unsigned int round, unsigned int delay)
{
	unsigned int tries = 0;

	__atomic_store_n(mine, round, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(other, __ATOMIC_SEQ_CST) < round) {
		if (++tries % 1000 == 0)
			sched_yield();
	}
	while (delay--)
		__asm__ volatile("" ::: "memory");
}

static void *sleep_often(void *data)
{
	unsigned int i;

	for (i = 1; i <= ROUNDS; i++) {
		mvgpu_engine_wake(host.vgpu);
		meet(&engine_round, &driver_round, 2 * i, i * 7 % 101);
		asleep = mvgpu_engine_sleep(host.vgpu);
		meet(&engine_round, &driver_round, 2 * i + 1, 0);
	}
	return NULL;
}

int main(void)
{
	__le32 *tail, *flag;
	unsigned int lost = 0, asleeps = 0, i;
	struct mvgpu vgpu;
	pthread_t thread;

	host_init(&host, &vgpu, &host_config);
	tail = &host.shared[(MVGPU_TAIL(0) - MVGPU_TAILS_OFFSET) / 4];
	flag = &host.shared[(MVGPU_STATUS_NEED_KICK(0) - MVGPU_TAILS_OFFSET) / 4];
	ring_enable(&host, 0);
	if (pthread_create(&thread, NULL, sleep_often, NULL))
		tap_bail("pthread_create");
	for (i = 1; i <= ROUNDS; i++) {
		bool need_kick;

		__atomic_store_n(tail, 0, __ATOMIC_SEQ_CST);
		meet(&driver_round, &engine_round, 2 * i, i % 199);
		__atomic_store_n(tail, cpu_to_le32(1), __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		need_kick = __atomic_load_n(flag, __ATOMIC_RELAXED);
		meet(&driver_round, &engine_round, 2 * i + 1, 0);
		asleeps += asleep;
		lost += asleep && !need_kick;
	}
	pthread_join(thread, NULL);
	tap_is(lost, 0, "%u rounds, %u of which fell asleep", ROUNDS, asleeps);
	host_fini(&host);
	return tap_done();
}
