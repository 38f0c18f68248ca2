// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole sessions from bytes, for libFuzzer or for fuzz-random.c.
 *
 * The first byte says whether the session begins with a proper VERSION.  The rest are messages: a
 * byte for the command, one for flags and descriptors, two for the payload's length, the payload.
 * Some are sent as they are, header and all.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/vuclient.h"
#include "fuzz.h"

#define HEAD	4

/* What a message's second byte selects */
#define SELECT_RAW	0xe0
#define SELECT_NO_REPLY	0x10
#define SELECT_KIND	0x0c
#define SELECT_COUNT	0x03

enum kind { KIND_EVENTFD, KIND_SEALED, KIND_LOOSE, KIND_FILE, NUM_KINDS };

static int fds[NUM_KINDS];

static void fds_init(void)
{
	if (fds[KIND_SEALED])
		return;
	fds[KIND_EVENTFD] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fds[KIND_SEALED] = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[KIND_LOOSE] = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[KIND_FILE] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ftruncate(fds[KIND_SEALED], 1 << 20) || ftruncate(fds[KIND_LOOSE], 1 << 20) ||
	    fcntl(fds[KIND_SEALED], F_ADD_SEALS, F_SEAL_SHRINK) || fds[KIND_FILE] < 0)
		abort();
}

static void send_version(int fd)
{
	static const struct vu_version version;
	struct vu_header header;

	vuc_header(&header, VU_VERSION, sizeof(version));
	vuc_send(fd, &header, &version, sizeof(version), NULL, 0);
}

static void send_one(int fd, const uint8_t *head, const uint8_t *payload, size_t size)
{
	unsigned int i, count = head[1] & SELECT_COUNT;
	struct vu_header header;
	int with[SELECT_COUNT];

	for (i = 0; i < count; i++)
		with[i] = fds[(head[1] & SELECT_KIND) >> 2];
	if ((head[1] & SELECT_RAW) == SELECT_RAW) {
		if (size)
			vuc_send_raw(fd, payload, size, with, count);
		return;
	}
	vuc_header(&header, head[0] % (VU_NUM_COMMANDS + 2), size);
	if (head[1] & SELECT_NO_REPLY)
		header.flags = VU_FLAG_NO_REPLY;
	vuc_send(fd, &header, payload, size, with, count);
}

static void send_all(int fd, const uint8_t *data, size_t size)
{
	if (size && *data++ % 16)
		send_version(fd);
	for (size -= !!size; size >= HEAD; ) {
		const uint8_t *head = data;
		size_t payload = head[2] | head[3] << 8;

		data += HEAD;
		size -= HEAD;
		if (payload > size)
			payload = size;
		send_one(fd, head, data, payload);
		data += payload;
		size -= payload;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > FUZZ_MAX_SENT)
		return 0;
	fds_init();
	fuzz_run(send_all, data, size, size && data[0] & 0x10);
	return 0;
}
