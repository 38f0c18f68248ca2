// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a socket offers: one device, to one client at a time.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"
#include "server.h"

/*
 * How long a new client waits for one that has gone, and in how many pieces; it has to get its
 * reply within a second.
 */
#define VU_HANDOVER_TRIES	25
#define VU_HANDOVER_NS		(20 * VU_MS_NS)

/**
 * vu_device_init() - make a device without a client
 * @device: memory for it
 * @name: for people; must stay as long as the device
 * @config: the model's share of its type, which is copied
 * @hide_msix: clients are not to see that there is MSI-X
 */
void vu_device_init(struct vu_device *device, const char *name,
		    const struct mvgpu_config *config, bool hide_msix)
{
	device->name = name;
	device->config = *config;
	device->hide_msix = hide_msix;
	pthread_mutex_init(&device->lock, NULL);
	pthread_cond_init(&device->detached, NULL);
	device->gpu = NULL;
	device->client = -1;
}

/**
 * vu_device_fini() - the end of a device
 * @device: has no client
 */
void vu_device_fini(struct vu_device *device)
{
	pthread_cond_destroy(&device->detached);
	pthread_mutex_destroy(&device->lock);
}

static bool vu_has_hung_up(int fd)
{
	struct pollfd end = { .fd = fd };

	return poll(&end, 1, 0) > 0 && end.revents & POLLHUP;
}

/* Under the lock. */
static void vu_device_interrupt_locked(struct vu_device *device)
{
	if (!device->gpu)
		return;
	pthread_kill(device->thread, SIGRTMIN);
	vu_engine_interrupt(&device->gpu->engine);
}

/**
 * vu_device_interrupt() - get the threads of the client's vGPU out of where they wait for it
 * @device: the device
 *
 * One that begins to wait just then does not notice.
 *
 * Context: any thread.
 */
void vu_device_interrupt(struct vu_device *device)
{
	pthread_mutex_lock(&device->lock);
	vu_device_interrupt_locked(device);
	pthread_mutex_unlock(&device->lock);
}

/*
 * A client that is killed is gone before its session's thread has seen it, and may have left that
 * thread waiting for it.  Under the lock.
 */
static void vu_device_await_handover(struct vu_device *device)
{
	struct timespec deadline;
	unsigned int i;

	for (i = 0; i < VU_HANDOVER_TRIES; i++) {
		if (!device->gpu || !vu_has_hung_up(device->client))
			return;
		vu_device_interrupt_locked(device);
		deadline = vu_time_in(CLOCK_MONOTONIC, VU_HANDOVER_NS);
		pthread_cond_clockwait(&device->detached, &device->lock, CLOCK_MONOTONIC,
				       &deadline);
	}
}

/**
 * vu_device_attach() - a client wants the device
 * @device: the device
 * @client: its socket; must stay until vu_device_detach()
 * @gpu: set to a vGPU made for it
 *
 * Context: the thread of the client's session.
 * Return: 0, -EBUSY where another client has the device, or what
 * vu_gpu_create() returns.
 */
int vu_device_attach(struct vu_device *device, int client, struct vu_gpu **gpu)
{
	int ret = -EBUSY;

	pthread_mutex_lock(&device->lock);
	vu_device_await_handover(device);
	if (!device->gpu) {
		ret = vu_gpu_create(gpu, &device->config, device->hide_msix);
		if (!ret) {
			device->gpu = *gpu;
			device->client = client;
			device->thread = pthread_self();
		}
	}
	pthread_mutex_unlock(&device->lock);
	return ret;
}

/**
 * vu_device_detach() - the client is done with the device
 * @device: the device
 * @gpu: what vu_device_attach() gave it
 */
void vu_device_detach(struct vu_device *device, struct vu_gpu *gpu)
{
	pthread_mutex_lock(&device->lock);
	device->gpu = NULL;
	device->client = -1;
	pthread_cond_broadcast(&device->detached);
	pthread_mutex_unlock(&device->lock);
	vu_gpu_put(gpu);
}

/**
 * vu_device_look() - the vGPU that the device has at the moment
 * @device: the device
 *
 * Context: any thread.
 * Return: the vGPU, for vu_gpu_put() when done; NULL where there is no client.
 */
struct vu_gpu *vu_device_look(struct vu_device *device)
{
	struct vu_gpu *gpu = NULL;

	pthread_mutex_lock(&device->lock);
	if (device->gpu)
		gpu = vu_gpu_get(device->gpu);
	pthread_mutex_unlock(&device->lock);
	return gpu;
}
