/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the model under the thread sanitizer: at each access that others may see, before it and
 * behind it, others are often let go first, so that what is decided from an old value is late.  Or
 * a test's hook is called there.
 */
#ifndef MODEL_PAUSE_H
#define MODEL_PAUSE_H

#include <sched.h>
#include <stdint.h>

/* Called instead of a pause, if set.  One for all files that are linked together */
void (*model_pause_hook)(void) __attribute__((weak));

static inline void model_pause(void)
{
	static _Thread_local unsigned int random;

	if (model_pause_hook) {
		model_pause_hook();
		return;
	}
	/* By chance, and each by its own, or else two threads on one processor keep step. */
	if (!random)
		random = (uintptr_t)&random;
	random = random * 1103515245 + 12345;
	if (random >> 28 == 0)
		sched_yield();
}

#define MODEL_LOAD(ptr, order) ({					\
	model_pause();							\
	__auto_type load_ = __atomic_load_n(ptr, order);		\
	model_pause();							\
	load_;								\
})

#define MVGPU_OWN_ATOMICS
#define READ_ONCE(x)		MODEL_LOAD(&(x), __ATOMIC_RELAXED)
#define mvgpu_load_acquire(ptr)	MODEL_LOAD(ptr, __ATOMIC_ACQUIRE)
#define mvgpu_store_release(ptr, value) ({				\
	model_pause();							\
	__atomic_store_n(ptr, value, __ATOMIC_RELEASE);			\
	model_pause();							\
})
#define mvgpu_mb() ({							\
	model_pause();							\
	__atomic_thread_fence(__ATOMIC_SEQ_CST);			\
	model_pause();							\
})

#endif /* MODEL_PAUSE_H */
