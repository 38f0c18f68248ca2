// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory, reached by messages to the client.
 *
 * Who calls is a thread of the device's, never the session's: QEMU serves such
 * a message in the very thread that may be waiting for a reply of the session's.
 * The session's thread sends the message between two commands, and takes
 * commands while the client is at work on it.
 *
 * A signal gets that thread out of recvmsg().  One that comes just before it
 * falls asleep is lost, so the caller repeats it until the message is sent.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "server.h"

#define VU_CALL_KICK_NS		2000000
#define VU_MAX_ERRNO		4095

/**
 * vu_call_init() - nobody to call yet
 * @call: memory for it
 */
void vu_call_init(struct vu_call *call)
{
	pthread_mutex_init(&call->turn, NULL);
	pthread_mutex_init(&call->lock, NULL);
	pthread_cond_init(&call->changed, NULL);
	atomic_init(&call->state, VU_CALL_CLOSED);
}

/**
 * vu_call_fini() - the end
 * @call: is closed
 */
void vu_call_fini(struct vu_call *call)
{
	pthread_cond_destroy(&call->changed);
	pthread_mutex_destroy(&call->lock);
	pthread_mutex_destroy(&call->turn);
}

/**
 * vu_call_open() - there is a client now
 * @call: is closed
 * @session: the client's, of this thread
 */
void vu_call_open(struct vu_call *call, struct vu_session *session)
{
	pthread_mutex_lock(&call->lock);
	call->session = session;
	call->thread = pthread_self();
	atomic_store(&call->state, VU_CALL_IDLE);
	pthread_mutex_unlock(&call->lock);
}

/* Under the lock. */
static void vu_call_set_state(struct vu_call *call, enum vu_call_state state)
{
	atomic_store(&call->state, state);
	pthread_cond_broadcast(&call->changed);
}

/* Let the caller go.  Under the lock. */
static void vu_call_finish(struct vu_call *call, int result)
{
	if (!call->waiting)
		return;
	call->waiting = false;
	call->result = result;
	pthread_cond_broadcast(&call->changed);
}

/**
 * vu_call_close() - the client goes
 * @call: is open
 *
 * Context: the session's thread.
 */
void vu_call_close(struct vu_call *call)
{
	pthread_mutex_lock(&call->lock);
	vu_call_finish(call, -ENODEV);
	vu_call_set_state(call, VU_CALL_CLOSED);
	call->session = NULL;
	pthread_mutex_unlock(&call->lock);
}

/* Under the lock. */
static void vu_call_cancel_locked(struct vu_call *call)
{
	if (!call->waiting)
		return;
	if (atomic_load(&call->state) == VU_CALL_WANTED)
		vu_call_set_state(call, VU_CALL_IDLE);
	vu_call_finish(call, -EFAULT);
}

/**
 * vu_call_cancel() - the memory is not to be accessed any more
 * @call: is open
 * @first: first address
 * @last: last one
 *
 * What has not been sent will not be; the answer to what has been is dropped.
 *
 * Context: the session's thread.
 */
void vu_call_cancel(struct vu_call *call, __u64 first, __u64 last)
{
	pthread_mutex_lock(&call->lock);
	if (call->address <= last && call->address + (call->size - 1) >= first)
		vu_call_cancel_locked(call);
	pthread_mutex_unlock(&call->lock);
}

/**
 * vu_call_hold() - no memory is to be accessed for now: who calls is refused
 * @call: is open
 *
 * Context: the session's thread.
 */
void vu_call_hold(struct vu_call *call)
{
	pthread_mutex_lock(&call->lock);
	call->held = true;
	vu_call_cancel_locked(call);
	pthread_cond_broadcast(&call->changed);
	pthread_mutex_unlock(&call->lock);
}

/**
 * vu_call_resume() - memory can be accessed again
 * @call: is held
 *
 * Context: the session's thread.
 */
void vu_call_resume(struct vu_call *call)
{
	pthread_mutex_lock(&call->lock);
	call->held = false;
	pthread_mutex_unlock(&call->lock);
}

