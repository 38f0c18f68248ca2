// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that can happen to mdevs, at random and at once: soak SECONDS [SEED].
 *
 * A few processes, pinned to the CPUs in turn, each with a sequence of events of its
 * own that depends on the seed: creates and removes of few UUIDs on many types,
 * binding by hand, parents that come and go, devices that are open meanwhile, a
 * vendor's module that is unloaded, failures and stops at the core's own steps. An
 * event may fail, because of what the others do, but only with an error that it
 * has. Afterwards nothing fails or stops any more, every parent is there, and no
 * mdev: soak.sh looks whether that is so.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mdev.h"
#include "util.h"
#include "vdev.h"

#define WORKERS		4
#define NAMES		10
#define SHORT_US	20000
#define PARAMETERS	"/sys/module/%s/parameters/%s"
#define MAX_ERRORS	8
/* Numbers side by side make seeds far apart: 2^64 by the golden ratio, made even. */
#define SPREAD		0x9e3779b97f4a7c14ull

static const struct {
	const char *parent;
	const char *type;
} types[] = {
	{ "mdev_testdrv0", "mdev_testdrv-small" },
	{ "mdev_testdrv0", "mdev_testdrv-large" },
	{ "mdev_testdrv1", "mdev_testdrv-small" },
	{ "mdev_testops0", "mdev_testops-plain" },
	{ "mdev_testops0", "mdev_testops-plain" },
	{ "mdev_testops0", "mdev_testops-tied" },
	{ "mvgpu.0", "mvgpu-bochs-16m" },
	{ "mvgpu.0", "mvgpu-bochs-16m" },
	{ "mvgpu.0", "mvgpu-bochs-64m" },
};

static const char *const drivers[] = { "mdev_testops", "mdev_testhost", "mdev_testdrv" };
static const char *const points[] = { "account", "name", "create", "add", "bind", "publish",
				      "activate", "claimed" };

static const char *any_name(void)
{
	static char uuid[MDEV_UUID_LEN + 1];

	snprintf(uuid, sizeof(uuid), "50a60000-0000-4000-8000-%012x", rnd_below(NAMES));
	return uuid;
}

/* A name whose mdev has that file, if there is one. */
static const char *name_with(const char *file)
{
	const char *uuid = any_name();
	unsigned int tries;
	char path[256];

	for (tries = 0; tries < NAMES; tries++) {
		snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/%s", uuid, file);
		if (!access(path, F_OK))
			break;
		uuid = any_name();
	}
	return uuid;
}

static int put_device(const char *uuid, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/%s", uuid, file);
	return sysfs_write(path, text);
}

static int put_knob(const char *module, const char *knob, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), PARAMETERS, module, knob);
	return sysfs_write(path, text);
}

static int put_parent(unsigned int parent, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/mdev_testdrv/mdev_testdrv%u/registered", parent);
	return sysfs_write(path, text);
}

static int do_create(void)
{
	unsigned int i = rnd_below(ARRAY_SIZE(types));

	return mdev_create(types[i].parent, types[i].type, any_name());
}

static int do_remove(void)
{
	return mdev_remove(any_name());
}

static int do_bind(void)
{
	const char *driver = drivers[rnd_below(ARRAY_SIZE(drivers))];
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/mdev/drivers/%s/bind", driver);
	return sysfs_write(path, any_name());
}

static int do_unbind(void)
{
	const char *uuid = name_with("driver");

	return put_device(uuid, "driver/unbind", uuid);
}

static int do_rebind(void)
{
	return sysfs_write("/sys/bus/mdev/drivers_probe", any_name());
}

/* Unbound, and bound to the driver that uses the kernel's DMA API */
static int do_host(void)
{
	const char *uuid = name_with("driver");
	int ret;

	ret = put_device(uuid, "driver_override", "mdev_testhost");
	if (!ret)
		ret = put_device(uuid, "driver/unbind", uuid);
	return ret ? ret : sysfs_write("/sys/bus/mdev/drivers/mdev_testhost/bind", uuid);
}

