// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory.
 *
 * What the client shares by a file that cannot shrink is mapped, and used in
 * place.  A file that the client could truncate would kill this process at the
 * next access: it is as good as none, and the memory is reached by messages.  So
 * is that of huge pages, which a seal does not keep from being taken away, and
 * that of a client with more windows than this process, which has a limited
 * number of mappings, is to spend on one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "server.h"

#define VU_DMA_MIN_ROOM		32
#define VU_DMA_MAX_MAPPED	256

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

/**
 * vu_dma_find() - the window that has an address
 * @dma: the client's memory
 * @address: the address
 * @rights: VU_DMA_FLAG_* that it has to have
 *
 * Context: under the lock, or the session's thread.
 * Return: the window; NULL where there is none, or none that allows it.
 */
const struct vu_dma_window *vu_dma_find(const struct vu_dma *dma, __u64 address, __u32 rights)
{
	unsigned int at = vu_dma_search(dma, address);
	const struct vu_dma_window *window;

	if (at == dma->count)
		return NULL;
	window = &dma->windows[at];
	return window->address <= address && !(rights & ~window->flags) ? window : NULL;
}

/**
 * vu_dma_init() - no memory yet
 * @dma: zeroed memory for it
 */
void vu_dma_init(struct vu_dma *dma)
{
	pthread_rwlockattr_t attr;

	/* A client waits for the writer, no matter how many read. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&dma->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	vu_call_init(&dma->call);
}

/**
 * vu_dma_fini() - the end
 * @dma: has no client
 */
void vu_dma_fini(struct vu_dma *dma)
{
	vu_call_fini(&dma->call);
	pthread_rwlock_destroy(&dma->lock);
}

static int vu_dma_make_room(struct vu_dma *dma)
{
	unsigned int room = dma->room ? 2 * dma->room : VU_DMA_MIN_ROOM;
	struct vu_dma_window *windows;

	if (dma->count < dma->room)
		return 0;
	/* Others look for windows meanwhile, and the list may move. */
	pthread_rwlock_wrlock(&dma->lock);
	windows = reallocarray(dma->windows, room, sizeof(*windows));
	if (windows) {
		dma->windows = windows;
		dma->room = room;
	}
	pthread_rwlock_unlock(&dma->lock);
	return windows ? 0 : -ENOMEM;
}

static bool vu_file_has(int fd, __u64 offset, __u64 size)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	       offset <= (__u64)status.st_size && size <= (__u64)status.st_size - offset;
}

/* Whether nobody can take pages of the file away. */
static bool vu_file_is_safe(int fd, int seals)
{
	struct statfs status;

	return seals >= 0 && seals & F_SEAL_SHRINK && !fstatfs(fd, &status) &&
	       status.f_type != HUGETLBFS_MAGIC;
}

