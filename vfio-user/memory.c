// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's memory as the device reaches it, into files and back: for who
 * wants to see what a guest has prepared for the device, or where DMA ends up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view.h"

#define VU_MEMORY_MAX	(256u << 20)
/* What a guest has in its memory is not for everybody. */
#define VU_MEMORY_MODE	0600

static int vu_memory_access(struct vu_device *device, __u64 address, void *buf, size_t size,
			    bool write)
{
	struct vu_gpu *gpu = vu_device_look(device);
	int ret;

	if (!gpu)
		return -ENODEV;
	ret = vu_dma_access(&gpu->dma, address, buf, size, write);
	vu_gpu_put(gpu);
	return ret;
}

static int vu_file_write(const char *path, const __u8 *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, VU_MEMORY_MODE);
	ssize_t done = 0;

	if (fd < 0)
		return -errno;
	while (size && done >= 0) {
		done = write(fd, data, size);
		data += done;
		size -= done;
	}
	if (close(fd) || done < 0)
		return -EIO;
	return 0;
}

/**
 * vu_memory_save() - save a part of the client's memory
 * @device: the device
 * @address: where it begins, for the device
 * @size: bytes, up to 256 MiB
 * @path: of the file
 *
 * Context: any thread that may wait for the device's client.
 * Return: 0; -EINVAL for a size that is too large, -ENODEV without a client,
 * what vu_dma_access() returns, or an errno of the file.
 */
int vu_memory_save(struct vu_device *device, __u64 address, __u64 size, const char *path)
{
	void *data;
	int ret;

	if (!size || size > VU_MEMORY_MAX)
		return -EINVAL;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	ret = vu_memory_access(device, address, data, size, false);
	if (!ret)
		ret = vu_file_write(path, data, size);
	free(data);
	return ret;
}

static int vu_file_read(int fd, void **data, size_t *size)
{
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode) || !status.st_size || status.st_size > VU_MEMORY_MAX)
		return -EINVAL;
	*data = malloc(status.st_size);
	if (!*data)
		return -ENOMEM;
	got = read(fd, *data, status.st_size);
	if (got <= 0) {
		free(*data);
		return -EIO;
	}
	*size = got;
	return 0;
}

/**
 * vu_memory_load() - write a file into the client's memory
 * @device: the device
 * @address: where to, for the device
 * @path: of the file, of 256 MiB at most
 *
 * Context: any thread that may wait for the device's client.
 * Return: 0; -EINVAL for a file that is empty, too large, or not one; -ENODEV
 * without a client, what vu_dma_access() returns, or an errno of the file.
 */
int vu_memory_load(struct vu_device *device, __u64 address, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	void *data = NULL;
	size_t size = 0;
	int ret;

	if (fd < 0)
		return -errno;
	ret = vu_file_read(fd, &data, &size);
	close(fd);
	if (ret)
		return ret;
	ret = vu_memory_access(device, address, data, size, true);
	free(data);
	return ret;
}
