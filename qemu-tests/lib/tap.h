/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test Anything Protocol, for test programs: one "ok" or "not ok" line a check, the
 * plan at the end.  Each line is flushed when it is printed, so that a program that
 * crashes leaves what it had found; the missing plan says that it did.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>

#define TAP_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

/*
 * Each returns whether the check held.  The printf-style text names the check, not its outcome.
 */
bool tap_ok(bool held, const char *fmt, ...) TAP_PRINTF(2, 3);
bool tap_is(long long got, long long want, const char *fmt, ...) TAP_PRINTF(3, 4);
bool tap_is_hex(unsigned long long got, unsigned long long want, const char *fmt, ...)
	TAP_PRINTF(3, 4);

/*
 * A check on something that returns 0, a count or a negative errno; failures are shown
 * as the error's name.
 */
bool tap_ret(long got, long want, const char *fmt, ...) TAP_PRINTF(3, 4);

void tap_skip(const char *reason, const char *fmt, ...) TAP_PRINTF(2, 3);
void tap_diag(const char *fmt, ...) TAP_PRINTF(1, 2);

/* The program cannot go on: prints "Bail out!" and exits. */
void tap_bail(const char *fmt, ...) TAP_PRINTF(1, 2) __attribute__((noreturn));

/* Nothing of this program can run here: prints an empty plan and exits. */
void tap_skip_all(const char *fmt, ...) TAP_PRINTF(1, 2) __attribute__((noreturn));

/* Prints the plan.  The return value is for main() to return: 0 if all checks held. */
int tap_done(void);

#endif /* TAP_H */
