// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/tap.h"
#include "trips.h"

unsigned long trips_count(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (!count || count > TRIPS_MAX)
		tap_bail("how many round trips?");
	return count;
}

void trips_pin(pid_t pid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		tap_bail("processor %u: %s", cpu, strerror(errno));
}

long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

void trips_print(const char *bench, const char *variant, long long *trips, unsigned long count)
{
	qsort(trips, count, sizeof(*trips), by_value);
	printf("{\"bench\": \"%s\", \"variant\": \"%s\", \"value\": %lld, \"median\": %lld, "
	       "\"p99\": %lld, \"n\": %lu, \"ops\": 1}\n", bench, variant, trips[0],
	       trips[count / 2], trips[count * 99 / 100], count);
	fflush(stdout);
}
