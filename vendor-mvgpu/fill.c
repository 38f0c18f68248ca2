// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's fills.
 *
 * They go by vectors of 32 bytes, as in a process' C library, where the processor has AVX2 but no
 * fast string instructions: in emulators, and on AMD's before Zen 3.  An emulator does a string
 * instruction eight bytes at a time, and is three times as fast with vectors.  A real processor
 * gains little: it joins the eight bytes of a long run, and then memory is the limit.  All others
 * have string instructions that are as fast as anything, and need no registers in which a process
 * may have something.
 *
 * A copy is a memmove(): with vectors even an emulator was not faster.
 */
#include <linux/jump_label.h>
#include <linux/kasan-checks.h>
#include <linux/math.h>
#include <linux/sizes.h>

#include "mvgpu.h"

/* Below that, vector registers cost more to get at than they save. */
#define MVGPU_VECTORS_MIN	SZ_8K

/* They are stored to multiples of that, so many bytes at once. */
#define MVGPU_VECTOR		32
#define MVGPU_VECTORS		(4 * MVGPU_VECTOR)

/* For as long as that takes nobody else gets the processor. */
#define MVGPU_VECTORS_MAX	SZ_128K

static DEFINE_STATIC_KEY_FALSE(mvgpu_vectors);

#ifdef CONFIG_X86_64

#include <asm/cpufeature.h>
#include <asm/fpu/api.h>

static bool mvgpu_vectors_wanted(void)
{
	/* KMSAN does not see what they store. */
	return !IS_ENABLED(CONFIG_KMSAN) && !boot_cpu_has(X86_FEATURE_ERMS) &&
	       boot_cpu_has(X86_FEATURE_AVX2) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL);
}

/* @len: a multiple of MVGPU_VECTORS, not 0.  The index ends at 0, which saves a comparison. */
static void mvgpu_vectors_store(void *to, u64 value, size_t len)
{
	long i = -(long)len;

	kernel_fpu_begin();
	asm volatile("vmovq		%[value], %%xmm0\n\t"
		     "vpbroadcastq	%%xmm0, %%ymm0\n"
		     "1:\n\t"
		     "vmovdqa		%%ymm0, (%[end],%[i])\n\t"
		     "vmovdqa		%%ymm0, 32(%[end],%[i])\n\t"
		     "vmovdqa		%%ymm0, 64(%[end],%[i])\n\t"
		     "vmovdqa		%%ymm0, 96(%[end],%[i])\n\t"
		     "add		%[step], %[i]\n\t"
		     "jnz		1b\n\t"
		     "vzeroupper"
		     : [i] "+r" (i)
		     : [end] "r" (to + len), [value] "r" (value), [step] "i" (MVGPU_VECTORS)
		     : "memory", "cc");
	kernel_fpu_end();
}

#else

static bool mvgpu_vectors_wanted(void)
{
	return false;
}

static void mvgpu_vectors_store(void *to, u64 value, size_t len)
{
}

#endif

/**
 * mvgpu_fill_init() - choose what is fast on this processor
 *
 * Context: process, may sleep; before anything is filled.
 */
void mvgpu_fill_init(void)
{
	if (mvgpu_vectors_wanted())
		static_branch_enable(&mvgpu_vectors);
}

static void mvgpu_fill64(u64 *to, u64 value, size_t count)
{
	size_t len;

	if (static_branch_unlikely(&mvgpu_vectors) && count >= MVGPU_VECTORS_MIN / sizeof(*to)) {
		for (; !IS_ALIGNED((unsigned long)to, MVGPU_VECTOR); count--)
			*to++ = value;
		while (count >= MVGPU_VECTORS / sizeof(*to)) {
			len = min(count * sizeof(*to), MVGPU_VECTORS_MAX);
			len = round_down(len, MVGPU_VECTORS);
			mvgpu_vectors_store(to, value, len);
			to += len / sizeof(*to);
			count -= len / sizeof(*to);
		}
	}
	memset64(to, value, count);
}

/**
 * mvgpu_fill32() - store a value many times, as wmemset() does in a process
 * @mem: where to, a multiple of 4
 * @value: what
 * @count: how often
 *
 * Context: process.
 */
void mvgpu_fill32(void *mem, u32 value, size_t count)
{
	u32 *to = mem;

	kasan_check_write(mem, count * sizeof(*to));
	if (count && !IS_ALIGNED((unsigned long)to, sizeof(u64))) {
		*to++ = value;
		count--;
	}
	mvgpu_fill64((u64 *)to, (u64)value << 32 | value, count / 2);
	if (count % 2)
		to[count - 1] = value;
}
