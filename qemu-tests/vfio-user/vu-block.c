// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that lets the server wait at its eventfds.  The server makes them such that writing does
 * not wait, which is a property of the open file: the client takes it back and fills the counter.
 * It may hold itself up so, not who comes after it, nor the server's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* A session whose engine's thread waits. */
static void block_engine(struct gpu *gpu, const char *name)
{
	struct ring ring;

	gpu_open(gpu, &server);
	ring_enable(&ring, gpu, 0);
	tap_ok(ring_finish(&ring) && block_messages(gpu->fd),
	       "%s: an eventfd at which a write waits", name);
	ring_submit(&ring, cmd_fence(1000, MVGPU_FENCE_INTERRUPT));
	while (ring_fence(&ring) != 1000)
		;
}

/*
 * Who looks at the picture waits for what that thread has locked.  Who comes just before it begins
 * to wait has to be asked again.
 */
static void test_picture(const char *control)
{
	bool answered = false;
	struct gpu gpu;
	unsigned int i;

	block_engine(&gpu, "picture");
	for (i = 0; !answered && i < ATTEMPTS; i++) {
		server_tell(&server, control, "screenshot 0 /tmp/none.png");
		answered = server_logged(&server, strerror(ENODATA));
	}
	tap_ok(answered, "picture: an answer, that there is none");
	gpu_close(&gpu);
}

/* The session's thread waits for that of the engine. */
static void test_engine(void)
{
	struct gpu gpu;

	block_engine(&gpu, "engine");
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
	char control[80];

	rnd_init();
	server_folder(&server);
	snprintf(control, sizeof(control), "%s.ctl", server.folder);
	server_folder_remove(&server);
	server_start(&server, (const char *const []) { "--control", control, NULL });
	descriptors = server_descriptors(&server);
	test_session();
	test_engine();
	test_picture(control);
	tap_ok(server_settles(&server, descriptors), "no descriptor is left in the server");
	test_end();
	return tap_done();
}
