// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engines of the card: commands run by threads and by kicks, wake-ups, the
 * watchdog, and what ends while an engine is at work.
 *
 * With an argument, the UUID of a vGPU: keeps an engine busy with that one until it is
 * asked to give it back.
 */
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "mdev.h"
#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define REQ		VFIO_PCI_REQ_IRQ_INDEX
#define DELAY		"/sys/kernel/debug/mvgpu/delay_us"
#define WAKE_UPS	100

/* Cheap commands for an engine that sleeps: whether they are done when the kick returns. */
static bool done_by_kick(struct vgpu *gpu, const struct mvgpu_cmd *cheap)
{
	struct mvgpu_cmd fence;

	while (!mvring_is_asleep(&gpu->ring))
		usleep(1000);
	mvring_put(&gpu->ring, cheap);
	fence = cmd_fence(++gpu->ring.fence, 0);
	mvring_put(&gpu->ring, &fence);
	tap_ok(mvring_publish(&gpu->ring), "an engine that is asleep wants a kick");
	return mvring_fence(&gpu->ring) == gpu->ring.fence;
}

static void test_inline(void)
{
	const struct mvgpu_cmd cheap = cmd_copy(MVGPU_MEM_VRAM, 2 << 20, MVGPU_MEM_VRAM, 1 << 20,
						4096);
	const struct mvgpu_cmd costly = vgpu_work(1);
	unsigned int kicks = 1;
	struct vgpu gpu;

	vgpu_open(&gpu, NULL);
	/* Memory that is not there yet is not waited for in a kick. */
	tap_is(mvring_run(&gpu.ring, &cheap), 0, "memory is allocated");
	/* The thread that did that may be about to leave the engine, and is asked to stay. */
	while (!done_by_kick(&gpu, &cheap) && kicks < 100) {
		mvring_wait(&gpu.ring, gpu.ring.fence);
		kicks++;
	}
	tap_ok(kicks < 100, "inline: cheap commands are done when the kick returns");
	tap_is(mvring_run(&gpu.ring, &costly), 0, "inline: a costly one is done by a thread");

	module_set("inline_bytes", 0);
	tap_ok(vgpu_works(&gpu), "by a thread: done");
	tap_is(vgpu_stat(&gpu, "commands"), 5 + 2 * kicks, "all commands were counted");
	tap_is(vgpu_stat(&gpu, "bytes"), (1 + kicks) * 4096 + (1 << 20), "and what they wrote");
	vgpu_close(&gpu);
	module_set("inline_bytes", 4096);
}

/* Work that comes at any moment between two steps of an engine that is about to sleep. */
static void test_wake_ups(unsigned int inline_bytes, unsigned int poll_us)
{
	const struct mvgpu_cmd nop = cmd_nop();
	struct mvgpu_cmd fence;
	unsigned int i, k, kicks = 0, lost = 0;
	struct vgpu gpu;

	module_set("inline_bytes", inline_bytes);
	module_set("poll_us", poll_us);
	vgpu_open(&gpu, NULL);
	if (sysfs_write(DELAY, "150"))
		tap_bail("cannot write %s", DELAY);
	for (i = 1; i <= WAKE_UPS && !lost; i++) {
		for (k = rnd_below(3); k; k--)
			mvring_put(&gpu.ring, &nop);
		fence = cmd_fence(i, 0);
		mvring_put(&gpu.ring, &fence);
		kicks += mvring_publish(&gpu.ring);
		lost = mvring_wait(&gpu.ring, i);
		if (rnd_below(2))
			usleep(rnd_below(600));
	}
	sysfs_write(DELAY, "0");
	tap_ok(!lost, "inline_bytes=%u poll_us=%u: no wake-up is lost (%u kicks)", inline_bytes,
	       poll_us, kicks);
	vgpu_close(&gpu);
	module_set("inline_bytes", 4096);
	module_set("poll_us", 20);
}

static void test_watchdog(void)
{
	const struct mvgpu_cmd work = vgpu_work(4);
	struct vgpu gpu, other;

	vgpu_open(&gpu, NULL);
	vgpu_open(&other, NULL);
	module_set("watchdog_ms", 300);
	vgpu_work_for_ever(&gpu);
	vgpu_await_stat(&gpu, "errors", 1);
	tap_is(mvring_reg(&gpu.ring, MVGPU_RING_STATE), MVGPU_RING_STATE_ERROR,
	       "watchdog: a command that takes too long stops its ring");
	tap_is(mvring_reg(&gpu.ring, MVGPU_RING_ERROR), MVGPU_ERROR_TIMEOUT,
	       "watchdog: the ring says why");
	tap_ok(vgpu_works(&other), "watchdog: another vGPU works");
	module_set("watchdog_ms", 1000);
	mvring_disable(&gpu.ring);
	vgpu_start(&gpu);
	tap_ok(vgpu_works(&gpu), "watchdog: the ring works again when it was disabled");

	/* More time than one command may have, in many. */
	while (vgpu_stat(&gpu, "busy_us") < 1300000 && !mvring_run(&gpu.ring, &work))
		;
	tap_is(vgpu_stat(&gpu, "errors"), 1, "watchdog: many short commands are left alone");
	module_set("watchdog_ms", 0);
	vgpu_close(&other);
	vgpu_close(&gpu);
}

