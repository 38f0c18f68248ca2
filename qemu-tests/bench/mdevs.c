// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what the mdev core that is loaded takes to create and to remove an
 * mdev of the test driver, which does nothing for one, and prints a line of JSON
 * for each figure.  Runs in the host VM.
 *
 *	mdevs VARIANT WINDOWS COUNT...	with COUNT mdevs there already, ascending
 *	mdevs VARIANT WINDOWS two-cpus	creates and removes on one CPU and on two
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mdev.h"
#include "measure.h"

#define TYPE		"mdev_testdrv-small"
#define MAX_PARENTS	2
#define ROUND_PAIRS	400
#define MAX_ROUNDS	10

static const char *const parents[MAX_PARENTS] = { "mdev_testdrv0", "mdev_testdrv1" };
static const char *variant;

/* mdevs with the numbers from @oldest up to @next exist, in the order of their making. */
struct row {
	unsigned int oldest;
	unsigned int next;
	int create;
	int remove;
};

static void name_of(char uuid[MDEV_UUID_LEN + 1], unsigned int number)
{
	snprintf(uuid, MDEV_UUID_LEN + 1, "c0de0000-0000-4000-8000-%012x", number);
}

static int open_remove(unsigned int number)
{
	char uuid[MDEV_UUID_LEN + 1], path[128];

	name_of(uuid, number);
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", uuid);
	return open(path, O_WRONLY | O_CLOEXEC);
}

static bool row_create(struct row *row)
{
	char uuid[MDEV_UUID_LEN + 1];

	name_of(uuid, row->next);
	if (pwrite(row->create, uuid, MDEV_UUID_LEN, 0) != MDEV_UUID_LEN)
		return false;
	row->next++;
	return true;
}

static bool row_remove(struct row *row)
{
	return pwrite(row->remove, "1", 1, 0) == 1;
}

static bool row_open(struct row *row, unsigned int number)
{
	row->remove = open_remove(number);
	return row->remove >= 0;
}

static bool op_create(void *ctx, unsigned int i)
{
	(void)i;
	return row_create(ctx);
}

static bool op_remove(void *ctx, unsigned int i)
{
	(void)i;
	return row_remove(ctx);
}

static bool close_remove(void *ctx)
{
	struct row *row = ctx;

	return !close(row->remove);
}

static bool drop_newest(void *ctx)
{
	struct row *row = ctx;

	return row_open(row, --row->next) && row_remove(row) && close_remove(row);
}

static bool one_more_open_newest(void *ctx)
{
	struct row *row = ctx;

	return row_create(row) && row_open(row, --row->next);
}

static bool one_more_open_oldest(void *ctx)
{
	struct row *row = ctx;

	return row_create(row) && row_open(row, row->oldest++);
}

static bool bench_count(struct row *row, unsigned int windows, unsigned int count)
{
	char names[3][32];
	struct bench benches[] = {
		{ .name = names[0], .ops = 1, .op = op_create, .after = drop_newest },
		{ .name = names[1], .ops = 1, .before = one_more_open_newest,
		  .op = op_remove, .after = close_remove },
		{ .name = names[2], .ops = 1, .before = one_more_open_oldest,
		  .op = op_remove, .after = close_remove },
		{ },
	};

	snprintf(names[0], sizeof(names[0]), "create-%u", count);
	snprintf(names[1], sizeof(names[1]), "remove-newest-%u", count);
	snprintf(names[2], sizeof(names[2]), "remove-oldest-%u", count);
	while (row->next - row->oldest < count) {
		if (!row_create(row))
			err(1, "mdev %u", row->next);
	}
	bench_set_windows(windows);
	return bench_run_all(benches, variant, row);
}

/* Bytes in the kernel's slabs: sysfs, the device, the core's own. */
static long slab_bytes(void)
{
	char line[128];
	long kib = -1;
	FILE *info;

	info = fopen("/proc/meminfo", "r");
	if (!info)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), info)) {
		if (sscanf(line, "Slab: %ld", &kib) == 1)
			break;
	}
	fclose(info);
	return kib * 1024;
}

static bool bench_counts(unsigned int windows, int argc, char **argv)
{
	struct row row = { };
	char path[128];
	long before;
	bool ok = true;
	int i;

	snprintf(path, sizeof(path), "/sys/class/mdev_bus/%s/mdev_supported_types/%s/create",
		 parents[0], TYPE);
	row.create = open(path, O_WRONLY | O_CLOEXEC);
	if (row.create < 0)
		err(1, "%s", path);
	before = slab_bytes();
	for (i = 0; i < argc; i++)
		ok &= bench_count(&row, windows, atoi(argv[i]));
	printf("{\"bench\": \"memory\", \"variant\": \"%s\", \"unit\": \"bytes\", ", variant);
	printf("\"value\": %ld, \"median\": %ld, \"n\": 1, \"ops\": %u}\n",
	       (slab_bytes() - before) / (row.next - row.oldest),
	       (slab_bytes() - before) / (row.next - row.oldest), row.next - row.oldest);
	close(row.create);
	return ok;
}

/* One of the threads of a round: creates and removes @pairs mdevs of its own. */
struct worker {
	pthread_t thread;
	unsigned int cpu;
	const char *parent;
	unsigned int pairs;
	bool ok;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	char uuid[MDEV_UUID_LEN + 1];
	cpu_set_t cpus;
	unsigned int i;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	worker->ok = !sched_setaffinity(0, sizeof(cpus), &cpus);
	for (i = 0; worker->ok && i < worker->pairs; i++) {
		name_of(uuid, (worker->cpu << 20) + i);
		worker->ok = !mdev_create(worker->parent, TYPE, uuid) && !mdev_remove(uuid);
	}
	return NULL;
}

struct round {
	unsigned int workers;
	unsigned int parents;
};

static bool op_round(void *ctx, unsigned int unused)
{
	const struct round *round = ctx;
	struct worker workers[MAX_PARENTS];
	unsigned int i;
	bool ok = true;

	(void)unused;
	for (i = 0; i < round->workers; i++) {
		workers[i] = (struct worker){ .cpu = i, .parent = parents[i % round->parents],
					      .pairs = ROUND_PAIRS / round->workers };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			errx(1, "no thread");
	}
	for (i = 0; i < round->workers; i++) {
		pthread_join(workers[i].thread, NULL);
		ok &= workers[i].ok;
	}
	return ok;
}

static bool bench_two_cpus(unsigned int windows)
{
	struct round alone = { .workers = 1, .parents = 1 };
	struct round together = { .workers = 2, .parents = 1 };
	struct round apart = { .workers = 2, .parents = 2 };
	struct bench bench = { .ops = 1, .max_windows = MAX_ROUNDS, .op = op_round };
	bool ok;

	bench_set_windows(windows);
	bench.name = "400-pairs-one-cpu";
	ok = bench_run(&bench, variant, &alone);
	bench.name = "400-pairs-two-cpus-one-parent";
	ok &= bench_run(&bench, variant, &together);
	bench.name = "400-pairs-two-cpus-two-parents";
	return bench_run(&bench, variant, &apart) && ok;
}

int main(int argc, char **argv)
{
	unsigned int windows;

	if (argc < 4)
		errx(2, "usage: mdevs VARIANT WINDOWS COUNT...|two-cpus");
	variant = argv[1];
	windows = atoi(argv[2]);
	if (!strcmp(argv[3], "two-cpus"))
		return bench_two_cpus(windows) ? 0 : 1;
	return bench_counts(windows, argc - 3, argv + 3) ? 0 : 1;
}
