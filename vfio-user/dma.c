// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory.
 *
 * What the client shares by a file that cannot shrink is mapped, to be used in
 * place.  A file that the client could truncate would kill this process at the
 * next access: such memory is as good as memory without a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "server.h"

#define VU_DMA_MIN_ROOM	32

/* The first window that does not end before @address. */
static unsigned int vu_dma_search(const struct vu_dma *dma, __u64 address)
{
	unsigned int low = 0, high = dma->count;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct vu_dma_window *window = &dma->windows[mid];

		if (window->address + (window->size - 1) < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int vu_dma_make_room(struct vu_dma *dma)
{
	unsigned int room = dma->room ? 2 * dma->room : VU_DMA_MIN_ROOM;
	struct vu_dma_window *windows;

	if (dma->count < dma->room)
		return 0;
	windows = reallocarray(dma->windows, room, sizeof(*windows));
	if (!windows)
		return -ENOMEM;
	dma->windows = windows;
	dma->room = room;
	return 0;
}

static bool vu_file_has(int fd, __u64 offset, __u64 size)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	       offset <= (__u64)status.st_size && size <= (__u64)status.st_size - offset;
}

static int vu_dma_map_file(struct vu_dma_window *window, int fd, __u64 offset)
{
	/* Before its size is looked at: what is sealed then has it for good. */
	int seals = fcntl(fd, F_GET_SEALS);
	int prot = 0;

	if (offset % VU_PAGE_SIZE || !vu_file_has(fd, offset, window->size))
		return -EINVAL;
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return 0;

	if (window->flags & VU_DMA_FLAG_READ)
		prot |= PROT_READ;
	if (window->flags & VU_DMA_FLAG_WRITE)
		prot |= PROT_WRITE;
	window->memory = mmap(NULL, window->size, prot, MAP_SHARED | MAP_NORESERVE, fd, offset);
	if (window->memory == MAP_FAILED)
		return -errno;
	return 0;
}

static bool vu_dma_map_valid(const struct vu_dma_map *map, const struct vu_fds *fds)
{
	return map->argsz >= sizeof(*map) && map->size && map->size % VU_PAGE_SIZE == 0 &&
	       map->address % VU_PAGE_SIZE == 0 && map->size - 1 <= ~map->address &&
	       map->flags && !(map->flags & ~(VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE)) &&
	       fds->count <= 1 && (fds->count || !map->offset);
}

/**
 * vu_dma_map() - DMA_MAP
 * @request: the request, with one descriptor or none
 *
 * Return: 0; -EINVAL for a range, flags or a descriptor that make no sense;
 * -EEXIST where a part of the range is mapped already, -ENOSPC with
 * VU_MAX_DMA_MAPS windows, -ENOMEM, or what mmap() says, such as -EACCES for a
 * file that is not open for what the flags ask.
 */
int vu_dma_map(struct vu_request *request)
{
	struct vu_dma *dma = &request->session->dma;
	struct vu_dma_window window = { };
	struct vu_dma_map map;
	unsigned int at;
	int ret;

	memcpy(&map, request->payload, sizeof(map));
	if (!vu_dma_map_valid(&map, request->fds))
		return -EINVAL;

	at = vu_dma_search(dma, map.address);
	if (at < dma->count && dma->windows[at].address <= map.address + (map.size - 1))
		return -EEXIST;
	if (dma->count >= VU_MAX_DMA_MAPS)
		return -ENOSPC;
	ret = vu_dma_make_room(dma);
	if (ret)
		return ret;

	window.address = map.address;
	window.size = map.size;
	window.flags = map.flags;
	if (request->fds->count) {
		ret = vu_dma_map_file(&window, request->fds->fd[0], map.offset);
		if (ret)
			return ret;
	}
	memmove(&dma->windows[at + 1], &dma->windows[at],
		(dma->count - at) * sizeof(*dma->windows));
	dma->windows[at] = window;
	dma->count++;
	return 0;
}

static void vu_dma_release(const struct vu_dma_window *window)
{
	if (window->memory)
		munmap(window->memory, window->size);
}

static void vu_dma_release_all(struct vu_dma *dma)
{
	while (dma->count)
		vu_dma_release(&dma->windows[--dma->count]);
}

static int vu_dma_unmap_one(struct vu_dma *dma, const struct vu_dma_unmap *unmap)
{
	unsigned int at = vu_dma_search(dma, unmap->address);
	struct vu_dma_window *window;

	if (at == dma->count)
		return -ENOENT;
	window = &dma->windows[at];
	if (window->address != unmap->address || window->size != unmap->size)
		return -ENOENT;
	vu_dma_release(window);
	dma->count--;
	memmove(window, window + 1, (dma->count - at) * sizeof(*window));
	return 0;
}

/**
 * vu_dma_unmap() - DMA_UNMAP
 * @request: the request
 *
 * Return: 0, or -EINVAL for flags that make no sense, -ENOENT where no window
 * is exactly there.
 */
int vu_dma_unmap(struct vu_request *request)
{
	struct vu_dma *dma = &request->session->dma;
	struct vu_dma_unmap unmap;
	int ret;

	memcpy(&unmap, request->payload, sizeof(unmap));
	if (unmap.argsz < sizeof(unmap) || unmap.flags & ~VU_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;

	if (unmap.flags) {
		if (unmap.address || unmap.size)
			return -EINVAL;
		vu_dma_release_all(dma);
	} else {
		ret = vu_dma_unmap_one(dma, &unmap);
		if (ret)
			return ret;
	}
	memcpy(request->reply, &unmap, sizeof(unmap));
	request->reply_size = sizeof(unmap);
	return 0;
}

/**
 * vu_dma_fini() - forget all of the client's memory
 * @dma: not to be used afterwards
 */
void vu_dma_fini(struct vu_dma *dma)
{
	vu_dma_release_all(dma);
	free(dma->windows);
}
