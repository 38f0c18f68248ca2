// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removing an mdev that is open: the user is asked by REQ, removal ends when the device
 * is closed, not before.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define REQ		VFIO_PCI_REQ_IRQ_INDEX
#define SOON_MS		30000
#define QUIET_MS	300

static char parent[64], type[64];

/* "mdev:PARENT/TYPE" of the environment, in two. */
static void find_type(void)
{
	const char *name = getenv("VDEV");

	if (sscanf(name ? name : VDEV_DEFAULT, "mdev:%63[^/]/%63s", parent, type) != 2)
		tap_skip_all("needs a new mdev of its own");
}

/* A process that removes the mdev, and exits with what came of it. */
static pid_t start_remove(const char *uuid)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("cannot fork");
	if (!pid) {
		/* The device's file came along: it must not be this process that keeps it open. */
		close_range(STDERR_FILENO + 1, ~0u, 0);
		_exit(-mdev_remove(uuid));
	}
	return pid;
}

static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

/* Waits for the end of a process: its exit status, or -1 if it takes too long. */
static int end_of(pid_t pid)
{
	unsigned int tenths;
	int status;

	for (tenths = 0; tenths < SOON_MS / 100; tenths++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		poll(NULL, 0, 100);
	}
	return -1;
}

static struct vdev *open_new(char *uuid)
{
	struct vdev *vdev;
	int ret;

	mdev_uuid_random(uuid);
	ret = mdev_create(parent, type, uuid);
	if (!ret)
		ret = vdev_vfio_open_group(&vdev, uuid, false);
	if (ret)
		tap_bail("cannot make and open an mdev: %d", ret);
	return vdev;
}

static void test_with_req(int available)
{
	char uuid[MDEV_UUID_LEN + 1];
	struct vdev *vdev = open_new(uuid);
	int fd = efd_new();
	pid_t pid;

	tap_ret(vdev_set_eventfds(vdev, REQ, 0, 1, &fd), 0, "set REQ");
	tap_is(efd_take(fd), 0, "nothing is asked while nobody removes");
	pid = start_remove(uuid);
	tap_ok(efd_wait(fd, SOON_MS) >= 1, "REQ is signalled when the mdev is removed");
	poll(NULL, 0, QUIET_MS);
	tap_ok(!has_ended(pid), "removal waits for the user");
	vdev_write32(vdev, VFIO_PCI_BAR2_REGION_INDEX, MVGPU_REG_SCRATCH, 0xabcdef);
	tap_is_hex(vdev_read32(vdev, VFIO_PCI_BAR2_REGION_INDEX, MVGPU_REG_SCRATCH), 0xabcdef,
		   "the device works until it is closed");
	tap_ret(vdev->ops->reset(vdev), 0, "and can be reset");
	vdev_close(vdev);
	tap_is(end_of(pid), 0, "removal ends when it is closed");
	tap_ok(!mdev_exists(uuid), "the mdev is gone");
	tap_is(mdev_available(parent, type), available, "and its place is free again");
	close(fd);
}

static void test_without_req(void)
{
	char uuid[MDEV_UUID_LEN + 1];
	struct vdev *vdev = open_new(uuid);
	pid_t pid = start_remove(uuid);

	poll(NULL, 0, QUIET_MS);
	tap_ok(!has_ended(pid), "without REQ removal waits too");
	vdev_close(vdev);
	tap_is(end_of(pid), 0, "and ends when the device is closed");
	tap_ok(!mdev_exists(uuid), "the mdev is gone");
}

/* The user's death is a close as good as any. */
static void test_killed(void)
{
	char uuid[MDEV_UUID_LEN + 1];
	pid_t user, remover;

	mdev_uuid_random(uuid);
	if (mdev_create(parent, type, uuid))
		tap_bail("cannot make an mdev");
	user = fork();
	if (!user) {
		struct vdev *vdev;

		if (vdev_vfio_open_group(&vdev, uuid, false))
			_exit(1);
		pause();
	}
	poll(NULL, 0, QUIET_MS);
	remover = start_remove(uuid);
	poll(NULL, 0, QUIET_MS);
	kill(user, SIGKILL);
	waitpid(user, NULL, 0);
	tap_is(end_of(remover), 0, "removal ends when the user is killed");
	tap_ok(!mdev_exists(uuid), "the mdev is gone");
}

static void test_closed(void)
{
	char uuid[MDEV_UUID_LEN + 1];
	struct vdev *vdev = open_new(uuid);

	vdev_close(vdev);
	tap_ret(mdev_remove(uuid), 0, "an mdev that was open once is removed at once");
	tap_ok(!mdev_exists(uuid), "it is gone");
}

int main(void)
{
	int available;

	find_type();
	available = mdev_available(parent, type);
	test_closed();
	test_with_req(available);
	test_without_req();
	test_killed();
	tap_is(mdev_available(parent, type), available, "nothing is left behind");
	return tap_done();
}
