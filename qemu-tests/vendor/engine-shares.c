// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the card shares an engine among vGPUs that always have work: by their weights.
 *
 * What each has had is summed up from the trace of slices, over a window of engine time: how
 * much of the clock that takes says something of the machine, and nothing of the scheduler.
 * The scheduler is right to within a slice of each, at either end of the window.  On a machine
 * that takes the processor away from the engine a slice can be long.
 *
 * Usage: engine-shares [WINDOW_US [RESULTS]]: how long the window is, and a file for the results of
 * a benchmark (docs/bench.md): what each was due, and what it has had.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "mdev.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"

#define TRACING		"/sys/kernel/tracing/"
#define MAX_GPUS	8
#define PERCENT		5
#define SLICES		4

/* Where in VRAM the flooder's second ring is. */
#define FLOOD_BASE	(512u << 10)

/**
 * struct race - vGPUs that want the same engine
 * @name: of the check
 * @count: how many they are
 * @weights: theirs
 * @flooder: the last one is flooded with commands by its guest
 * @sleeper: the last one begins when the first has had two windows for itself
 */
struct race {
	const char *name;
	unsigned int count;
	unsigned int weights[MAX_GPUS];
	bool flooder;
	bool sleeper;
};

static const struct race races[] = {
	{ .name = "1:1", .count = 2, .weights = { 100, 100 } },
	{ .name = "1:1, one from later on", .count = 2, .weights = { 100, 100 }, .sleeper = true },
	{ .name = "1:2:4:8", .count = 4, .weights = { 100, 200, 400, 800 } },
	{ .name = "one of four floods", .count = 4, .weights = { 50, 50, 50, 50 }, .flooder = true },
	{ .name = "eight, 1:2:4:8 twice", .count = 8, .weights = { 1, 2, 4, 8, 1, 2, 4, 8 } },
};

static struct vgpu gpus[MAX_GPUS];
static unsigned long window_us = 500000;
static FILE *results;
static volatile bool flooding;

static void trace_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "%s", file);
	if (sysfs_write(path, text))
		tap_bail("cannot write %s", path);
}

/* A guest that has a ring full of nothing, and kicks without need. */
static void *flood(void *arg)
{
	const struct mvgpu_cmd nop = cmd_nop();
	struct vgpu *gpu = arg;
	struct mvring ring;

	mvring_init(&ring, gpu->vdev, 1);
	mvring_enable(&ring, MVGPU_MEM_VRAM, FLOOD_BASE, gpu->vram + FLOOD_BASE, 8);
	while (flooding) {
		while ((ring.tail + 1) % ring.entries != mvring_head(&ring))
			mvring_put(&ring, &nop);
		mvring_publish(&ring);
		vdev_write32(gpu->vdev, VFIO_PCI_BAR2_REGION_INDEX,
			     MVGPU_REG_RING(1, MVGPU_RING_KICK), 1);
	}
	mvring_fini(&ring);
	return NULL;
}

static unsigned int which(const struct race *race, const char *uuid)
{
	unsigned int i;

	for (i = 0; i < race->count; i++)
		if (!strncmp(vdev_uuid(gpus[i].vdev), uuid, MDEV_UUID_LEN))
			return i;
	return MAX_GPUS;
}

/*
 * Engine time of each, in a window that begins when all of them have had some, and the
 * longest slice up to its end.  Whether the trace has all of the window.
 */
static bool sum_up(const struct race *race, double *ns, double *longest)
{
	unsigned int i, seen = 0;
	double slice, total = 0;
	char line[512];
	FILE *trace;

	*longest = 0;
	memset(ns, 0, MAX_GPUS * sizeof(*ns));
	trace = fopen(TRACING "trace", "r");
	if (!trace)
		tap_bail("no trace");
	while (total < window_us * 1e3 && fgets(line, sizeof(line), trace)) {
		char *uuid = strstr(line, "mvgpu_slice_end: uuid="), *busy;

		busy = uuid ? strstr(uuid, "busy_ns=") : NULL;
		i = busy ? which(race, strchr(uuid, '=') + 1) : MAX_GPUS;
		if (i == MAX_GPUS)
			continue;
		slice = atof(strchr(busy, '=') + 1);
		if (slice > *longest)
			*longest = slice;
		if (seen != (1u << race->count) - 1) {
			seen |= 1u << i;
			continue;
		}
		ns[i] += slice;
		total += slice;
	}
	fclose(trace);
	return total >= window_us * 1e3;
}

