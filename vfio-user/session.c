// SPDX-License-Identifier: GPL-2.0-only
/*
 * A session: messages in, replies out.
 *
 * Two system calls a message: a receive that takes all there is, header and
 * payload and further messages if they are there, and a send of header and
 * payload together (QEMU takes a header that comes alone for an error).
 * Nothing is allocated and no lock is taken here on the way.
 *
 * Descriptors: a receive stops behind the piece of the stream that carried
 * descriptors.  Data of earlier pieces may stand before it in what was
 * received, so they belong to the last message that has begun in it.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "clock.h"
#include "server.h"

static int vu_session_set_timeout(int fd, int option, unsigned int ms)
{
	struct timeval timeout = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	return setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof(timeout)) ? -errno : 0;
}

/**
 * vu_session_init() - make a session
 * @session: memory for it
 * @device: what the client connects to
 * @limits: the server's; must stay
 * @fd: the socket; it stays the caller's
 *
 * Return: 0, -ENOMEM, or what setsockopt() says of @fd.
 */
int vu_session_init(struct vu_session *session, struct vu_device *device,
		    const struct vu_limits *limits, int fd)
{
	int ret;

	memset(session, 0, sizeof(*session));
	session->device = device;
	session->limits = limits;
	session->fd = fd;
	atomic_init(&session->stopping, false);

	ret = vu_session_set_timeout(fd, SO_SNDTIMEO, limits->timeout_ms);
	if (ret)
		return ret;

	session->in = malloc(VU_MAX_MESSAGE);
	session->out = malloc(VU_MAX_MESSAGE);
	if (!session->in || !session->out) {
		free(session->in);
		free(session->out);
		return -ENOMEM;
	}
	return 0;
}

/**
 * vu_session_fini() - the end of a session
 * @session: it does not run any more
 *
 * The client sees the end of the connection; the socket stays open, because
 * vu_session_stop() may be using it.
 */
void vu_session_fini(struct vu_session *session)
{
	vu_fds_close(&session->fds);
	if (session->gpu) {
		vu_dma_close(&session->gpu->dma);
		vu_engine_close(&session->gpu->engine);
		if (atomic_load(&session->stopping))
			vu_irq_request_release(&session->gpu->irq);
		vu_device_detach(session->device, session->gpu);
	}
	free(session->in);
	free(session->out);
	shutdown(session->fd, SHUT_RDWR);
}

/**
 * vu_session_stop() - make a session end
 * @session: one that runs in another thread, or has run; its socket is open
 *
 * Context: any thread; does not wait for the end.
 */
void vu_session_stop(struct vu_session *session)
{
	atomic_store(&session->stopping, true);
	shutdown(session->fd, SHUT_RDWR);
}

/* Wait for the socket and for what else concerns the session's thread: 0 for the socket. */
static int vu_session_poll(struct vu_session *session)
{
	struct vu_irq *irq = &session->gpu->irq;
	struct pollfd fds[] = {
		{ .fd = session->fd, .events = POLLIN },
		{ .fd = irq->unmask, .events = POLLIN },
	};
	int ready = poll(fds, 2, session->timed ? (int)session->limits->timeout_ms : -1);

	if (ready <= 0)
		return ready ? -errno : -EAGAIN;
	if (fds[1].revents)
		vu_irq_unmasked(irq);
	return fds[0].revents ? 0 : -EINTR;
}

/* Whether the client is to be sent something. */
static bool vu_session_has_call(const struct vu_session *session)
{
	return session->gpu && vu_call_wanted(&session->gpu->dma.call);
}

/*
 * Look for a message without sleeping.  Each time that none comes the next look
 * is half as long; one that comes soon after the session has gone to sleep says
 * that looking longer would have paid.  An idle session sleeps.
 */
