// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA_MAP and DMA_UNMAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

#define PAGE	4096ull
#define RW	(VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE)
#define TOP	(-PAGE)

static struct server server;

static ssize_t map_fds(int fd, uint32_t flags, uint64_t offset, uint64_t address, uint64_t size,
		       const int *fds, unsigned int num_fds)
{
	struct vu_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.offset = offset,
		.address = address,
		.size = size,
	};
	struct vuc_reply reply;

	return vuc_call_fds(fd, VU_DMA_MAP, &map, sizeof(map), fds, num_fds, &reply);
}

static ssize_t map(int fd, uint64_t address, uint64_t size)
{
	return map_fds(fd, RW, 0, address, size, NULL, 0);
}

static ssize_t unmap_flags(int fd, uint32_t flags, uint64_t address, uint64_t size)
{
	struct vu_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.address = address,
		.size = size,
	};
	struct vu_dma_unmap back;
	ssize_t got;

	got = vuc_call(fd, VU_DMA_UNMAP, &unmap, sizeof(unmap), &back, sizeof(back));
	if (got == sizeof(back) && memcmp(&unmap, &back, sizeof(back)))
		return -EPROTO;
	return got < 0 ? got : 0;
}

static ssize_t unmap(int fd, uint64_t address, uint64_t size)
{
	return unmap_flags(fd, 0, address, size);
}

static int memory(size_t size, unsigned int seals)
{
	int file = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (file < 0 || ftruncate(file, size) || fcntl(file, F_ADD_SEALS, seals))
		tap_bail("no memory file: %s", strerror(errno));
	return file;
}

static void test_ranges(int fd)
{
	tap_ret(map(fd, 0x100000, 0x10000), 0, "a range");
	tap_ret(map(fd, 0x100000, 0x10000), -EEXIST, "the same again is refused");
	tap_ret(map(fd, 0xff000, 0x2000), -EEXIST, "one that overlaps its first page");
	tap_ret(map(fd, 0x10f000, 0x2000), -EEXIST, "one that overlaps its last page");
	tap_ret(map(fd, 0x104000, 0x1000), -EEXIST, "one inside");
	tap_ret(map(fd, 0x0, 0x1000000), -EEXIST, "one around it");
	tap_ret(map(fd, 0, TOP), -EEXIST, "one around everything");
	tap_ret(map(fd, 0xf0000, 0x10000), 0, "one that ends where it begins");
	tap_ret(map(fd, 0x110000, 0x10000), 0, "one that begins where it ends");
	tap_ret(map(fd, TOP, PAGE), 0, "the last page there is");
	tap_ret(map(fd, TOP, 2 * PAGE), -EINVAL, "one that wraps");
	tap_ret(map(fd, 2 * PAGE, TOP), -EINVAL, "a large one that wraps");
	tap_ret(map(fd, 0x400000, 0), -EINVAL, "one of size 0");
	tap_ret(map(fd, 0x400000, 100), -EINVAL, "one that is no multiple of pages");
	tap_ret(map(fd, 0x400800, PAGE), -EINVAL, "one that does not begin at a page");

	tap_ret(unmap(fd, 0x100000, 0x8000), -ENOENT, "a part cannot be taken away");
	tap_ret(unmap(fd, 0x101000, 0xf000), -ENOENT, "nor the rest");
	tap_ret(unmap(fd, 0x100000, 0x20000), -ENOENT, "nor two together");
	tap_ret(unmap(fd, 0x100000, 0), -ENOENT, "nor nothing of it");
	tap_ret(unmap(fd, 0x100000, 0x10000), 0, "the range is taken away");
	tap_ret(unmap(fd, 0x100000, 0x10000), -ENOENT, "and cannot be again");
	tap_ret(map(fd, 0x100000, 0x10000), 0, "but comes back");
	tap_ret(unmap_flags(fd, 1, 0x100000, 0x10000), -EINVAL, "a flag that is none");
	tap_ret(unmap_flags(fd, VU_DMA_UNMAP_FLAG_ALL, 0x100000, 0x10000), -EINVAL,
		"all, and a range");
	tap_ret(unmap_flags(fd, VU_DMA_UNMAP_FLAG_ALL, 0, 0), 0, "all are taken away");
	tap_ret(map(fd, 0, TOP), 0, "there is room for everything");
	tap_ret(unmap(fd, 0, TOP), 0, "which is taken away");
	tap_ret(unmap(fd, 0, TOP), -ENOENT, "an empty table has nothing to take away");
}

