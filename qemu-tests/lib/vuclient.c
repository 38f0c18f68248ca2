// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vuclient.h"

/* More than a message may have: tests send too many, too. */
#define VUC_MAX_FDS	64

/* What QEMU 11.1 proposes. */
static const char vuc_version_data[] =
	"{\"capabilities\": {\"migration\": {\"pgsize\": 4096, \"max_bitmap_size\": 268435456}, "
	"\"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576, \"pgsizes\": 4096, "
	"\"max_dma_maps\": 65535, \"write_multiple\": true}}";

static uint8_t vuc_room[VU_MAX_MESSAGE];

int vuc_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

void vuc_header(struct vu_header *header, uint16_t command, size_t payload)
{
	static uint16_t id = 0xfff0;

	memset(header, 0, sizeof(*header));
	header->id = id++;
	header->command = command;
	header->size = sizeof(*header) + payload;
}

int vuc_send_raw(int fd, const void *data, size_t size, const int *fds, unsigned int num_fds)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * VUC_MAX_FDS)];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (num_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * num_fds);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int) * num_fds);
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * num_fds);
	}
	while (iov.iov_len) {
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (sent < 0)
			return -errno;
		iov.iov_base = (char *)iov.iov_base + sent;
		iov.iov_len -= sent;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	return 0;
}

int vuc_send(int fd, struct vu_header *header, const void *payload, size_t size, const int *fds,
	     unsigned int num_fds)
{
	uint8_t *message = malloc(sizeof(*header) + size);
	int ret;

	if (!message)
		return -ENOMEM;
	memcpy(message, header, sizeof(*header));
	if (size)
		memcpy(message + sizeof(*header), payload, size);
	ret = vuc_send_raw(fd, message, sizeof(*header) + size, fds, num_fds);
	free(message);
	return ret;
}

static void vuc_take_fds(struct vuc_reply *reply, struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return;
	reply->num_fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(reply->fds, CMSG_DATA(cmsg), reply->num_fds * sizeof(int));
}

/* Bytes received, at most @size, descriptors into @reply; as vuc_receive(). */
static ssize_t vuc_receive_some(int fd, void *to, size_t size, struct vuc_reply *reply)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * VU_MAX_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t got;

	if (poll(&ready, 1, VUC_PATIENCE_MS) <= 0)
		return -ETIMEDOUT;
	got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (got < 0)
		return -errno;
	if (!got)
		return -ECONNRESET;
	vuc_take_fds(reply, &msg);
	return got;
}

static int vuc_receive_all(int fd, void *to, size_t size, struct vuc_reply *reply)
{
	ssize_t got;

	while (size) {
		got = vuc_receive_some(fd, to, size, reply);
		if (got < 0)
			return got;
		to = (char *)to + got;
		size -= got;
	}
	return 0;
}

int vuc_receive(int fd, struct vuc_reply *reply)
{
	ssize_t got;

	memset(reply, 0, sizeof(*reply));
	/* A client such as QEMU takes a header that does not come whole for an error. */
	got = vuc_receive_some(fd, &reply->header, sizeof(reply->header), reply);
	if (got < 0)
		return got;
	if (got != sizeof(reply->header) || reply->header.size < sizeof(reply->header) ||
	    reply->header.size > sizeof(vuc_room))
		return -EPROTO;
	reply->size = reply->header.size - sizeof(reply->header);
	reply->payload = vuc_room;
	return vuc_receive_all(fd, vuc_room, reply->size, reply);
}

ssize_t vuc_call_fds(int fd, uint16_t command, const void *payload, size_t size, const int *fds,
		     unsigned int num_fds, struct vuc_reply *reply)
{
	struct vu_header header;
	int ret;

	vuc_header(&header, command, size);
	ret = vuc_send(fd, &header, payload, size, fds, num_fds);
	if (!ret)
		ret = vuc_receive(fd, reply);
	if (ret)
		return ret;
	if (reply->header.id != header.id || reply->header.command != command ||
	    (reply->header.flags & ~VU_FLAG_ERROR) != VU_TYPE_REPLY)
		return -EPROTO;
	if (reply->header.flags & VU_FLAG_ERROR)
		return reply->size || reply->num_fds ? -EPROTO : -(int)reply->header.error;
	return reply->size;
}

ssize_t vuc_call(int fd, uint16_t command, const void *payload, size_t size, void *out, size_t room)
{
	struct vuc_reply reply;
	ssize_t got = vuc_call_fds(fd, command, payload, size, NULL, 0, &reply);
	unsigned int i;

	if (got > 0)
		memcpy(out, reply.payload, (size_t)got < room ? (size_t)got : room);
	for (i = 0; got >= 0 && i < reply.num_fds; i++)
		close(reply.fds[i]);
	return got;
}

int vuc_negotiate(int fd)
{
	uint8_t payload[sizeof(struct vu_version) + sizeof(vuc_version_data)] = { };
	ssize_t ret;

	memcpy(payload + sizeof(struct vu_version), vuc_version_data, sizeof(vuc_version_data));
	ret = vuc_call(fd, VU_VERSION, payload, sizeof(payload), payload, sizeof(payload));
	return ret < 0 ? ret : 0;
}

int vuc_attach(const char *path)
{
	int fd = vuc_connect(path);
	int ret;

	if (fd < 0)
		return fd;
	ret = vuc_negotiate(fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

ssize_t vuc_read(int fd, unsigned int region, void *buf, size_t len, uint64_t offset)
{
	struct vu_region_access access = { .offset = offset, .region = region, .count = len };
	struct vuc_reply reply;
	ssize_t got;

	got = vuc_call_fds(fd, VU_REGION_READ, &access, sizeof(access), NULL, 0, &reply);
	if (got < 0)
		return got;
	memcpy(&access, reply.payload, sizeof(access));
	if ((size_t)got != sizeof(access) + access.count || access.count > len ||
	    access.offset != offset || access.region != region)
		return -EPROTO;
	memcpy(buf, reply.payload + sizeof(access), access.count);
	return access.count;
}

ssize_t vuc_write(int fd, unsigned int region, const void *buf, size_t len, uint64_t offset)
{
	struct vu_region_access access = { .offset = offset, .region = region, .count = len };
	uint8_t *payload = malloc(sizeof(access) + len);
	ssize_t got;

	if (!payload)
		return -ENOMEM;
	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), buf, len);
	got = vuc_call(fd, VU_REGION_WRITE, payload, sizeof(access) + len, &access,
		       sizeof(access));
	free(payload);
	if (got < 0)
		return got;
	if (got != sizeof(access) || access.count > len || access.offset != offset ||
	    access.region != region)
		return -EPROTO;
	return access.count;
}
