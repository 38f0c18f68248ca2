// SPDX-License-Identifier: GPL-2.0-only
/*
 * VRAM is charged to the cgroup of who touches it first, when it is touched, until the
 * device is closed; a cgroup without room is an error of that user and nobody else's.  What
 * the engine touches is charged to the cgroup of who has opened the device.
 * Needs cgroup v2 with its memory controller.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mdev.h"
#include "mvring.h"
#include "tap.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define ROOT		"/sys/fs/cgroup"
#define GROUP		ROOT "/mvgpu-test"
#define PAGE		4096ul
#define MIB		(1l << 20)

/* Charges are counted in batches; the page tables and the process itself come on top. */
#define SLACK		MIB
#define STUCK_S		60

/* The mdev's parent and type, and the name by which it is opened: "uuid:" and its UUID. */
static char parent[64], type[64], target[5 + MDEV_UUID_LEN + 1];

static long memory_current(void)
{
	char text[64];

	return sysfs_read(GROUP "/memory.current", text, sizeof(text)) ? -1 : atol(text);
}

static void make_group(void)
{
	int ret;

	if (access(ROOT "/cgroup.controllers", F_OK))
		tap_skip_all("no cgroup v2 at " ROOT);
	ret = sysfs_write(ROOT "/cgroup.subtree_control", "+memory");
	if (ret)
		tap_skip_all("no memory controller: %s", strerror(-ret));
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		tap_bail("cannot make a cgroup: %s", strerror(errno));
}

/*
 * A process in the cgroup that owns a device and does one step for each byte that it is
 * sent, answering with what came of it.
 */
struct user {
	pid_t pid;
	int order;
	int answer;
};

static uint8_t *user_map(struct vdev *vdev)
{
	uint8_t *map = vdev->ops->map(vdev, VRAM, NULL, vdev_region_size(vdev, VRAM),
				      PROT_READ | PROT_WRITE, MAP_SHARED, 0);

	if (map == MAP_FAILED)
		_exit(1);
	return map;
}

/* Bytes behind the first page, where the ring is, by the engine: MVGPU_ERROR_* */
static long user_fill(struct vdev *vdev, uint8_t *map, size_t size)
{
	struct place place = { MVGPU_MEM_VRAM, PAGE, 0 };
	struct mvgpu_cmd fill = cmd_fill(place, size, 1, 0);
	struct mvring ring;
	long error;

	mvring_init(&ring, vdev, 0);
	mvring_enable(&ring, MVGPU_MEM_VRAM, 0, map, MVGPU_RING_MIN_ORDER);
	error = mvring_run(&ring, &fill);
	mvring_disable(&ring);
	mvring_fini(&ring);
	return error;
}

static long user_step(struct vdev **vdev, uint8_t **map, char step)
{
	size_t size = *vdev ? vdev_region_size(*vdev, VRAM) : 0, offset;
	char byte = 1;

	switch (step) {
	case 'o':
		return vdev_open(vdev, target);
	case 'm':
		*map = user_map(*vdev);
		return 0;
	case 't':
		for (offset = 0; offset < size; offset += PAGE)
			(*map)[offset] = 1;
		return 0;
	case 'w':
		for (offset = 0; offset < size; offset += 2 * MIB)
			if ((*vdev)->ops->write(*vdev, VRAM, &byte, 1, offset) != 1)
				return offset;
		return size;
	case 's':
		return user_fill(*vdev, *map, PAGE);
	case 'f':
		return user_fill(*vdev, *map, size - PAGE);
	case 'r':
		return (*vdev)->ops->reset(*vdev);
	default:
		munmap(*map, size);
		vdev_close(*vdev);
		*vdev = NULL;
		return 0;
	}
}