static int do_override(void)
{
	return put_device(any_name(), "driver_override",
			  rnd_below(2) ? drivers[rnd_below(ARRAY_SIZE(drivers))] : "\n");
}

static int do_unregister(void)
{
	return put_parent(rnd_below(2), "0");
}

static int do_register(void)
{
	return put_parent(rnd_below(2), "1");
}

/* A test driver fails for a moment. */
static int do_fail(void)
{
	static const char *const knobs[][2] = {
		{ "mdev_testdrv", "fail_probe" },
		{ "mdev_testops", "fail_probe" },
		{ "mdev_testops", "fail_create" },
	};
	unsigned int i = rnd_below(ARRAY_SIZE(knobs));
	int ret;

	ret = put_knob(knobs[i][0], knobs[i][1], "6");
	usleep(rnd_below(SHORT_US));
	return ret ? ret : put_knob(knobs[i][0], knobs[i][1], "0");
}

/* The core fails, or stops, at one of its steps for a moment. */
static int do_fail_step(void)
{
	int ret;

	ret = put_knob("mdev", "test_fail_at", points[rnd_below(ARRAY_SIZE(points))]);
	usleep(rnd_below(SHORT_US));
	return ret ? ret : put_knob("mdev", "test_fail_at", "\n");
}

static int do_stop_step(void)
{
	int ret;

	ret = put_knob("mdev", "test_stop_at", points[rnd_below(ARRAY_SIZE(points))]);
	usleep(rnd_below(SHORT_US));
	return ret ? ret : put_knob("mdev", "test_stop_at", "\n");
}

/* References that outlive removals, and unregisters */
static int do_hold(void)
{
	int ret;

	ret = put_knob("mdev_testdrv", "hold_refs", "1");
	usleep(rnd_below(SHORT_US));
	return ret ? ret : put_knob("mdev_testdrv", "hold_refs", "0");
}

static int do_drop(void)
{
	return put_knob("mdev_testdrv", "drop_refs", "1");
}

/* Reads what there is to read; a count of instances is never out of its range. */
static int do_look(void)
{
	unsigned int i = rnd_below(ARRAY_SIZE(types));
	char buf[4096];
	int ret;

	ret = sysfs_read("/sys/kernel/debug/mdev/devices", buf, sizeof(buf));
	if (ret)
		return ret;
	ret = mdev_available(types[i].parent, types[i].type);
	return ret > 64 ? -ERANGE : ret > 0 ? 0 : ret;
}

/* ENXIO is that of a device node which goes between its look-up and its opening. */
static int do_open(void)
{
	struct vdev *vdev;
	int ret;

	ret = vdev_vfio_open_group(&vdev, name_with("iommu_group"), false);
	if (ret)
		return ret;
	usleep(rnd_below(SHORT_US));
	vdev_close(vdev);
	return 0;
}

/* One at a time: a module that is going is neither there nor not. */
static int do_reload(void)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/mvgpu.ko", getenv("B"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) ||
	    syscall(SYS_delete_module, "mvgpu", O_NONBLOCK))
		ret = -errno;
	else if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno - 1000;
	close(fd);
	return ret;
}

/**
 * struct event - something that happens
 * @name: what it is called
 * @weight: how often, against the others
 * @run: makes it happen; 0 or a negative errno
 * @errors: what it may fail with
 */
static const struct event {
	const char *name;
	unsigned int weight;
	int (*run)(void);
	int errors[MAX_ERRORS];
} events[] = {
	{ "create", 40, do_create,
	  { ENOENT, EEXIST, EUSERS, ENODEV, ENXIO, ENOMEM, EBUSY } },
	{ "remove", 30, do_remove, { ENOENT, ENODEV, EAGAIN } },
	{ "bind", 5, do_bind, { ENODEV, EBUSY, ENXIO, EINVAL } },
	{ "unbind", 5, do_unbind, { ENODEV, ENOENT } },
	{ "rebind", 5, do_rebind, { ENODEV, EINVAL } },
	{ "host", 5, do_host, { ENODEV, ENOENT, EBUSY, ENXIO, EINVAL } },
	{ "override", 5, do_override, { ENOENT, ENODEV } },
	{ "unregister", 1, do_unregister, { 0 } },
	{ "register", 3, do_register, { 0 } },
	{ "fail", 2, do_fail, { 0 } },
	{ "fail-step", 2, do_fail_step, { 0 } },
	{ "stop-step", 2, do_stop_step, { 0 } },
	{ "hold", 1, do_hold, { 0 } },
	{ "drop", 2, do_drop, { 0 } },
	{ "look", 5, do_look, { ENOENT, ENODEV } },
	{ "open", 10, do_open, { ENOENT, ENODEV, ENXIO, EBUSY, EINVAL, EPERM } },
	{ "reload", 1, do_reload, { EWOULDBLOCK, EBUSY } },
};

