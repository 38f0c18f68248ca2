// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command costs until its fence is seen in the mapped pages: with an engine that sleeps,
 * which takes a message to wake it, and with one that is awake, which takes none.  The client is on
 * one processor and the server on another.
 *
 * Argument: how many round trips.  Prints a JSON line for each.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../lib/commands.h"
#include "gpu.h"
#include "trips.h"

static unsigned long num_trips;

/* A command, or none, and its fence. */
static void trip(struct ring *ring, const struct mvgpu_cmd *cmd)
{
	if (cmd)
		ring_put(ring, *cmd);
	ring_submit(ring, cmd_fence(++ring->fence, 0));
	while (ring_fence(ring) != ring->fence)
		if (cmd)
			gpu_serve(ring->gpu, 0);
}

static void measure(struct gpu *gpu, const struct mvgpu_cmd *cmd, const char *bench,
		    const char *variant)
{
	long long *trips = calloc(num_trips, sizeof(*trips));
	struct ring ring;
	long i;

	if (!trips)
		tap_bail("no memory");
	ring_enable(&ring, gpu, 0);
	for (i = -TRIPS_WARM_UP; i < (long)num_trips; i++) {
		long long begun = now_ns();

		trip(&ring, cmd);
		if (i >= 0)
			trips[i] = now_ns() - begun;
	}
	trips_print(bench, variant, trips, num_trips);
	ring_disable(&ring);
	free(trips);
}

static void served(const char *variant, const char *poll)
{
	const char *options[] = { "--log-level", "info", "--engine-poll", poll, NULL };
	struct mvgpu_cmd in_place = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, SHARED, PAGE);
	struct mvgpu_cmd by_message = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, REMOTE, PAGE);
	struct server server;
	struct gpu gpu;

	server_start(&server, options);
	trips_pin(server.pid, 1);
	gpu_open(&gpu, &server);
	measure(&gpu, NULL, "fence", variant);
	measure(&gpu, &in_place, "fence-copy-4k", variant);
	measure(&gpu, &by_message, "fence-copy-4k-message", variant);
	gpu_close(&gpu);
	server_stop(&server, SIGTERM);
}

int main(int argc, char **argv)
{
	num_trips = trips_count(argc, argv);
	rnd_init();
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return 0;
	trips_pin(0, 0);
	served("engine-asleep", "0");
	served("engine-awake", "1000");
	return 0;
}