static bool vu_time_over(const struct timespec *time)
{
	struct timespec now = vu_time_in(CLOCK_MONOTONIC, 0);

	return now.tv_sec > time->tv_sec ||
	       (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

/* A client that does not answer is not one to go on with.  Under the lock. */
static int vu_call_give_up(struct vu_call *call)
{
	vu_warn("%s: the client does not answer a DMA; closing", call->session->device->name);
	if (atomic_load(&call->state) == VU_CALL_WANTED)
		vu_call_set_state(call, VU_CALL_IDLE);
	call->waiting = false;
	vu_session_stop(call->session);
	return -ETIMEDOUT;
}

/* Wait until nothing is under way.  Under the lock. */
static int vu_call_await_idle(struct vu_call *call, const struct timespec *deadline)
{
	while (atomic_load(&call->state) == VU_CALL_SENT && !call->held)
		if (pthread_cond_clockwait(&call->changed, &call->lock, CLOCK_MONOTONIC,
					   deadline) && atomic_load(&call->state) == VU_CALL_SENT)
			return vu_call_give_up(call);
	if (atomic_load(&call->state) == VU_CALL_CLOSED)
		return -ENODEV;
	return call->held ? -EFAULT : 0;
}

/* Wait for the answer.  Under the lock. */
static int vu_call_await_answer(struct vu_call *call, const struct timespec *deadline)
{
	while (call->waiting) {
		struct timespec until = *deadline;

		if (atomic_load(&call->state) == VU_CALL_WANTED) {
			pthread_kill(call->thread, SIGRTMIN);
			until = vu_time_in(CLOCK_MONOTONIC, VU_CALL_KICK_NS);
		}
		pthread_cond_clockwait(&call->changed, &call->lock, CLOCK_MONOTONIC, &until);
		if (call->waiting && vu_time_over(deadline))
			return vu_call_give_up(call);
	}
	return call->result;
}

static ssize_t vu_call_do(struct vu_call *call, __u64 window, __u64 address, void *buf,
			  size_t size, bool write)
{
	struct timespec deadline;
	int ret;

	if (atomic_load(&call->state) == VU_CALL_CLOSED)
		return -ENODEV;
	deadline = vu_time_in(CLOCK_MONOTONIC, call->session->limits->timeout_ms * VU_MS_NS);
	ret = vu_call_await_idle(call, &deadline);
	if (ret)
		return ret;

	call->size = min(size, (size_t)call->session->client_transfer);
	call->write = write;
	call->window = window;
	call->address = address;
	call->buf = buf;
	call->waiting = true;
	vu_call_set_state(call, VU_CALL_WANTED);
	ret = vu_call_await_answer(call, &deadline);
	return ret ? ret : (ssize_t)call->size;
}

/**
 * vu_call_access() - access the client's memory
 * @call: the client's
 * @window: the id of a window of the client's
 * @address: in that window
 * @buf: where the data go, or come from
 * @size: how many bytes, not zero
 * @write: to the client
 *
 * Context: any thread but the session's; waits for the client.
 * Return: how much was done, which may be less than @size; -ENODEV without a
 * client, -EFAULT where the memory was taken away, -ETIMEDOUT, or the client's
 * error.
 */
ssize_t vu_call_access(struct vu_call *call, __u64 window, __u64 address, void *buf, size_t size,
		       bool write)
{
	ssize_t ret;

	pthread_mutex_lock(&call->turn);
	pthread_mutex_lock(&call->lock);
	ret = vu_call_do(call, window, address, buf, size, write);
	pthread_mutex_unlock(&call->lock);
	pthread_mutex_unlock(&call->turn);
	return ret;
}

/* Make the message in the session's buffer: its size, 0 where there is none to send. */
static size_t vu_call_message(struct vu_call *call, __u8 *out)
{
	struct vu_dma_access access = { .address = call->address, .count = call->size };
	struct vu_header header = {
		.id = ++call->id,
		.command = call->write ? VU_DMA_WRITE : VU_DMA_READ,
		.size = sizeof(header) + sizeof(access) + (call->write ? call->size : 0),
		.flags = VU_TYPE_COMMAND,
	};

	memcpy(out, &header, sizeof(header));
	memcpy(out + sizeof(header), &access, sizeof(access));
	if (call->write)
		memcpy(out + sizeof(header) + sizeof(access), call->buf, call->size);
	return header.size;
}

/**
 * vu_call_send() - send what is wanted
 * @call: is open
 *
 * Context: the session's thread.
 * Return: 0, or a negative errno where the client takes no messages.
 */
int vu_call_send(struct vu_call *call)
{
	struct vu_session *session = call->session;
	const struct vu_dma_window *window;
	size_t size = 0;

	pthread_mutex_lock(&call->lock);
	if (atomic_load(&call->state) == VU_CALL_WANTED) {
		/* The window may have gone since the caller has looked, and another be there. */
		window = vu_dma_find(&session->gpu->dma, call->address, 0);
		if (window && window->id == call->window) {
			size = vu_call_message(call, session->out);
			vu_call_set_state(call, VU_CALL_SENT);
		} else {
			vu_call_set_state(call, VU_CALL_IDLE);
			vu_call_finish(call, -EFAULT);
		}
	}
	pthread_mutex_unlock(&call->lock);
	return size ? vu_session_send(session, size, -1) : 0;
}

/* What an answer says: 0, the client's error, or -EPROTO where it makes no sense. */
static int vu_call_result(const struct vu_call *call, const struct vu_header *header,
			  const __u8 *payload)
{
	size_t size = header->size - sizeof(*header);
	struct vu_dma_access access;

	if (header->flags & VU_FLAG_ERROR)
		return header->error && header->error <= VU_MAX_ERRNO ? -(int)header->error : -EIO;
	if (call->write)
		return 0;
	if (size != sizeof(access) + call->size)
		return -EPROTO;
	memcpy(&access, payload, sizeof(access));
	if (access.address != call->address || access.count != call->size)
		return -EPROTO;
	if (call->waiting)
		memcpy(call->buf, payload + sizeof(access), call->size);
	return 0;
}

/**
 * vu_call_answered() - the client has sent a reply
 * @call: is open
 * @header: of the reply
 * @payload: behind it
 *
 * Context: the session's thread.
 * Return: 0, or -EPROTO for a reply that nobody has asked for, or that makes no
 * sense.
 */
int vu_call_answered(struct vu_call *call, const struct vu_header *header, const __u8 *payload)
{
	int ret = -EPROTO, result;

	pthread_mutex_lock(&call->lock);
	if (atomic_load(&call->state) == VU_CALL_SENT && header->id == call->id &&
	    header->command == (call->write ? VU_DMA_WRITE : VU_DMA_READ)) {
		result = vu_call_result(call, header, payload);
		ret = result == -EPROTO ? result : 0;
		vu_call_set_state(call, VU_CALL_IDLE);
		vu_call_finish(call, result);
	}
	pthread_mutex_unlock(&call->lock);
	return ret;
}
