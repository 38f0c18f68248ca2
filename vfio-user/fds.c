// SPDX-License-Identifier: GPL-2.0-only
/*
 * File descriptors that come with messages.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

/**
 * vu_fds_close() - close what nobody has kept
 * @fds: empty afterwards
 */
void vu_fds_close(struct vu_fds *fds)
{
	unsigned int i;

	for (i = 0; i < fds->count; i++)
		if (fds->fd[i] >= 0)
			close(fds->fd[i]);
	fds->count = 0;
	fds->lost = false;
}

static void vu_fds_add(struct vu_fds *fds, int fd)
{
	if (fds->count < VU_MAX_FDS) {
		fds->fd[fds->count++] = fd;
	} else {
		fds->lost = true;
		close(fd);
	}
}

/**
 * vu_fds_take() - take the descriptors out of what recvmsg() has received
 * @fds: added to
 * @msg: of recvmsg()
 */
void vu_fds_take(struct vu_fds *fds, struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t i, count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			vu_fds_add(fds, fd);
		}
	}
	if (msg->msg_flags & MSG_CTRUNC)
		fds->lost = true;
}

/**
 * vu_fds_append() - put descriptors behind others
 * @to: where they go
 * @from: empty afterwards
 */
void vu_fds_append(struct vu_fds *to, struct vu_fds *from)
{
	unsigned int i;

	for (i = 0; i < from->count; i++)
		vu_fds_add(to, from->fd[i]);
	to->lost = to->lost || from->lost;
	from->count = 0;
	from->lost = false;
}

/**
 * vu_fds_keep() - keep a descriptor
 * @fds: what came with the message
 * @i: which of them, not kept yet
 *
 * Return: the descriptor, the caller's now.
 */
int vu_fds_keep(struct vu_fds *fds, unsigned int i)
{
	int fd = fds->fd[i];

	fds->fd[i] = -1;
	return fd;
}
