// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session from an input: what a client says is there before the session begins, and ends with it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../vfio-user/server.h"
#include "fuzz.h"

void fuzz_run(void (*say)(int fd, const uint8_t *data, size_t size), const uint8_t *data,
	      size_t size, bool hide_msix)
{
	/* Nobody reads the replies: when the socket is full of them the session ends. */
	static const struct vu_limits limits = { .timeout_ms = 1 };
	static const struct mvgpu_config config = {
		.num_rings = 1, .vram_size = MVGPU_VRAM_MIN, .mode_width = 1024,
		.mode_height = 768,
	};
	struct vu_session session;
	struct vu_device device;
	int wire[2];

	vu_log_max = VU_LOG_ERROR;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire))
		abort();
	vu_device_init(&device, "fuzz", &config, hide_msix);
	if (vu_session_init(&session, &device, &limits, wire[1]))
		abort();
	fcntl(wire[0], F_SETFL, O_NONBLOCK);
	say(wire[0], data, size);
	shutdown(wire[0], SHUT_WR);
	vu_session_run(&session);
	vu_session_fini(&session);
	vu_device_fini(&device);
	close(wire[0]);
	close(wire[1]);
}
