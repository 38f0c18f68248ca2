// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vGPU that goes from VFIO to the host and back, with its VRAM in use on either side.
 *
 * Argument: the UUID of an mdev that is bound to mvgpu_mdev, with driver_override set to
 * nothing.  With "hold" as a second one: opens it, says so, and closes it at the end of
 * standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mdev.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM	VFIO_PCI_BAR0_REGION_INDEX
#define VFIO	"mvgpu_mdev"
#define HOST	"mvgpu_host"
#define CHILD_S	120

static const char *uuid;
static char path[PATH_MAX];

static int driver_write(const char *driver, const char *file)
{
	char attribute[PATH_MAX];

	snprintf(attribute, sizeof(attribute), "/sys/bus/mdev/drivers/%s/%s", driver, file);
	return sysfs_write(attribute, uuid);
}

/* From the driver that is bound to another. */
static void move(const char *from, const char *to)
{
	char attribute[PATH_MAX];

	snprintf(attribute, sizeof(attribute), "/sys/bus/mdev/devices/%s/driver_override", uuid);
	tap_ret(driver_write(from, "unbind"), 0, "unbind from %s", from);
	tap_ret(sysfs_write(attribute, to), 0, "override with %s", to);
	tap_ret(driver_write(to, "bind"), 0, "bind to %s", to);
}

static int open_vram(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open %s: %s", path, strerror(errno));
	return fd;
}

static void *map_vram(int fd, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		tap_bail("cannot map VRAM: %s", strerror(errno));
	return map;
}

static void test_access(int fd, size_t size)
{
	uint32_t value = 0x600d600d, got = 0;

	tap_ok(pread(fd, &got, 4, size / 2) == 4 && !got, "VRAM is zero at first");
	tap_ok(pwrite(fd, &value, 4, 4094) == 4, "write across two pages");
	tap_ok(pread(fd, &got, 4, 4094) == 4 && got == value, "read it");
	tap_ok(pwrite(fd, &value, 4, size - 2) == 2, "a write is cut off at the end");
	tap_is(pread(fd, &got, 4, size), 0, "there is nothing behind it to read");
	tap_ok(pwrite(fd, &value, 4, size) < 0 && errno == EFBIG, "nor to write");
}

/* @offset and @size that cannot be mapped. */
static void refused(int fd, size_t size, off_t offset, int flags, const char *what)
{
	void *map = mmap(NULL, size, PROT_READ, flags, fd, offset);

	tap_ok(map == MAP_FAILED && errno == EINVAL, "map %s: refused", what);
	if (map != MAP_FAILED)
		munmap(map, size);
}

static void test_map(int fd, size_t size)
{
	uint8_t *map = map_vram(fd, size);
	uint32_t got;

	memcpy(&got, map + 4094, 4);
	tap_is_hex(got, 0x600d600d, "a mapping shows what was written");
	memset(map, 0x5a, size);
	tap_ok(pread(fd, &got, 4, size - 4) == 4 && got == 0x5a5a5a5a, "and a read what it wrote");
	munmap(map, size);
	refused(fd, size + 4096, 0, MAP_SHARED, "more than VRAM");
	refused(fd, 8192, size - 4096, MAP_SHARED, "across its end");
	refused(fd, 4096, size, MAP_SHARED, "behind its end");
	refused(fd, 4096, 0, MAP_PRIVATE, "a private copy");
}

/* The signal that a child dies of. */
static int child_signal(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return 0;
	return WTERMSIG(status);
}

/* The driver leaves while VRAM is open and mapped, here and in a child. */
static void test_taken_away(int fd, size_t size)
{
	volatile uint8_t *map = map_vram(fd, size);
	uint32_t got;
	pid_t pid;

	map[0] = 1;
	pid = fork();
	if (!pid) {
		alarm(CHILD_S);
		for (;;)
			map[size / 2]++;
	}
	move(HOST, VFIO);
	tap_is(touch_read(map), SIGBUS, "the mapping has lost its memory");
	tap_is(touch_read(map + size / 2), SIGBUS, "all of it");
	tap_ok(child_signal(pid) == SIGBUS, "in another process too");
	tap_ok(pread(fd, &got, 4, 0) < 0 && errno == ENODEV, "the file has lost its device");
	tap_ok(access(path, F_OK), "and its name");
	munmap((void *)map, size);
}

static void test_vfio(void)
{
	struct vdev *vdev;

	if (vdev_vfio_open_group(&vdev, uuid, false))
		tap_bail("cannot open the vGPU");
	tap_is_hex(vdev_read32(vdev, VRAM, 0), 0, "a guest sees nothing of the host's");
	vdev_write32(vdev, VRAM, 0, 0x5ec2e7);
	vdev_close(vdev);
}

static int hold(void)
{
	struct vdev *vdev;
	char byte;

	if (vdev_vfio_open_group(&vdev, uuid, false))
		return 1;
	puts("open");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	vdev_write32(vdev, VRAM, 0, 1);
	byte = vdev_read32(vdev, VRAM, 0);
	vdev_close(vdev);
	return byte != 1;
}

int main(int argc, char **argv)
{
	struct stat file;
	uint32_t got;
	int fd;

	if (argc < 2)
		tap_bail("which mdev?");
	uuid = argv[1];
	if (argc > 2)
		return hold();
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/vram", uuid);

	test_vfio();
	tap_ok(access(path, F_OK), "no file for the host while VFIO has the vGPU");
	move(VFIO, HOST);
	tap_ok(vdev_vfio_open_group_file(uuid) < 0, "no group while the host has it");
	fd = open_vram();
	fstat(fd, &file);
	tap_is(file.st_size, 16 << 20, "the file is as large as VRAM");
	tap_is_hex(file.st_mode & 0777, 0600, "and for root alone");
	test_access(fd, file.st_size);
	test_map(fd, file.st_size);
	test_taken_away(fd, file.st_size);
	close(fd);
	test_vfio();
	move(VFIO, HOST);
	fd = open_vram();
	tap_ok(pread(fd, &got, 4, 0) == 4 && !got, "the host sees nothing of the guest's");
	close(fd);
	return tap_done();
}
