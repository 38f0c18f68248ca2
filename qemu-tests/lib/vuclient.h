/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of the vfio-user protocol, made for tests: it sends what it is told to, right or wrong.
 */
#ifndef VUCLIENT_H
#define VUCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../vfio-user/protocol.h"

/* Longer than any server may take, on any machine. */
#define VUC_PATIENCE_MS	60000

/**
 * struct vuc_reply - what came back
 * @header: of the message
 * @payload: behind it; what it points to is overwritten by the next receive
 * @size: bytes of the payload
 * @fds: descriptors that came with it, the caller's
 * @num_fds: how many
 */
struct vuc_reply {
	struct vu_header header;
	const uint8_t *payload;
	size_t size;
	int fds[VU_MAX_FDS];
	unsigned int num_fds;
};

/* The socket, or a negative errno. */
int vuc_connect(const char *path);

/* Fills in a command's header, with an id that no other call has used lately. */
void vuc_header(struct vu_header *header, uint16_t command, size_t payload);

/* @size bytes as they are, with descriptors.  0 or a negative errno. */
int vuc_send_raw(int fd, const void *data, size_t size, const int *fds, unsigned int num_fds);

/* A whole command; the header's size is as @size says. */
int vuc_send(int fd, struct vu_header *header, const void *payload, size_t size, const int *fds,
	     unsigned int num_fds);

/* The next message: 0, -ECONNRESET where the server has closed, -ETIMEDOUT. */
int vuc_receive(int fd, struct vuc_reply *reply);

/*
 * Sends a command and waits for its reply: bytes of its payload, the errno of an error reply as a
 * negative number, -EPROTO for a reply that is not one to this command, or what vuc_receive()
 * says.  Of the payload @room bytes at most are copied to @out.
 */
ssize_t vuc_call(int fd, uint16_t command, const void *payload, size_t size, void *out,
		 size_t room);
ssize_t vuc_call_fds(int fd, uint16_t command, const void *payload, size_t size, const int *fds,
		     unsigned int num_fds, struct vuc_reply *reply);

/* VERSION as QEMU sends it: 0 or a negative errno. */
int vuc_negotiate(int fd);

/* Both: a session, or a negative errno. */
int vuc_attach(const char *path);

/* Region accesses: bytes, or a negative errno. */
ssize_t vuc_read(int fd, unsigned int region, void *buf, size_t len, uint64_t offset);
ssize_t vuc_write(int fd, unsigned int region, const void *buf, size_t len, uint64_t offset);

#endif /* VUCLIENT_H */