static int vu_dma_map_file(const struct vu_dma *dma, struct vu_dma_window *window, int fd,
			   __u64 offset)
{
	/* Before its size is looked at: what is sealed then has it for good. */
	int seals = fcntl(fd, F_GET_SEALS);
	int prot = 0;

	if (offset % VU_PAGE_SIZE || !vu_file_has(fd, offset, window->size))
		return -EINVAL;
	if (!vu_file_is_safe(fd, seals) || dma->mapped == VU_DMA_MAX_MAPPED)
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

static void vu_dma_insert(struct vu_dma *dma, unsigned int at, const struct vu_dma_window *window)
{
	pthread_rwlock_wrlock(&dma->lock);
	memmove(&dma->windows[at + 1], &dma->windows[at],
		(dma->count - at) * sizeof(*dma->windows));
	dma->windows[at] = *window;
	dma->count++;
	dma->mapped += window->memory != NULL;
	pthread_rwlock_unlock(&dma->lock);
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
	struct vu_dma *dma = &request->session->gpu->dma;
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

	window.id = ++dma->last_id;
	window.address = map.address;
	window.size = map.size;
	window.flags = map.flags;
	if (request->fds->count) {
		ret = vu_dma_map_file(dma, &window, request->fds->fd[0], map.offset);
		if (ret)
			return ret;
	}
	vu_dma_insert(dma, at, &window);
	return 0;
}

/* Under the lock. */
static void vu_dma_release(struct vu_dma *dma, const struct vu_dma_window *window)
{
	if (!window->memory)
		return;
	munmap(window->memory, window->size);
	dma->mapped--;
}

static void vu_dma_remove_all(struct vu_dma *dma)
{
	pthread_rwlock_wrlock(&dma->lock);
	while (dma->count)
		vu_dma_release(dma, &dma->windows[--dma->count]);
	pthread_rwlock_unlock(&dma->lock);
}

static void vu_dma_remove(struct vu_dma *dma, unsigned int at)
{
	struct vu_dma_window *window = &dma->windows[at];

	pthread_rwlock_wrlock(&dma->lock);
	vu_dma_release(dma, window);
	dma->count--;
	memmove(window, window + 1, (dma->count - at) * sizeof(*window));
	pthread_rwlock_unlock(&dma->lock);
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
	vu_dma_remove(dma, at);
	vu_call_cancel(&dma->call, unmap->address, unmap->address + (unmap->size - 1));
	return 0;
}

/**
 * vu_dma_unmap() - DMA_UNMAP
 * @request: the request
 *
 * When it returns the memory is not accessed any more, and no message will ask
 * for it.
 *
 * Return: 0, or -EINVAL for flags that make no sense, -ENOENT where no window
 * is exactly there.
 */
int vu_dma_unmap(struct vu_request *request)
{
	struct vu_dma *dma = &request->session->gpu->dma;
	struct vu_dma_unmap unmap;
	int ret;

	memcpy(&unmap, request->payload, sizeof(unmap));
	if (unmap.argsz < sizeof(unmap) || unmap.flags & ~VU_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;

	if (unmap.flags) {
		if (unmap.address || unmap.size)
			return -EINVAL;
		vu_dma_remove_all(dma);
		vu_call_cancel(&dma->call, 0, UINT64_MAX);
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
 * vu_dma_open() - there is a client now
 * @dma: has none
 * @session: the client's, of this thread
 */
void vu_dma_open(struct vu_dma *dma, struct vu_session *session)
{
	vu_call_open(&dma->call, session);
}

/**
 * vu_dma_close() - the client goes, and its memory with it
 * @dma: the client's memory
 *
 * Context: the session's thread.
 */
void vu_dma_close(struct vu_dma *dma)
{
	vu_call_close(&dma->call);
	vu_dma_remove_all(dma);
	pthread_rwlock_wrlock(&dma->lock);
	free(dma->windows);
	dma->windows = NULL;
	dma->room = 0;
	pthread_rwlock_unlock(&dma->lock);
}

/**
 * vu_dma_hold() - end the accesses that are under way; the windows stay
 * @dma: the client's memory, not held yet
 *
 * Accesses by message fail from now on.
 *
 * Context: the session's thread.
 */
void vu_dma_hold(struct vu_dma *dma)
{
	vu_call_hold(&dma->call);
	pthread_rwlock_wrlock(&dma->lock);
	pthread_rwlock_unlock(&dma->lock);
}

/**
 * vu_dma_resume() - accesses by message are possible again
 * @dma: the client's memory, held
 *
 * Context: the session's thread.
 */
void vu_dma_resume(struct vu_dma *dma)
{
	vu_call_resume(&dma->call);
}

/* As much as can be done in one piece. */
static ssize_t vu_dma_access_some(struct vu_dma *dma, __u64 address, void *buf, size_t size,
				  bool write)
{
	const struct vu_dma_window *window;
	bool mapped = false;
	__u64 id = 0;

	pthread_rwlock_rdlock(&dma->lock);
	window = vu_dma_find(dma, address, write ? VU_DMA_FLAG_WRITE : VU_DMA_FLAG_READ);
	if (window) {
		__u64 offset = address - window->address;
		__u8 *memory = window->memory;

		id = window->id;
		size = min(size, (size_t)VU_MAX_TRANSFER);
		size = min((__u64)size, window->size - offset);
		mapped = memory;
		if (mapped && write)
			memcpy(memory + offset, buf, size);
		else if (mapped)
			memcpy(buf, memory + offset, size);
	}
	pthread_rwlock_unlock(&dma->lock);

	if (!window)
		return -EFAULT;
	return mapped ? (ssize_t)size : vu_call_access(&dma->call, id, address, buf, size, write);
}

/**
 * vu_dma_access() - access the client's memory as the device does
 * @dma: the client's memory
 * @address: where, for the device
 * @buf: where the data go, or come from
 * @size: how many bytes
 * @write: to the client's memory
 *
 * Context: any thread but a session's; waits for the client where the memory is
 * reached by messages.
 * Return: 0; -EFAULT where there is no memory, or not for this, -ENODEV without
 * a client, -ETIMEDOUT where it does not answer, or its error.  A part may have
 * been done.
 */
int vu_dma_access(struct vu_dma *dma, __u64 address, void *buf, size_t size, bool write)
{
	if (size && size - 1 > ~address)
		return -EFAULT;
	while (size) {
		ssize_t done = vu_dma_access_some(dma, address, buf, size, write);

		if (done < 0)
			return done;
		address += done;
		buf = (__u8 *)buf + done;
		size -= done;
	}
	return 0;
}