/* How often each event was well, and not, over all processes */
struct tally {
	unsigned int well[ARRAY_SIZE(events)];
	unsigned int failed[ARRAY_SIZE(events)];
	unsigned int wrong;
};

static struct tally *tally;

static bool may_fail_with(const struct event *event, int error)
{
	unsigned int i;

	for (i = 0; i < MAX_ERRORS && event->errors[i]; i++) {
		if (event->errors[i] == error)
			return true;
	}
	return false;
}

static void run_event(unsigned int i)
{
	int ret = events[i].run();

	if (ret && !may_fail_with(&events[i], -ret)) {
		printf("# %s: %d (%s)\n", events[i].name, ret, strerror(-ret));
		__atomic_add_fetch(&tally->wrong, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(ret ? &tally->failed[i] : &tally->well[i], 1, __ATOMIC_RELAXED);
}

static unsigned int any_event(void)
{
	unsigned int i, sum = 0, pick;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		sum += events[i].weight;
	pick = rnd_below(sum);
	for (i = 0; pick >= events[i].weight; i++)
		pick -= events[i].weight;
	return i;
}

static void work(unsigned int number, unsigned long long seed, time_t end)
{
	char text[32];
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(number % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	snprintf(text, sizeof(text), "%#llx", (seed * WORKERS + number) * SPREAD);
	setenv("SEED", text, 1);
	rnd_init();
	while (time(NULL) < end)
		run_event(any_event());
	exit(0);
}

/* Nothing fails, stops or is held; every parent is there; what is left is removed. */
static bool settle(void)
{
	char uuid[MDEV_UUID_LEN + 1];
	unsigned int i;
	bool ok;

	ok = !put_knob("mdev", "test_fail_at", "\n") & !put_knob("mdev", "test_stop_at", "\n") &
	     !put_knob("mdev_testdrv", "fail_probe", "0") &
	     !put_knob("mdev_testops", "fail_probe", "0") &
	     !put_knob("mdev_testops", "fail_create", "0") &
	     !put_knob("mdev_testdrv", "hold_refs", "0") & !do_drop() &
	     !put_parent(0, "1") & !put_parent(1, "1");
	for (i = 0; i < NAMES; i++) {
		snprintf(uuid, sizeof(uuid), "50a60000-0000-4000-8000-%012x", i);
		if (mdev_exists(uuid))
			ok &= !mdev_remove(uuid);
	}
	return ok & !do_drop();
}

int main(int argc, char **argv)
{
	unsigned long long seed;
	unsigned int i;
	time_t end;

	if (argc < 2)
		errx(2, "usage: soak SECONDS [SEED]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (unsigned long long)time(NULL);
	printf("# seed %llu\n", seed);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (tally == MAP_FAILED)
		err(1, "mmap");

	end = time(NULL) + atoi(argv[1]);
	for (i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid)
			work(i, seed, end);
	}
	for (i = 0; i < WORKERS; i++) {
		int status;

		if (wait(&status) < 0 || status)
			tally->wrong++;
	}
	if (!settle()) {
		puts("# it cannot be settled");
		tally->wrong++;
	}
	for (i = 0; i < ARRAY_SIZE(events); i++)
		printf("# %s: %u well, %u not\n", events[i].name, tally->well[i],
		       tally->failed[i]);
	return tally->wrong ? 1 : 0;
}
