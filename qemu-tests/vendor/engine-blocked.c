// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card with one engine, and a VMM that keeps it: because its memory does not come, because it
 * is stopped, or because it ends.  The other vGPUs of the card must not notice.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "mdev.h"
#include "tap.h"
#include "util.h"

#define GROUP	"/sys/fs/cgroup/mvgpu-threads"
#define IOVA	0x40000000u
#define SIZE	(1u << 20)

/**
 * struct late - memory that does not come before it is let to
 * @memory: SIZE bytes
 * @fd: the userfaultfd that holds it back
 */
struct late {
	void *memory;
	int fd;
};

static void late_make(struct late *late)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	late->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	late->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	range.range.start = (uintptr_t)late->memory;
	range.range.len = SIZE;
	if (late->memory == MAP_FAILED || late->fd < 0 || ioctl(late->fd, UFFDIO_API, &api) ||
	    ioctl(late->fd, UFFDIO_REGISTER, &range))
		tap_bail("no userfaultfd: %m");
}

/* Returns when somebody waits for it. */
static bool late_is_awaited(const struct late *late)
{
	struct pollfd wait = { .fd = late->fd, .events = POLLIN };

	return poll(&wait, 1, MVRING_PATIENCE_S * 1000) == 1 && wait.revents == POLLIN;
}

static void late_let_come(const struct late *late)
{
	struct uffdio_range range = { (uintptr_t)late->memory, SIZE };

	if (ioctl(late->fd, UFFDIO_UNREGISTER, &range))
		tap_bail("cannot let go of memory: %m");
	close(late->fd);
}

/* Have the engine wait for memory; whether it does. */
static bool begin_to_wait(struct vgpu *gpu, struct late *late)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, WORK_BASE, MVGPU_MEM_GUEST, IOVA, SIZE);

	late_make(late);
	if (gpu->vdev->ops->dma_map(gpu->vdev, IOVA, late->memory, SIZE, VDEV_DMA_RW))
		return false;
	mvring_put(&gpu->ring, &copy);
	mvring_submit_fence(&gpu->ring, 0);
	return late_is_awaited(late);
}

static void test_late_memory(struct vgpu *other)
{
	struct late late;
	struct vgpu gpu;

	vgpu_open(&gpu, NULL);
	gpu.vram[WORK_BASE] = 1;
	tap_ok(begin_to_wait(&gpu, &late), "the engine waits for memory");
	tap_ok(vgpu_works(other), "and works for another vGPU meanwhile");
	tap_is(mvring_fence(&gpu.ring), 0, "the one that waits is where it was");
	late_let_come(&late);
	tap_is(mvring_wait(&gpu.ring, 1), 0, "with the memory it goes on");
	tap_is_hex(gpu.vram[WORK_BASE], 0, "and has copied it");
	tap_ok(vgpu_works(&gpu), "and works");
	munmap(late.memory, SIZE);
	vgpu_close(&gpu);
}

/* What a VMM does until its parent ends it; whether it does. */
static bool wait_for_memory(struct vgpu *gpu)
{
	static struct late late;

	return begin_to_wait(gpu, &late);
}

static bool work_for_ever(struct vgpu *gpu)
{
	vgpu_work_for_ever(gpu);
	vgpu_await_stat(gpu, "bytes", 1);
	return true;
}

