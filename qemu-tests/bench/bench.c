// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures trapped accesses, interrupts, opens and mapped memory of mediated
 * devices, and prints a line of JSON for each.  Runs in the host VM.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "target.h"

static void print_usage(void)
{
	fprintf(stderr,
		"usage: bench [-w WINDOWS] [-n UUID] [-m UUID]\n"
		"  -w  windows to measure for each bench\n"
		"  -n  an mdev of null_vfio, the empty driver\n"
		"  -m  an mdev of mvgpu\n");
	exit(2);
}

static unsigned int parse_windows(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || !value || value > 100000)
		print_usage();
	return value;
}

static bool bench_target(struct target *target)
{
	bool ok;

	ok = bench_opens(target);
	if (!target_open(target))
		return false;
	ok &= bench_accesses(target);
	ok &= bench_interrupts(target);
	ok &= bench_vram(target);
	ok &= bench_engine(target);
	target_close(target);
	return ok;
}

int main(int argc, char **argv)
{
	struct target empty = { .variant = "null" };
	struct target mvgpu = { .variant = "mvgpu", .full = true };
	bool ok;
	int opt;

	while ((opt = getopt(argc, argv, "w:n:m:")) != -1) {
		switch (opt) {
		case 'w':
			bench_set_windows(parse_windows(optarg));
			break;
		case 'n':
			empty.uuid = optarg;
			break;
		case 'm':
			mvgpu.uuid = optarg;
			break;
		default:
			print_usage();
		}
	}
	if (optind != argc)
		print_usage();

	ok = bench_references();
	if (empty.uuid)
		ok &= bench_target(&empty);
	if (mvgpu.uuid)
		ok &= bench_target(&mvgpu);
	return ok ? 0 : 1;
}
