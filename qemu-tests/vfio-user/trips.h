/* SPDX-License-Identifier: GPL-2.0-only */
/* Times of the same thing done again and again, for benches. */
#ifndef TRIPS_H
#define TRIPS_H

#include <sys/types.h>

#define TRIPS_WARM_UP	1000
#define TRIPS_MAX	1000000ul

/* How many round trips a program is to measure, as its only argument says; or bails out. */
unsigned long trips_count(int argc, char **argv);

void trips_pin(pid_t pid, unsigned int cpu);
long long now_ns(void);

/* Sorts the times and prints a result: the fastest, the median and the 99th in a hundred. */
void trips_print(const char *bench, const char *variant, long long *trips, unsigned long count);

#endif /* TRIPS_H */
