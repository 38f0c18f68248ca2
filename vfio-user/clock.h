/* SPDX-License-Identifier: GPL-2.0-only */
/* Times. */
#ifndef VU_CLOCK_H
#define VU_CLOCK_H

#include <linux/types.h>
#include <time.h>

#define VU_SECOND_NS	1000000000ll
#define VU_MS_NS	1000000ll

static inline __s64 vu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * VU_SECOND_NS + now.tv_nsec;
}

/* What a clock will show in @ns: CLOCK_REALTIME for joining threads, CLOCK_MONOTONIC for others. */
static inline struct timespec vu_time_in(clockid_t clock, __s64 ns)
{
	struct timespec time;

	clock_gettime(clock, &time);
	ns += time.tv_nsec;
	time.tv_sec += ns / VU_SECOND_NS;
	time.tv_nsec = ns % VU_SECOND_NS;
	return time;
}

#endif /* VU_CLOCK_H */
