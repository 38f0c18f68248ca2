/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What several test programs need: random numbers that can be had again, eventfds,
 * memory with a hole behind it.
 */
#ifndef UTIL_H
#define UTIL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/*
 * Seeds from the environment variable SEED, or anew, and prints which it was.
 */
void rnd_init(void);
uint64_t rnd(void);
uint32_t rnd_below(uint32_t limit);
void rnd_fill(void *buf, size_t len);

/* Touches a byte: the signal that this raised, 0 if none. */
int touch_read(const volatile void *addr);
int touch_write(volatile void *addr);

/* A new non-blocking eventfd; bails out if there is none. */
int efd_new(void);

/* How often it was signalled since the last look: does not wait. */
uint64_t efd_take(int fd);

/* Waits for at least one signal, takes all: 0 after @ms milliseconds without. */
uint64_t efd_wait(int fd, int ms);

/*
 * @len bytes (at most a page) that end where inaccessible memory begins.
 */
void *fence_alloc(size_t len);
void fence_free(void *buf, size_t len);

#endif /* UTIL_H */
