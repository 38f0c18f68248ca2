// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session from an input: what a client says is there before the session begins, and ends with it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../vfio-user/server.h"
#include "fuzz.h"

#define ENGINE_LOOKS	20
#define ENGINE_LOOK_US	100

/* The engine has some time, though not for what it cannot have: nobody answers it. */
static void let_work(struct vu_engine *engine)
{
	bool working = true;
	unsigned int i;

	for (i = 0; i < ENGINE_LOOKS && working; i++) {
		pthread_mutex_lock(&engine->lock);
		working = engine->started && (engine->working || engine->kicked);
		pthread_mutex_unlock(&engine->lock);
		if (working)
			usleep(ENGINE_LOOK_US);
	}
}

static void nothing(int number)
{
	(void)number;
}

void fuzz_run(void (*say)(int fd, const uint8_t *data, size_t size), const uint8_t *data,
	      size_t size, bool hide_msix)
{
	/* Nobody reads the replies: when the socket is full of them the session ends. */
	static const struct vu_limits limits = { .timeout_ms = 1 };
	static const struct mvgpu_config config = {
		.num_rings = FUZZ_RINGS, .vram_size = MVGPU_VRAM_MIN, .mode_width = 1024,
		.mode_height = 768,
	};
	static const struct sigaction interrupt = { .sa_handler = nothing };
	struct vu_session session;
	struct vu_device device;
	int wire[2];

	/* Whoever wants to call the client interrupts the session's thread. */
	sigaction(SIGRTMIN, &interrupt, NULL);
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
	if (session.gpu)
		let_work(&session.gpu->engine);
	vu_session_fini(&session);
	vu_device_fini(&device);
	close(wire[0]);
	close(wire[1]);
}