static void user_main(int order, int answer)
{
	struct vdev *vdev = NULL;
	uint8_t *map = NULL;
	char step, text[16];
	long ret;

	snprintf(text, sizeof(text), "%d", getpid());
	if (sysfs_write(GROUP "/cgroup.procs", text))
		_exit(1);
	while (read(order, &step, 1) == 1) {
		ret = user_step(&vdev, &map, step);
		if (write(answer, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(0);
}

static void user_start(struct user *user)
{
	int order[2], answer[2];

	if (pipe(order) || pipe(answer))
		tap_bail("no pipe");
	user->pid = fork();
	if (user->pid < 0)
		tap_bail("cannot fork");
	if (!user->pid) {
		close(order[1]);
		close(answer[0]);
		user_main(order[0], answer[1]);
	}
	close(order[0]);
	close(answer[1]);
	user->order = order[1];
	user->answer = answer[0];
}

/* The step's result, or -EPIPE when the process has died of it. */
static long user_do(struct user *user, char step)
{
	long ret;

	if (write(user->order, &step, 1) != 1 ||
	    read(user->answer, &ret, sizeof(ret)) != sizeof(ret))
		return -EPIPE;
	return ret;
}

static int user_end(struct user *user)
{
	int status;

	close(user->order);
	close(user->answer);
	waitpid(user->pid, &status, 0);
	return status;
}

static void test_charge(long size)
{
	long before, opened, touched, reset, closed;
	struct user user;

	user_start(&user);
	before = memory_current();
	tap_ret(user_do(&user, 'o'), 0, "open");
	tap_ret(user_do(&user, 'm'), 0, "map");
	opened = memory_current();
	tap_ok(opened - before < SLACK, "a mapped device costs %ld KiB", (opened - before) >> 10);
	tap_ret(user_do(&user, 't'), 0, "touch all of it");
	touched = memory_current();
	tap_ok(touched - opened > size - SLACK && touched - opened < size + SLACK,
	       "that costs %ld KiB, the size of VRAM", (touched - opened) >> 10);
	tap_ret(user_do(&user, 't'), 0, "touch it again");
	tap_ok(memory_current() - touched < SLACK, "that costs nothing");
	tap_ret(user_do(&user, 'r'), 0, "reset");
	reset = memory_current();
	tap_ok(reset - opened < size + SLACK, "it costs no more after a reset");
	tap_ret(user_do(&user, 'w'), size, "write to every chunk through the file");
	tap_ok(memory_current() - opened < size + SLACK, "it costs no more after that");
	tap_ret(user_do(&user, 'c'), 0, "close");
	closed = memory_current();
	tap_ok(closed - before < SLACK, "closed, it costs %ld KiB", (closed - before) >> 10);
	user_end(&user);
}

static void set_limit(const char *bytes)
{
	int ret = sysfs_write(GROUP "/memory.max", bytes);

	if (ret)
		tap_bail("cannot limit the cgroup: %s", strerror(-ret));
}

static void test_limit(long size)
{
	struct user user;
	long ret, base;
	char text[32];
	int status;

	user_start(&user);
	user_do(&user, 'o');
	user_do(&user, 'm');
	base = memory_current();
	snprintf(text, sizeof(text), "%ld", base + size / 2);
	set_limit(text);
	ret = user_do(&user, 't');
	status = user_end(&user);
	tap_ok(ret == -EPIPE && WIFSIGNALED(status) &&
	       (WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGKILL),
	       "who touches more than the cgroup may have is killed");
	tap_diag("by signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	set_limit("max");
	tap_ok(memory_current() < base + SLACK, "nothing stays charged");
}

/* Threads of the kernel allocate, the user pays; without room the command fails. */
static void test_engine(long size)
{
	struct user user;
	char text[32];
	long base;

	user_start(&user);
	user_do(&user, 'o');
	user_do(&user, 'm');
	base = memory_current();
	/* A user who is at his limit cannot have anything new, not even of his own program. */
	tap_is(user_do(&user, 's'), MVGPU_ERROR_NONE, "a fill of a page");
	snprintf(text, sizeof(text), "%ld", base + size / 2);
	set_limit(text);
	tap_is(user_do(&user, 'f'), MVGPU_ERROR_DMA,
	       "a fill of more than the cgroup may have fails");
	set_limit("max");
	tap_is(user_do(&user, 'f'), MVGPU_ERROR_NONE, "with room it does not");
	tap_ok(memory_current() - base > size - SLACK && memory_current() - base < size + SLACK,
	       "that costs the size of VRAM");
	user_do(&user, 'c');
	tap_ok(memory_current() < base + SLACK, "closed, it costs nothing");
	user_end(&user);
}

static long find_size(void)
{
	struct vdev *vdev = vdev_must_open(target);
	long size = vdev_region_size(vdev, VRAM);

	vdev_close(vdev);
	return size;
}

int main(void)
{
	const char *name = getenv("VDEV"), *uuid = target + 5;
	long size;
	int ret;

	if (sscanf(name ? name : VDEV_DEFAULT, "mdev:%63[^/]/%63s", parent, type) != 2)
		tap_skip_all("needs a new mdev of its own");
	signal(SIGPIPE, SIG_IGN);
	alarm(STUCK_S);
	make_group();
	strcpy(target, "uuid:");
	mdev_uuid_random(target + 5);
	/* Made outside the cgroup, and there to be removed when its user has been killed. */
	ret = mdev_create(parent, type, uuid);
	if (ret)
		tap_bail("cannot make an mdev: %s", strerror(-ret));
	size = find_size();
	test_charge(size);
	test_limit(size);
	test_engine(size);
	tap_ret(mdev_remove(uuid), 0, "the mdev can be removed");
	rmdir(GROUP);
	return tap_done();
}
