// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an access of 4 bytes to a BAR takes a guest, in nanoseconds
 *
 *  mmiocost FILE OFFSET WINDOWS OPS [VALUE]
 *
 * FILE is the BAR, a resource of a PCI device in sysfs.  Reads, or writes VALUE where there is one,
 * OPS times in each window, and prints the fastest window, the median and the 99th in a hundred as
 * fields of a JSON object, each for one access.
 */
#include <cpuid.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096ul
#define WARM_UP		20
#define MAX_WINDOWS	100000ul

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/*
 * The SVM that QEMU emulates leaves the type of the last exception, such as a page fault, where KVM
 * looks for one that is being delivered, and for whose sake it cannot emulate an access.  The next
 * exit clears it.
 */
static void leave_guest_mode(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0, eax, ebx, ecx, edx);
}

static double window(volatile uint32_t *word, unsigned long ops, bool write, uint32_t value)
{
	unsigned long i;
	double begun;

	leave_guest_mode();
	begun = now_ns();
	for (i = 0; i < ops; i++) {
		if (write)
			*word = value;
		else
			value = *word;
	}
	return now_ns() - begun;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static volatile uint32_t *map(const char *path, unsigned long offset)
{
	int fd = open(path, O_RDWR | O_SYNC);
	char *page;

	if (fd < 0)
		err(1, "%s", path);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset & -PAGE);
	if (page == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	return (volatile uint32_t *)(page + offset % PAGE);
}

int main(int argc, char **argv)
{
	unsigned long windows, ops, i;
	bool write = argc == 6;
	uint32_t value = write ? strtoul(argv[5], NULL, 0) : 0;
	volatile uint32_t *word;
	double *cost, clock = 1e9;

	if (argc != 5 && argc != 6)
		errx(2, "usage: mmiocost FILE OFFSET WINDOWS OPS [VALUE]");
	word = map(argv[1], strtoul(argv[2], NULL, 0));
	windows = strtoul(argv[3], NULL, 0);
	ops = strtoul(argv[4], NULL, 0);
	if (!windows || windows > MAX_WINDOWS || !ops)
		errx(2, "how many?");
	cost = calloc(windows, sizeof(*cost));
	if (!cost)
		err(1, "calloc");
	/* No page fault is to come between. */
	if (mlockall(MCL_CURRENT))
		err(1, "mlockall");

	for (i = 0; i < WARM_UP; i++) {
		double empty = window(word, 0, write, value);

		clock = empty < clock ? empty : clock;
		window(word, 1, write, value);
	}
	for (i = 0; i < windows; i++) {
		cost[i] = (window(word, ops, write, value) - clock) / ops;
		cost[i] = cost[i] > 0 ? cost[i] : 0;
	}
	qsort(cost, windows, sizeof(*cost), by_value);
	printf("{\"value\": %.1f, \"median\": %.1f, \"p99\": %.1f, \"n\": %lu, \"ops\": %lu}\n",
	       cost[0], cost[windows / 2], cost[windows * 99 / 100], windows, ops);
	return 0;
}
