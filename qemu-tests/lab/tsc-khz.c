// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how fast this processor's time stamp counter is, in kHz.
 *
 * QEMU's emulation gives a VM the counter of the machine.  A kernel that finds
 * out its speed by itself, on processors that others use as well, can be wrong by
 * a factor of ten: then its seconds are tenths of seconds, and it complains of
 * stalls.  So it is told (tsc_early_khz=).
 */
#include <stdio.h>
#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES		200
#define INTERVAL_NS	50000000

struct moment {
	uint64_t tsc;
	int64_t ns;
};

static int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* Both clocks at once: the pair that took least is the one that nothing came in between. */
static struct moment moment(void)
{
	struct moment best = { 0 };
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc();
		int64_t ns = clock_ns();
		uint64_t took = __rdtsc() - before;

		if (took < least) {
			least = took;
			best = (struct moment) { .tsc = before + took / 2, .ns = ns };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec interval = { .tv_nsec = INTERVAL_NS };
	struct moment from = moment(), to;

	nanosleep(&interval, NULL);
	to = moment();
	printf("%.0f\n", (to.tsc - from.tsc) * 1e6 / (to.ns - from.ns));
	return 0;
}
