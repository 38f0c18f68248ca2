/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures what one operation costs.
 *
 * Operations are repeated in windows that are shorter than the time between
 * two timer interrupts, so that most windows see none; the clock is read at
 * the ends of a window alone.  What the loop itself costs is measured the same
 * way and taken off.  Under QEMU's -icount the clock counts instructions.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>

/* What a window may take, in nanoseconds: well under a tick of 1 ms. */
#define BENCH_WINDOW_NS 200000

/**
 * struct bench - one operation to measure
 * @name: how the results call it
 * @ops: operations in a window, 0 for as many as fit in BENCH_WINDOW_NS
 * @max_windows: windows that may be had, 0 for no limit
 * @faults: report the page faults, too
 * @before: prepares one window, outside of the measured time; optional
 * @op: the operation, the @i-th of its window; false says that it failed, with
 *	the reason in errno
 * @after: clears up after one window, outside of the measured time; optional
 */
struct bench {
	const char *name;
	unsigned int ops;
	unsigned int max_windows;
	bool faults;
	bool (*before)(void *ctx);
	bool (*op)(void *ctx, unsigned int i);
	bool (*after)(void *ctx);
};

/* Windows to measure for each bench, unless it allows fewer. */
void bench_set_windows(unsigned int windows);

/* Run @bench on @ctx and print its result, a line of JSON; false if it failed. */
bool bench_run(const struct bench *bench, const char *variant, void *ctx);

/* The same for all of a list that ends with an entry without a name. */
bool bench_run_all(const struct bench *list, const char *variant, void *ctx);

#endif /* BENCH_MEASURE_H */