/* A child that has opened vGPU @name and is at it when this returns. */
static pid_t begin_child(const char *name, bool (*begin)(struct vgpu *gpu))
{
	struct vgpu gpu;
	int ends[2];
	char byte;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends))
		tap_bail("no pipe: %m");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		vgpu_open(&gpu, name);
		if (!begin(&gpu) || write(ends[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		tap_bail("the VMM has ended");
	close(ends[0]);
	return pid;
}

/* Whether a child ends by a signal before the test's patience does. */
static bool child_ends(pid_t pid)
{
	unsigned int waits;
	int status;

	for (waits = 0; waits < 100 * MVRING_PATIENCE_S; waits++, usleep(10000))
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status);
	return false;
}

static void test_child(struct vgpu *other, const char *what, bool (*begin)(struct vgpu *gpu),
		       bool stop)
{
	char uuid[MDEV_UUID_LEN + 1], name[64];
	struct vgpu gpu;
	int status = 0;
	pid_t pid;

	mdev_uuid_random(uuid);
	snprintf(name, sizeof(name), "uuid:%s", uuid);
	if (mdev_create("mvgpu.0", "mvgpu-native-64m", uuid))
		tap_bail("cannot create a vGPU");
	pid = begin_child(name, begin);
	if (stop) {
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		tap_ok(WIFSTOPPED(status), "%s: it is stopped", what);
	}
	tap_ok(vgpu_works(other), "%s: another vGPU works", what);
	kill(pid, SIGKILL);
	tap_ok(child_ends(pid), "%s: it can be killed", what);
	tap_ok(vgpu_works(other), "%s: killed: another vGPU works", what);
	vgpu_open(&gpu, name);
	tap_ok(vgpu_works(&gpu), "%s: the vGPU works for the next one", what);
	vgpu_close(&gpu);
	tap_is(mdev_remove(uuid), 0, "%s: and can be removed", what);
}

/* The process that has kicked first has the engine's thread; then it ends, its parent does not. */
static void test_worker_ends(void)
{
	const struct mvgpu_cmd work = vgpu_work(4);
	struct vgpu gpu;
	int status = 1;
	pid_t pid;

	/* Enabling the ring kicks, too: with nothing to do, and no need for a thread. */
	vgpu_open(&gpu, NULL);
	module_set("inline_bytes", 0);
	pid = fork();
	if (!pid)
		_exit(mvring_run(&gpu.ring, &work));
	waitpid(pid, &status, 0);
	tap_is(status, 0, "a child works with the vGPU of its parent");
	mvring_disable(&gpu.ring);
	vgpu_start(&gpu);
	tap_ok(vgpu_works(&gpu), "which goes on when the child has ended");
	tap_is(mvring_run(&gpu.ring, &work), 0, "by a thread of its own");
	module_set("inline_bytes", 4096);
	vgpu_close(&gpu);
}

/* A child kicks for two vGPUs whose threads are its parent's, which is stopped. */
static void kick_for_ever(struct vgpu *gpus)
{
	const uint32_t one = 1;
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		for (i = 0; i < 2; i++)
			gpus[i].vdev->ops->write(gpus[i].vdev, VFIO_PCI_BAR2_REGION_INDEX, &one,
						 sizeof(one), MVGPU_REG_RING(0, MVGPU_RING_KICK));
		usleep(100);
	}
}

static void stop_and_kick(int ready)
{
	const struct mvgpu_cmd work = vgpu_work(1);
	struct vgpu gpus[2];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < 2; i++) {
		vgpu_open(&gpus[i], NULL);
		if (mvring_run(&gpus[i].ring, &work))
			_exit(1);
		while (!mvring_is_asleep(&gpus[i].ring))
			usleep(1000);
	}
	if (!fork())
		kick_for_ever(gpus);
	if (write(ready, "", 1) != 1)
		_exit(1);
	raise(SIGSTOP);
	_exit(1);
}

/* Who is given an engine and never comes for it pays for it, or two of them had it all. */
static void test_kicks_of_stopped(struct vgpu *other)
{
	const struct mvgpu_cmd work = vgpu_work(16);
	int ends[2], status;
	char byte;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends))
		tap_bail("no pipe: %m");
	pid = fork();
	if (!pid)
		stop_and_kick(ends[1]);
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1 || waitpid(pid, &status, WUNTRACED) != pid)
		tap_bail("the VMM has ended");
	close(ends[0]);
	tap_is(mvring_run(&other->ring, &work), 0,
	       "kicks for stopped vGPUs: another one gets its share");
	kill(pid, SIGKILL);
	tap_ok(child_ends(pid), "kicks for stopped vGPUs: their VMM can be killed");
}