static void keep(const struct race *race, unsigned int i, const char *variant, double ns)
{
	if (results)
		fprintf(results, "{\"bench\": \"share, %s, %u of %u, weight %u\", "
			"\"variant\": \"share-%s\", \"value\": %.0f, \"median\": %.0f, "
			"\"n\": 1, \"ops\": 1}\n", race->name, i + 1, race->count,
			race->weights[i], variant, ns, ns);
}

static void check(const struct race *race, const double *ns, double longest)
{
	double total = 0, weights = 0, want, off;
	unsigned int i, wrong = 0;

	for (i = 0; i < race->count; i++) {
		total += ns[i];
		weights += race->weights[i];
	}
	for (i = 0; i < race->count; i++) {
		want = total * race->weights[i] / weights;
		off = ns[i] > want ? ns[i] - want : want - ns[i];
		tap_diag("weight %u: %.2f %% of the engine, %.2f %% are its due", race->weights[i],
			 ns[i] / total * 100, want / total * 100);
		keep(race, i, "due", want);
		keep(race, i, "had", ns[i]);
		wrong += off > want * PERCENT / 100 + SLICES * longest;
	}
	tap_is(wrong, 0, "%s: by weight, to within %d %% and %d slices (of up to %.0f us)",
	       race->name, PERCENT, SLICES, longest / 1000);
}

static void run(const struct race *race)
{
	unsigned int i, last = race->count - 1, waits = 0;
	double ns[MAX_GPUS], longest;
	pthread_t flooder;

	for (i = 0; i < race->count; i++) {
		vgpu_open(&gpus[i], NULL);
		vgpu_set(&gpus[i], "weight", race->weights[i]);
	}
	trace_write("trace", "");
	for (i = 0; i < race->count; i++) {
		if (i == last && race->sleeper)
			vgpu_await_stat(&gpus[0], "busy_us", 2 * window_us);
		vgpu_work_for_ever(&gpus[i]);
		vgpu_await_stat(&gpus[i], "busy_us", 1);
	}
	flooding = race->flooder;
	if (flooding)
		pthread_create(&flooder, NULL, flood, &gpus[last]);
	do {
		usleep(100000);
		if (waits++ > 10 * MVRING_PATIENCE_S)
			tap_bail("%s: no engine time", race->name);
	} while (!sum_up(race, ns, &longest));
	if (race->flooder) {
		flooding = false;
		pthread_join(flooder, NULL);
	}
	for (i = 0; i < race->count; i++)
		gpus[i].vdev->ops->reset(gpus[i].vdev);
	check(race, ns, longest);
	for (i = 0; i < race->count; i++)
		vgpu_close(&gpus[i]);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc > 1)
		window_us = strtoul(argv[1], NULL, 0);
	if (argc > 2) {
		results = fopen(argv[2], "w");
		if (!results)
			tap_bail("cannot write %s: %m", argv[2]);
	}
	module_set("watchdog_ms", 0);
	module_set("slice_us", 250);
	trace_write("buffer_size_kb", "8192");
	trace_write("events/mvgpu/mvgpu_slice_end/enable", "1");
	for (i = 0; i < ARRAY_SIZE(races); i++)
		run(&races[i]);
	trace_write("events/mvgpu/mvgpu_slice_end/enable", "0");
	module_set("slice_us", 2000);
	if (results && fclose(results))
		tap_bail("cannot write the results: %m");
	return tap_done();
}
