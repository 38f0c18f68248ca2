/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the model under the thread sanitizer: who has read a word often lets others go first, so
 * that what it decides from the old value is late.
 */
#ifndef MODEL_PAUSE_H
#define MODEL_PAUSE_H

#include <sched.h>
#include <stdint.h>

static inline void model_pause(void)
{
	static _Thread_local unsigned int random;

	/* By chance, and each by its own, or else two threads on one processor keep step. */
	if (!random)
		random = (uintptr_t)&random;
	random = random * 1103515245 + 12345;
	if (random >> 28 == 0)
		sched_yield();
}

#define READ_ONCE(x) ({							\
	__typeof__(x) read_ = __atomic_load_n(&(x), __ATOMIC_RELAXED);	\
									\
	model_pause();							\
	read_;								\
})

#endif /* MODEL_PAUSE_H */
