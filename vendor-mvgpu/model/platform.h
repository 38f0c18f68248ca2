/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the model needs of the world that it is compiled into: the kernel, or a process.
 *
 * The names are the kernel's; in a process this header makes up for them.
 */
#ifndef MVGPU_MODEL_PLATFORM_H
#define MVGPU_MODEL_PLATFORM_H

#include <linux/pci_regs.h>

#ifdef __KERNEL__

#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>

#define mvgpu_try_cmpxchg(ptr, old, new)	try_cmpxchg_relaxed(ptr, old, new)

#define mvgpu_load_acquire(ptr)			smp_load_acquire(ptr)
#define mvgpu_store_release(ptr, value)		smp_store_release(ptr, value)
#define mvgpu_mb()				smp_mb()

/* The driver's. */
void mvgpu_fill32(void *mem, u32 value, size_t count);

struct mvgpu_lock {
	/* Taken with interrupts off: the device's interrupts may be raised from any context. */
	spinlock_t spin;
	/* What to restore when it is given back; the holder's. */
	unsigned long flags;
};

static inline void mvgpu_lock_init(struct mvgpu_lock *lock)
{
	spin_lock_init(&lock->spin);
}

static inline void mvgpu_lock_destroy(struct mvgpu_lock *lock)
{
}

static inline void mvgpu_lock(struct mvgpu_lock *lock) __acquires(&lock->spin)
{
	unsigned long flags;

	spin_lock_irqsave(&lock->spin, flags);
	lock->flags = flags;
}

static inline void mvgpu_unlock(struct mvgpu_lock *lock) __releases(&lock->spin)
{
	unsigned long flags = lock->flags;

	spin_unlock_irqrestore(&lock->spin, flags);
}

static inline void mvgpu_lock_assert_held(struct mvgpu_lock *lock)
{
	lockdep_assert_held(&lock->spin);
}

/* Zeroed; may sleep.  The cgroup of whoever creates the vGPU pays. */
static inline void *mvgpu_alloc(size_t size)
{
	return kzalloc(size, GFP_KERNEL_ACCOUNT);
}

static inline void mvgpu_free(void *mem)
{
	kfree(mem);
}

#else /* !__KERNEL__ */

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define __force

/* A program that has its own ones says so: it wants to know when they are used. */
#ifndef MVGPU_OWN_ATOMICS
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define mvgpu_load_acquire(ptr)	__atomic_load_n((ptr), __ATOMIC_ACQUIRE)
#define mvgpu_store_release(ptr, value)	__atomic_store_n((ptr), (value), __ATOMIC_RELEASE)
#define mvgpu_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
#define WRITE_ONCE(x, val)	__atomic_store_n(&(x), (val), __ATOMIC_RELAXED)

/* Whether *@ptr was *@old, and is @new now; if not, *@old is what it was. */
#define mvgpu_try_cmpxchg(ptr, old, new)				\
	__atomic_compare_exchange_n((ptr), (old), (new), false,		\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)

static inline void mvgpu_fill32(void *mem, u32 value, size_t count)
{
	static_assert(sizeof(wchar_t) == sizeof(u32), "it is what a wide memset() stores");
	wmemset(mem, value, count);
}

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define BIT(nr)			(1UL << (nr))
#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX

#define min(a, b) ({				\
	__typeof__(a) min_a = (a);		\
	__typeof__(b) min_b = (b);		\
						\
	min_a < min_b ? min_a : min_b;		\
})

#define max(a, b) ({				\
	__typeof__(a) max_a = (a);		\
	__typeof__(b) max_b = (b);		\
						\
	max_a > max_b ? max_a : max_b;		\
})

#define max_t(type, a, b)	max((type)(a), (type)(b))

#define cpu_to_le32(x)		((__le32)htole32(x))
#define le32_to_cpu(x)		le32toh(x)
#define cpu_to_le64(x)		((__le64)htole64(x))
#define le64_to_cpu(x)		le64toh(x)

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

struct mvgpu_lock {
	pthread_mutex_t mutex;
};

static inline void mvgpu_lock_init(struct mvgpu_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
}

static inline void mvgpu_lock_destroy(struct mvgpu_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

static inline void mvgpu_lock(struct mvgpu_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

static inline void mvgpu_unlock(struct mvgpu_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

/* Sees that somebody holds it, not who. */
static inline void mvgpu_lock_assert_held(struct mvgpu_lock *lock)
{
	assert(pthread_mutex_trylock(&lock->mutex) != 0);
	(void)lock;
}

static inline void *mvgpu_alloc(size_t size)
{
	return calloc(1, size);
}

static inline void mvgpu_free(void *mem)
{
	free(mem);
}

#endif /* __KERNEL__ */

#endif /* MVGPU_MODEL_PLATFORM_H */
