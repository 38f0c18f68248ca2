// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "measure.h"

#define MAX_OPS		1000
#define CALIBRATIONS	3

static unsigned int wanted_windows = 50;

void bench_set_windows(unsigned int windows)
{
	wanted_windows = windows;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static bool nothing(void *ctx, unsigned int i)
{
	(void)ctx;
	(void)i;
	return true;
}

static const struct bench empty_loop = { .name = "loop", .op = nothing };

/* One window of @ops operations: its length in nanoseconds, and its faults. */
static bool run_window(const struct bench *bench, void *ctx, unsigned int ops,
		       uint64_t *ns, long *faults)
{
	bool ok = true;
	uint64_t start;
	unsigned int i;

	errno = 0;
	if (bench->before && !bench->before(ctx))
		return false;
	*faults = minor_faults();
	start = now_ns();
	for (i = 0; i < ops; i++)
		ok &= bench->op(ctx, i);
	*ns = now_ns() - start;
	*faults = minor_faults() - *faults;
	if (bench->after && !bench->after(ctx))
		return false;
	return ok;
}

/* How many operations fill a window.  False if the operation failed. */
static bool calibrate(const struct bench *bench, void *ctx, unsigned int *ops)
{
	uint64_t best = UINT64_MAX;
	uint64_t ns;
	long faults;
	int i;

	*ops = bench->ops;
	if (*ops)
		return true;
	for (i = 0; i < CALIBRATIONS; i++) {
		if (!run_window(bench, ctx, 1, &ns, &faults))
			return false;
		if (ns < best)
			best = ns;
	}
	*ops = BENCH_WINDOW_NS / (best ? best : 1);
	if (*ops == 0)
		*ops = 1;
	if (*ops > MAX_OPS)
		*ops = MAX_OPS;
	return true;
}

static uint64_t loop_cost(unsigned int ops)
{
	uint64_t best = UINT64_MAX;
	uint64_t ns;
	long faults;
	int i;

	for (i = 0; i < CALIBRATIONS * 3; i++) {
		run_window(&empty_loop, NULL, ops, &ns, &faults);
		if (ns < best)
			best = ns;
	}
	return best;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double per_op(uint64_t ns, uint64_t loop, unsigned int ops)
{
	return ns > loop ? (double)(ns - loop) / ops : 0;
}

static void print_result(const struct bench *bench, const char *variant,
			 const uint64_t *ns, unsigned int windows,
			 unsigned int ops, long faults)
{
	uint64_t loop = loop_cost(ops);

	printf("{\"bench\": \"%s\", \"variant\": \"%s\", ", bench->name, variant);
	printf("\"value\": %.2f, \"median\": %.2f, \"n\": %u, \"ops\": %u",
	       per_op(ns[0], loop, ops), per_op(ns[windows / 2], loop, ops),
	       windows, ops);
	if (bench->faults)
		printf(", \"faults\": %.4f", (double)faults / windows / ops);
	printf("}\n");
	fflush(stdout);
}

bool bench_run(const struct bench *bench, const char *variant, void *ctx)
{
	unsigned int windows = wanted_windows;
	long faults, all_faults = 0;
	unsigned int ops, w;
	uint64_t *ns;
	bool ok;

	if (bench->max_windows && windows > bench->max_windows)
		windows = bench->max_windows;
	ns = calloc(windows, sizeof(*ns));
	ok = ns && calibrate(bench, ctx, &ops);
	for (w = 0; ok && w < windows; w++) {
		ok = run_window(bench, ctx, ops, &ns[w], &faults);
		all_faults += faults;
	}
	if (ok) {
		qsort(ns, windows, sizeof(*ns), by_value);
		print_result(bench, variant, ns, windows, ops, all_faults);
	} else {
		fprintf(stderr, "bench: %s on %s failed: %s\n", bench->name,
			variant, strerror(errno));
	}
	free(ns);
	return ok;
}

bool bench_run_all(const struct bench *list, const char *variant, void *ctx)
{
	bool ok = true;

	for (; list->name; list++)
		ok &= bench_run(list, variant, ctx);
	return ok;
}
