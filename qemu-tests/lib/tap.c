// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static unsigned int tap_count;
static unsigned int tap_failed;

static bool tap_line(bool held, const char *directive, const char *fmt, va_list args)
{
	printf("%s %u - ", held ? "ok" : "not ok", ++tap_count);
	vprintf(fmt, args);
	if (directive)
		printf(" # SKIP %s", directive);
	putchar('\n');
	fflush(stdout);
	tap_failed += !held;
	return held;
}

bool tap_ok(bool held, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(held, NULL, fmt, args);
	va_end(args);
	return held;
}

bool tap_is(long long got, long long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(got == want, NULL, fmt, args);
	va_end(args);
	if (got != want)
		tap_diag("got %lld, expected %lld", got, want);
	return got == want;
}

bool tap_is_hex(unsigned long long got, unsigned long long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(got == want, NULL, fmt, args);
	va_end(args);
	if (got != want)
		tap_diag("got %#llx, expected %#llx", got, want);
	return got == want;
}

static void tap_diag_ret(const char *what, long ret)
{
	if (ret < 0 && strerrorname_np(-ret))
		tap_diag("%s -%s", what, strerrorname_np(-ret));
	else
		tap_diag("%s %ld", what, ret);
}

bool tap_ret(long got, long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(got == want, NULL, fmt, args);
	va_end(args);
	if (got != want) {
		tap_diag_ret("got", got);
		tap_diag_ret("expected", want);
	}
	return got == want;
}

void tap_skip(const char *reason, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tap_line(true, reason, fmt, args);
	va_end(args);
}

void tap_diag(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tap_bail(const char *fmt, ...)
{
	va_list args;

	fputs("Bail out! ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	exit(255);
}

void tap_skip_all(const char *fmt, ...)
{
	va_list args;

	fputs("1..0 # SKIP ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	exit(0);
}

int tap_done(void)
{
	printf("1..%u\n", tap_count);
	fflush(stdout);
	return tap_failed ? 1 : 0;
}