static void test_shapes(int fd)
{
	uint8_t payload[64] = { 64 };
	unsigned int wrong = 0;
	struct vu_dma_map none = { .argsz = sizeof(none) - 1, .flags = RW, .size = PAGE };
	struct vu_dma_unmap nothing = { .argsz = sizeof(nothing) - 1 };
	size_t size;

	for (size = 0; size < sizeof(payload); size++) {
		if (size != sizeof(struct vu_dma_map))
			wrong += vuc_call(fd, VU_DMA_MAP, payload, size, NULL, 0) != -EINVAL;
		if (size != sizeof(struct vu_dma_unmap))
			wrong += vuc_call(fd, VU_DMA_UNMAP, payload, size, NULL, 0) != -EINVAL;
	}
	tap_is(wrong, 0, "other lengths than the right one are refused");
	tap_is(vuc_call(fd, VU_DMA_MAP, &none, sizeof(none), NULL, 0), -EINVAL,
	       "MAP with too small an argsz is refused");
	tap_is(vuc_call(fd, VU_DMA_UNMAP, &nothing, sizeof(nothing), NULL, 0), -EINVAL,
	       "UNMAP with too small an argsz is refused");
	tap_ret(map_fds(fd, 0, 0, 0, PAGE, NULL, 0), -EINVAL, "no flag is refused");
	tap_ret(map_fds(fd, RW | 4, 0, 0, PAGE, NULL, 0), -EINVAL, "an unknown flag is refused");
	tap_ret(map_fds(fd, RW, PAGE, 0, PAGE, NULL, 0), -EINVAL, "an offset without a file");
}

static void test_files(int fd)
{
	int sealed = memory(8 * PAGE, F_SEAL_SHRINK), loose = memory(8 * PAGE, 0);
	int device = open("/dev/zero", O_RDWR), pipes[2], read_only;
	int two[2] = { sealed, loose };
	char path[64];

	tap_ret(map_fds(fd, RW, 0, 0, 8 * PAGE, &sealed, 1), 0, "a file that cannot shrink");
	tap_ret(map_fds(fd, RW, 4 * PAGE, 0x100000, 4 * PAGE, &sealed, 1), 0, "a part of it");
	tap_ret(map_fds(fd, RW, 4 * PAGE, 0x200000, 5 * PAGE, &sealed, 1), -EINVAL,
		"more than there is");
	tap_ret(map_fds(fd, RW, 9 * PAGE, 0x200000, PAGE, &sealed, 1), -EINVAL, "behind its end");
	tap_ret(map_fds(fd, RW, TOP, 0x200000, 2 * PAGE, &sealed, 1), -EINVAL,
		"where offset and size wrap");
	tap_ret(map_fds(fd, RW, 100, 0x200000, PAGE, &sealed, 1), -EINVAL, "not at a page");
	tap_ret(map_fds(fd, RW, 0, 0x200000, PAGE, two, 2), -EINVAL, "two files for one range");
	tap_ret(map_fds(fd, RW, 0, 0, PAGE, &sealed, 1), -EEXIST, "a file over another");

	tap_ret(map_fds(fd, RW, 0, 0x300000, 8 * PAGE, &loose, 1), 0, "a file that can shrink");
	tap_ok(!ftruncate(loose, 0), "it does");
	tap_ret(map_fds(fd, RW, 0, 0x400000, PAGE, &loose, 1), -EINVAL, "and is refused then");
	tap_ret(unmap(fd, 0x300000, 8 * PAGE), 0, "the range is taken away");

	if (pipe(pipes))
		tap_bail("pipe: %s", strerror(errno));
	tap_ret(map_fds(fd, RW, 0, 0x500000, PAGE, pipes, 1), -EINVAL, "a pipe is refused");
	tap_ret(map_fds(fd, RW, 0, 0x500000, PAGE, &device, 1), -EINVAL, "a device is refused");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", sealed);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	tap_ret(map_fds(fd, RW, 0, 0x500000, PAGE, &read_only, 1), -EACCES,
		"a file that is open for reading is refused for writing");
	tap_ret(map_fds(fd, VU_DMA_FLAG_READ, 0, 0x500000, PAGE, &read_only, 1), 0,
		"and taken for reading");
	close(pipes[0]);
	close(pipes[1]);
	close(device);
	close(read_only);
	close(sealed);
	close(loose);
}

static void test_many(int fd)
{
	unsigned int i, failed = 0;
	ssize_t ret = 0;

	for (i = 0; i < VU_MAX_DMA_MAPS && !ret; i++)
		ret = map(fd, (uint64_t)(i ^ 0x5555) * 2 * PAGE, PAGE);
	tap_ret(ret, 0, "%u ranges", VU_MAX_DMA_MAPS);
	tap_ret(map(fd, 1ull << 40, PAGE), -ENOSPC, "one more is refused");
	tap_ret(unmap(fd, 0, PAGE), 0, "one is taken away");
	tap_ret(map(fd, 1ull << 40, PAGE), 0, "and one more fits");
	for (i = 2; i < 1000; i += 2)
		failed += unmap(fd, (uint64_t)i * 2 * PAGE, PAGE) != 0;
	tap_is(failed, 0, "ranges are found among many");
}

int main(void)
{
	unsigned int descriptors;
	int fd;

	server_start(&server, NULL);
	fd = server_attach(&server);
	descriptors = server_descriptors(&server);
	test_ranges(fd);
	test_shapes(fd);
	test_files(fd);
	tap_ok(server_settles(&server, descriptors), "no descriptor is left in the server");
	tap_is(vuc_call(fd, VU_DEVICE_RESET, NULL, 0, NULL, 0), 0, "RESET");
	tap_ret(map(fd, 0, PAGE), -EEXIST, "does not take ranges away");
	close(fd);

	fd = server_attach(&server);
	tap_ret(map(fd, 0, TOP), 0, "the next session begins without any");
	tap_ret(unmap(fd, 0, TOP), 0, "which can be taken away");
	test_many(fd);
	tap_ok(answers(fd), "the session goes on");
	close(fd);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
