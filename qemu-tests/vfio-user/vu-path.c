// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a register access takes on the server's side: no allocation and no lock, where the model
 * needs none.
 *
 * Linked with the server, whose calls of these functions the linker sends here.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../vfio-user/server.h"
#include "../lib/tap.h"
#include "../lib/vuclient.h"

#define MESSAGES	100
#define BAR2		2

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t *lock);

static atomic_uint allocations, locks;
/* This thread is the session's. */
static _Thread_local bool counted;

void *__wrap_malloc(size_t size)
{
	allocations += counted;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations += counted;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations += counted;
	return __real_realloc(old, size);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
	locks += counted;
	return __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	locks += counted;
	return __real_pthread_rwlock_rdlock(lock);
}

static void *serve(void *session)
{
	counted = true;
	vu_session_run(session);
	return NULL;
}

static void test_accesses(int fd)
{
	unsigned int i, wrong = 0;
	uint32_t value = 0;

	tap_ok(!vuc_negotiate(fd), "a session");
	tap_ok(allocations && locks, "to begin with it allocates and locks");
	allocations = 0;
	locks = 0;
	for (i = 0; i < MESSAGES; i++)
		wrong += vuc_read(fd, BAR2, &value, sizeof(value), MVGPU_REG_ID) != sizeof(value);
	tap_is(wrong, 0, "%u reads", MESSAGES);
	tap_is(allocations, 0, "allocate nothing");
	tap_is(locks, 0, "and take no lock");
	for (i = 0; i < MESSAGES; i++)
		wrong += vuc_write(fd, BAR2, &i, sizeof(i), MVGPU_REG_SCRATCH) != sizeof(i);
	tap_is(wrong, 0, "%u writes", MESSAGES);
	tap_is(allocations, 0, "allocate nothing");
	tap_is(locks, 0, "and take no lock");
}

int main(void)
{
	static const struct vu_limits limits = { .timeout_ms = VUC_PATIENCE_MS };
	static const struct mvgpu_config config = {
		.num_rings = 1, .vram_size = MVGPU_VRAM_MIN, .mode_width = 1024,
		.mode_height = 768,
	};
	struct vu_session session;
	struct vu_device device;
	pthread_t thread;
	int wire[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire))
		tap_bail("socketpair");
	vu_log_max = VU_LOG_WARNING;
	vu_device_init(&device, "path", &config, false);
	if (vu_session_init(&session, &device, &limits, wire[1]) ||
	    pthread_create(&thread, NULL, serve, &session))
		tap_bail("no session");
	test_accesses(wire[0]);
	close(wire[0]);
	pthread_join(thread, NULL);
	vu_session_fini(&session);
	vu_device_fini(&device);
	close(wire[1]);
	return tap_done();
}
