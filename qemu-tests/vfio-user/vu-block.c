// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that lets the server wait at its eventfds.  The server makes them such that writing does
 * not wait, which is a property of the open file: the client takes it back and fills the counter.
 * It may hold itself up so, not who comes after it, nor the server's end.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "../lib/commands.h"
#include "gpu.h"

#define ATTEMPTS	40

static struct server server;

/* Sets all eventfds of an index to one, at which a write waits: whether it did. */
static bool block(int fd, uint32_t index, unsigned int count)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD,
		.index = index,
		.count = count,
	};
	int full = eventfd(0, EFD_CLOEXEC), fds[MVGPU_NUM_VECTORS];
	struct vuc_reply reply;
	unsigned int i;
	bool done;

	for (i = 0; i < count; i++)
		fds[i] = full;
	done = vuc_call_fds(fd, VU_DEVICE_SET_IRQS, &set, sizeof(set), fds, count, &reply) == 0 &&
	       !fcntl(full, F_SETFL, fcntl(full, F_GETFL) & ~O_NONBLOCK) &&
	       !eventfd_write(full, UINT64_MAX - 1);
	close(full);
	return done;
}

static bool block_messages(int fd)
{
	return block(fd, VFIO_PCI_MSI_IRQ_INDEX, MVGPU_NUM_VECTORS) &&
	       write32(fd, BAR2, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
}

/* Sends a command of which no reply will come. */
static void send_command(int fd, uint16_t command, const void *payload, size_t size)
{
	struct vu_header header;

	vuc_header(&header, command, size);
	vuc_send(fd, &header, payload, size, NULL, 0);
}

/* Whether a new client gets the device, in the end. */
static bool is_free(void)
{
	unsigned int i;
	int fd = -1;

	for (i = 0; fd < 0 && i < ATTEMPTS; i++)
		fd = vuc_attach(server.socket);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void test_session(void)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} __attribute__((packed)) raise = {
		{ .region = BAR2, .offset = MVGPU_REG_INTR_RAISE, .count = 4 }, 1,
	};
	int fd = server_attach(&server);

	tap_ok(block_messages(fd), "session: an eventfd at which a write waits");
	send_command(fd, VU_REGION_WRITE, &raise, sizeof(raise));
	close(fd);
	tap_ok(is_free(), "session: the next client gets the device");
}

/* The engine's thread waits, and that of the session for it. */
static void test_engine(void)
{
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	tap_ok(ring_finish(&ring) && block_messages(gpu.fd),
	       "engine: an eventfd at which a write waits");
	ring_submit(&ring, cmd_fence(1000, MVGPU_FENCE_INTERRUPT));
	while (ring_fence(&ring) != 1000)
		;
	send_command(gpu.fd, VU_DEVICE_RESET, NULL, 0);
	gpu_close(&gpu);
	tap_ok(is_free(), "engine: the next client gets the device");
}

static void test_end(void)
{
	int fd = server_attach(&server);

	tap_ok(block(fd, VFIO_PCI_REQ_IRQ_INDEX, 1), "REQ: an eventfd at which a write waits");
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	close(fd);
}

int main(void)
{
	unsigned int descriptors;

	rnd_init();
	server_start(&server, NULL);
	descriptors = server_descriptors(&server);
	test_session();
	test_engine();
	tap_ok(server_settles(&server, descriptors), "no descriptor is left in the server");
	test_end();
	return tap_done();
}
