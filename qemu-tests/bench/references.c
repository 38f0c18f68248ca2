// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls without a VFIO device, to compare with.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "target.h"

struct references {
	int zero;
	int event;
};

static bool op_getppid(void *ctx, unsigned int i)
{
	(void)ctx;
	(void)i;
	return getppid() >= 0;
}

static bool op_read_zero(void *ctx, unsigned int i)
{
	struct references *refs = ctx;
	uint32_t value;

	(void)i;
	return pread(refs->zero, &value, sizeof(value), 0) == sizeof(value);
}

static bool op_eventfd(void *ctx, unsigned int i)
{
	struct references *refs = ctx;
	uint64_t value = 1;

	(void)i;
	return write(refs->event, &value, sizeof(value)) == sizeof(value) &&
	       read(refs->event, &value, sizeof(value)) == sizeof(value);
}

static const struct bench benches[] = {
	{ .name = "getppid", .op = op_getppid },
	{ .name = "pread-zero-4", .op = op_read_zero },
	{ .name = "eventfd-write-read", .op = op_eventfd },
	{ }
};

bool bench_references(void)
{
	struct references refs = {
		.zero = open("/dev/zero", O_RDONLY | O_CLOEXEC),
		.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	bool ok = false;

	if (refs.zero < 0 || refs.event < 0)
		perror("bench: /dev/zero or eventfd");
	else
		ok = bench_run_all(benches, "reference", &refs);
	close(refs.zero);
	close(refs.event);
	return ok;
}