static void write_number(const char *path, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	if (sysfs_write(path, text))
		tap_bail("cannot write %s to %s", text, path);
}

/* A cgroup that may not have more threads than it has. */
static void test_no_thread(void)
{
	const struct mvgpu_cmd work = vgpu_work(1);
	const uint32_t any = 1;
	struct vgpu gpu;

	vgpu_open(&gpu, NULL);
	sysfs_write("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	if (mkdir(GROUP, 0755) || sysfs_write(GROUP "/pids.max", "1"))
		tap_bail("cannot make a cgroup: %m");
	write_number(GROUP "/cgroup.procs", getpid());
	mvring_put(&gpu.ring, &work);
	mvring_submit_fence(&gpu.ring, 0);
	tap_is(mvring_fence(&gpu.ring), 0, "no thread may be made: nothing is done");
	tap_ok(mvring_is_asleep(&gpu.ring), "and kicks are asked for");
	write_number("/sys/fs/cgroup/cgroup.procs", getpid());
	gpu.vdev->ops->write(gpu.vdev, VFIO_PCI_BAR2_REGION_INDEX, &any, sizeof(any),
			     MVGPU_REG_SCRATCH);
	tap_is(mvring_wait(&gpu.ring, 1), 0, "one may: the next write has it made");
	vgpu_close(&gpu);
	rmdir(GROUP);
}

/* A vCPU that is tied to the last processor, at a real-time priority. */
static void *kick_from_vcpu(void *arg)
{
	const struct sched_param param = { .sched_priority = 1 };
	const struct mvgpu_cmd work = vgpu_work(1);
	struct vgpu *gpu = arg;
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	if (sched_setaffinity(0, sizeof(last), &last) || sched_setscheduler(0, SCHED_FIFO, &param))
		tap_bail("cannot be a vCPU: %m");
	mvring_put(&gpu->ring, &work);
	mvring_submit_fence(&gpu->ring, 0);
	return NULL;
}

/* The thread that was made last for an engine by this process. */
static pid_t last_worker(void)
{
	char path[300], name[32];
	struct dirent *entry;
	pid_t last = 0;
	DIR *tasks;

	tasks = opendir("/proc/self/task");
	while (tasks && (entry = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		if (!sysfs_read(path, name, sizeof(name)) && !strncmp(name, "mvgpu", 5) &&
		    atoi(entry->d_name) > last)
			last = atoi(entry->d_name);
	}
	closedir(tasks);
	return last;
}

static void test_vcpu(void)
{
	cpu_set_t allowed;
	pthread_t vcpu;
	struct vgpu gpu;
	pid_t worker;

	vgpu_open(&gpu, NULL);
	pthread_create(&vcpu, NULL, kick_from_vcpu, &gpu);
	pthread_join(vcpu, NULL);
	tap_is(mvring_wait(&gpu.ring, 1), 0, "kicked by a vCPU: done");
	worker = last_worker();
	tap_is(sched_getscheduler(worker), SCHED_OTHER, "not at the vCPU's priority");
	CPU_ZERO(&allowed);
	sched_getaffinity(worker, sizeof(allowed), &allowed);
	tap_ok(CPU_ISSET(0, &allowed), "nor tied to its processor");
	vgpu_close(&gpu);
}

int main(void)
{
	struct vgpu other;

	/* What is to take for ever does. */
	module_set("watchdog_ms", 0);
	vgpu_open(&other, NULL);
	test_late_memory(&other);
	test_child(&other, "a VMM without memory", wait_for_memory, false);
	test_child(&other, "a VMM at work", work_for_ever, true);
	test_worker_ends();
	test_kicks_of_stopped(&other);
	test_no_thread();
	test_vcpu();
	vgpu_close(&other);
	return tap_done();
}
