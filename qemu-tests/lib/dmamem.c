// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmamem.h"
#include "tap.h"

/**
 * struct dmamem - a piece of memory
 * @next: the next one
 * @start: where it is
 * @size: bytes
 * @fd: the file that it is in
 */
struct dmamem {
	struct dmamem *next;
	uint8_t *start;
	size_t size;
	int fd;
};

static struct dmamem *pieces;

void *dmamem_alloc(size_t size)
{
	struct dmamem *piece = malloc(sizeof(*piece));

	if (!piece)
		tap_bail("no memory for a device's");
	piece->size = size;
	/* A server does not map what could be made shorter. */
	piece->fd = memfd_create("dmamem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (piece->fd < 0 || ftruncate(piece->fd, size) ||
	    fcntl(piece->fd, F_ADD_SEALS, F_SEAL_SHRINK))
		tap_bail("no file for a device's memory");
	piece->start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, piece->fd, 0);
	if (piece->start == MAP_FAILED)
		tap_bail("a device's memory cannot be mapped");
	piece->next = pieces;
	pieces = piece;
	return piece->start;
}

void dmamem_free(void *memory)
{
	struct dmamem **link, *piece;

	for (link = &pieces; (piece = *link); link = &piece->next) {
		if (piece->start != memory)
			continue;
		*link = piece->next;
		munmap(piece->start, piece->size);
		close(piece->fd);
		free(piece);
		return;
	}
}

int dmamem_file(const void *address, uint64_t *offset)
{
	const struct dmamem *piece;
	const uint8_t *byte = address;

	for (piece = pieces; piece; piece = piece->next) {
		if (byte >= piece->start && byte < piece->start + piece->size) {
			*offset = byte - piece->start;
			return piece->fd;
		}
	}
	return -1;
}