static ssize_t vu_session_look(struct vu_session *session, struct msghdr *msg)
{
	__s64 begun = vu_now_ns();
	__s64 max = session->limits->poll_us * 1000ll;
	ssize_t got;

	do {
		got = recvmsg(session->fd, msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (got >= 0 || errno != EAGAIN)
			return got;
		if (vu_session_has_call(session)) {
			errno = EINTR;
			return -1;
		}
	} while (vu_now_ns() - begun < session->poll_ns);

	session->poll_ns /= 2;
	begun = vu_now_ns();
	got = recvmsg(session->fd, msg, MSG_CMSG_CLOEXEC);
	if (got > 0 && vu_now_ns() - begun < max)
		session->poll_ns = max;
	return got;
}

/*
 * A client may take its time between two messages, not for its version nor in
 * the middle of one.  The timer is not for free, so that the usual wait has none.
 */
static int vu_session_set_timed(struct vu_session *session)
{
	bool timed = !session->gpu || session->filled;
	int ret = 0;

	if (timed != session->timed)
		ret = vu_session_set_timeout(session->fd, SO_RCVTIMEO,
					     timed ? session->limits->timeout_ms : 0);
	session->timed = timed;
	return ret;
}

static ssize_t vu_session_receive(struct vu_session *session, struct vu_fds *fresh)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * VU_MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = {
		.iov_base = session->in + session->filled,
		.iov_len = VU_MAX_MESSAGE - session->filled,
	};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = vu_session_set_timed(session);

	if (!got && session->gpu && session->gpu->irq.unmask >= 0)
		got = vu_session_poll(session);
	if (got)
		return got;
	if (session->limits->poll_us)
		got = vu_session_look(session, &msg);
	else
		got = recvmsg(session->fd, &msg, MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	session->filled += got;
	if (msg.msg_controllen || msg.msg_flags & MSG_CTRUNC)
		vu_fds_take(fresh, &msg);
	return got;
}

/* Whether a message at @pos is there as a whole; a header that lies ends the session. */
static bool vu_session_complete(const struct vu_session *session, size_t pos,
				struct vu_header *header)
{
	size_t left = session->filled - pos;

	if (left < sizeof(*header))
		return false;
	memcpy(header, session->in + pos, sizeof(*header));
	return header->size <= left;
}

static bool vu_header_valid(const struct vu_header *header)
{
	__u32 type = header->flags & VU_TYPE_MASK;

	return header->size >= sizeof(*header) && header->size <= VU_MAX_MESSAGE &&
	       (type == VU_TYPE_COMMAND || type == VU_TYPE_REPLY);
}

/* Where the last message begins that has begun. */
static size_t vu_session_last(const struct vu_session *session)
{
	struct vu_header header;
	size_t pos = 0;

	while (vu_session_complete(session, pos, &header) && vu_header_valid(&header) &&
	       pos + header.size < session->filled)
		pos += header.size;
	return pos;
}

/**
 * vu_session_send() - send a message
 * @session: the session
 * @size: bytes of it in @out
 * @fd: a descriptor to go with it, or -1
 *
 * Context: the session's thread.
 * Return: 0, or a negative errno where the client does not take it.
 */
int vu_session_send(struct vu_session *session, size_t size, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = session->out, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	while (iov.iov_len) {
		sent = sendmsg(session->fd, &msg, MSG_NOSIGNAL);
		if (sent < 0 && (errno != EINTR || atomic_load(&session->stopping)))
			return -errno;
		if (sent <= 0)
			continue;
		iov.iov_base = (__u8 *)iov.iov_base + sent;
		iov.iov_len -= sent;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	return 0;
}

/* Act on one message and answer it. */
static int vu_session_answer(struct vu_session *session, const struct vu_header *header,
			     const __u8 *payload, struct vu_fds *fds)
{
	struct vu_request request = {
		.session = session,
		.payload = payload,
		.size = header->size - sizeof(*header),
		.fds = fds,
		.reply = session->out + sizeof(*header),
		.reply_fd = -1,
	};
	struct vu_header reply = {
		.id = header->id,
		.command = header->command,
		.flags = VU_TYPE_REPLY,
	};
	int ret;

	ret = vu_command_run(&request, header);
	if (fds->count || fds->lost)
		vu_fds_close(fds);
	if (ret < 0) {
		reply.flags |= VU_FLAG_ERROR;
		reply.error = -ret;
		request.reply_size = 0;
		request.reply_fd = -1;
	}
	if (!(header->flags & VU_FLAG_NO_REPLY)) {
		reply.size = sizeof(reply) + request.reply_size;
		memcpy(session->out, &reply, sizeof(reply));
		ret = vu_session_send(session, reply.size, request.reply_fd);
		if (ret < 0) {
			vu_warn("%s: the client takes no reply: %s", session->device->name,
				strerror(-ret));
			return ret;
		}
	}
	return request.end ? -ECONNABORTED : 0;
}

/* What the client answers, without descriptors. */
static int vu_session_answered(struct vu_session *session, const struct vu_header *header,
			       const __u8 *payload)
{
	bool fds = session->fds.count || session->fds.lost;

	vu_fds_close(&session->fds);
	if (!session->gpu || fds || vu_call_answered(&session->gpu->dma.call, header, payload)) {
		vu_warn("%s: a reply to command %u that nobody wants; closing",
			session->device->name, header->command);
		return -EPROTO;
	}
	return 0;
}

static int vu_session_handle(struct vu_session *session, const struct vu_header *header,
			     const __u8 *payload)
{
	if ((header->flags & VU_TYPE_MASK) == VU_TYPE_REPLY)
		return vu_session_answered(session, header, payload);
	return vu_session_answer(session, header, payload, &session->fds);
}

/*
 * Handle all messages that are complete.  @fresh are the descriptors that came
 * with the last receive.
 */
static int vu_session_drain(struct vu_session *session, struct vu_fds *fresh)
{
	struct vu_header header;
	size_t last = 0, pos = 0;
	int ret = 0;

	if (fresh->count || fresh->lost)
		last = vu_session_last(session);
	if (!last)
		vu_fds_append(&session->fds, fresh);

	while (!ret && session->filled - pos >= sizeof(header)) {
		bool complete = vu_session_complete(session, pos, &header);

		if (!vu_header_valid(&header)) {
			vu_warn("%s: not a message: size %u, flags 0x%x; closing",
				session->device->name, header.size, header.flags);
			ret = -EPROTO;
		} else if (complete) {
			ret = vu_session_handle(session, &header,
						session->in + pos + sizeof(header));
			pos += header.size;
			if (pos == last)
				vu_fds_append(&session->fds, fresh);
		} else {
			break;
		}
	}
	vu_fds_close(fresh);

	session->filled -= pos;
	if (pos && session->filled)
		memmove(session->in, session->in + pos, session->filled);
	return ret;
}

/* Whether the session goes on after a receive that got nothing. */
static bool vu_session_goes_on(struct vu_session *session, ssize_t got)
{
	const char *name = session->device->name;

	if (atomic_load(&session->stopping))
		return false;
	switch (got) {
	case -EINTR:
		return true;
	case -EAGAIN:
		vu_warn("%s: the client says nothing in %u ms, in mid-message or before its "
			"version; closing", name, session->limits->timeout_ms);
		return false;
	case 0:
		if (session->filled)
			vu_warn("%s: the client has gone in mid-message", name);
		return false;
	default:
		vu_warn("%s: %s", name, strerror(-got));
		return false;
	}
}

/**
 * vu_session_run() - serve the client until it goes, does what it must not, or
 * the session is stopped
 * @session: one that has been initialized
 */
void vu_session_run(struct vu_session *session)
{
	struct vu_fds fresh = { };
	ssize_t got;

	do {
		if (vu_session_has_call(session) && vu_call_send(&session->gpu->dma.call))
			break;
		got = vu_session_receive(session, &fresh);
		if (got > 0 && vu_session_drain(session, &fresh))
			break;
	} while (got > 0 || vu_session_goes_on(session, got));
}