static void function_reset(struct vdev *vdev)
{
	unsigned int control = vdev_find_cap(vdev, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;

	mv_config_bits(vdev, control, PCI_EXP_DEVCTL_BCR_FLR, 0);
}

static void vfio_reset(struct vdev *vdev)
{
	vdev->ops->reset(vdev);
}

/* The engine fills a part of VRAM for ever, which a reset has to find empty, and leave so. */
static void test_reset(const char *name, void (*reset)(struct vdev *vdev))
{
	unsigned int i, round, dirty = 0, dead = 0;
	struct vgpu gpu;

	vgpu_open(&gpu, NULL);
	for (round = 0; round < 10; round++) {
		vgpu_work_for_ever(&gpu);
		vgpu_await_stat(&gpu, "bytes", vgpu_stat(&gpu, "bytes") + 1);
		reset(gpu.vdev);
		for (i = 0; i < 100; i++, usleep(100))
			dirty += gpu.vram[WORK_BASE + i * 8192] != 0;
		vgpu_start(&gpu);
		dead += !vgpu_works(&gpu);
	}
	tap_is(dirty, 0, "%s: returns when the engine has ended", name);
	tap_is(dead, 0, "%s: the vGPU works again", name);
	vgpu_close(&gpu);
}

static void test_close(void)
{
	char uuid[MDEV_UUID_LEN + 1], name[64];
	unsigned int round, dead = 0;
	struct vgpu gpu;

	mdev_uuid_random(uuid);
	snprintf(name, sizeof(name), "uuid:%s", uuid);
	if (mdev_create("mvgpu.0", "mvgpu-native-64m", uuid))
		tap_bail("cannot create a vGPU");
	for (round = 0; round < 10; round++) {
		vgpu_open(&gpu, name);
		dead += !vgpu_works(&gpu);
		vgpu_work_for_ever(&gpu);
		vgpu_await_stat(&gpu, "bytes", vgpu_stat(&gpu, "bytes") + 1);
		vgpu_close(&gpu);
	}
	tap_is(dead, 0, "closed at work: it works when it is opened again");
	mdev_remove(uuid);
}

static void test_attributes(void)
{
	static const struct {
		const char *name;
		unsigned long long value;
		int ret;
	} tries[] = {
		{ "weight", 1, 0 }, { "weight", 10000, 0 }, { "weight", 0, -ERANGE },
		{ "weight", 10001, -ERANGE }, { "weight", 1ull << 32, -ERANGE },
		{ "pinned_kib", 0, 0 }, { "pinned_kib", 1 << 20, 0 },
		{ "pinned_kib", 1ull << 50, -ERANGE },
	};
	struct vgpu gpu;
	unsigned int i;

	vgpu_open(&gpu, NULL);
	tap_is(vgpu_stat(&gpu, "weight"), 100, "the weight is the type's at first");
	for (i = 0; i < ARRAY_SIZE(tries); i++)
		tap_ret(vgpu_set(&gpu, tries[i].name, tries[i].value), tries[i].ret, "%s=%llu",
			tries[i].name, tries[i].value);
	tap_is(vgpu_stat(&gpu, "weight"), 10000, "what was refused has changed nothing");
	vgpu_close(&gpu);
}

/* Keeps an engine busy until the device is asked back. */
static int hold(const char *uuid)
{
	struct pollfd wait = { .fd = efd_new(), .events = POLLIN };
	struct vgpu gpu;
	char name[64];

	snprintf(name, sizeof(name), "uuid:%s", uuid);
	vgpu_open(&gpu, name);
	vdev_set_eventfds(gpu.vdev, REQ, 0, 1, &wait.fd);
	vgpu_work_for_ever(&gpu);
	vgpu_await_stat(&gpu, "bytes", 1);
	puts("busy");
	fflush(stdout);
	poll(&wait, 1, -1);
	vgpu_close(&gpu);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return hold(argv[1]);
	rnd_init();
	/* What is to take for ever does. */
	module_set("watchdog_ms", 0);
	test_attributes();
	test_inline();
	test_wake_ups(4096, 20);
	test_wake_ups(4096, 0);
	test_wake_ups(0, 20);
	test_wake_ups(0, 0);
	test_reset("reset", vfio_reset);
	test_reset("FLR", function_reset);
	test_close();
	test_watchdog();
	return tap_done();
}
