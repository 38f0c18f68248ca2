// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once on one device for some seconds: accesses, resets, faults,
 * interrupts set up and raised, pictures asked for, other devices made and removed.
 * Nothing may fail that cannot, and the device works afterwards.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define SECONDS		4
#define STUCK_S		100

static struct vdev *vdev;
static size_t vram_size;
static char parent[64], type[64];
static int fds[MVGPU_NUM_CAUSES];
static atomic_bool stop;

struct worker {
	const char *name;
	bool (*round)(unsigned int *seed);
	unsigned long rounds, failures;
	pthread_t thread;
};

/* rand_r() is good enough to mix things up, and each thread has its own. */
static unsigned int below(unsigned int *seed, unsigned int limit)
{
	return rand_r(seed) % limit;
}

static bool access_round(unsigned int *seed)
{
	static const unsigned int regions[] = { 0, 2, 4, 7, 9, 10 };
	unsigned int region = regions[below(seed, ARRAY_SIZE(regions))];
	uint64_t size = vdev_region_size(vdev, region), offset = below(seed, size);
	size_t len = 1 + below(seed, 256);
	uint8_t buf[256];
	ssize_t got, want = len < size - offset ? len : size - offset;

	memset(buf, *seed, sizeof(buf));
	/*
	 * Config space is left alone: its writes would reset the function, which is
	 * another's job.
	 */
	if (region != VFIO_PCI_CONFIG_REGION_INDEX && region < VFIO_PCI_NUM_REGIONS &&
	    below(seed, 2))
		got = vdev->ops->write(vdev, region, buf, len, offset);
	else
		got = vdev->ops->read(vdev, region, buf, len, offset);
	/* What a scan-out region shows depends on what others do. */
	return got == want || region >= VFIO_PCI_NUM_REGIONS;
}

static bool fault_round(unsigned int *seed)
{
	size_t len = 4096ul << below(seed, 12), offset;
	volatile uint8_t *map;
	unsigned int i;

	offset = (size_t)below(seed, (vram_size - len) / 4096 + 1) * 4096;
	map = vdev->ops->map(vdev, VRAM, NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, offset);
	if (map == MAP_FAILED)
		return false;
	for (i = 0; i < 32; i++)
		map[below(seed, len)]++;
	return !munmap((void *)map, len);
}

static bool reset_round(unsigned int *seed)
{
	unsigned int exp = vdev_find_cap(vdev, PCI_CAP_ID_EXP);

	usleep(below(seed, 2000));
	if (below(seed, 2))
		return !vdev->ops->reset(vdev);
	vdev_write16(vdev, VFIO_PCI_CONFIG_REGION_INDEX, exp + PCI_EXP_DEVCTL,
		     PCI_EXP_DEVCTL_BCR_FLR);
	return true;
}

static bool irq_round(unsigned int *seed)
{
	uint32_t index = below(seed, 3), count = index ? 1 + below(seed, ARRAY_SIZE(fds)) : 1;
	int unmask = fds[1];

	/* One thread alone does this: it knows what is enabled. */
	if (vdev_set_eventfds(vdev, index, 0, count, fds))
		return false;
	if (index == VFIO_PCI_INTX_IRQ_INDEX &&
	    vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, index, 0, 1,
			  &unmask, sizeof(unmask)))
		return false;
	if (vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, index, 0,
			  count, NULL, 0))
		return false;
	return !vdev_irq_disable(vdev, index);
}

static bool raise_round(unsigned int *seed)
{
	uint64_t one = 1;

	mv_enable_causes(vdev, below(seed, 256));
	mv_raise(vdev, below(seed, 256));
	if (write(fds[1], &one, sizeof(one)) != sizeof(one))
		efd_take(fds[1]);
	mv_ack(vdev, below(seed, 256));
	return true;
}

static bool picture_round(unsigned int *seed)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane), .flags = VFIO_GFX_PLANE_TYPE_REGION, .drm_plane_type = 1,
	};
	struct mv_mode mode = {
		.width = 64 + below(seed, 512), .height = 64 + below(seed, 512),
		.x = below(seed, 2) ? 0 : below(seed, 64), .y = below(seed, 64),
	};
	const uint8_t *map;

	mv_set_mode(vdev, &mode);
	if (vdev->ops->query_plane(vdev, &plane))
		return false;
	if (!plane.size)
		return true;
	map = vdev->ops->map(vdev, plane.region_index, NULL, plane.size, PROT_READ, MAP_SHARED, 0);
	if (map == MAP_FAILED)
		return false;
	/* Another thread's reset may have taken the picture away: a signal is an answer. */
	return !munmap((void *)map, plane.size);
}

static bool device_round(unsigned int *seed)
{
	char uuid[MDEV_UUID_LEN + 1];
	struct vdev *other;

	mdev_uuid_random(uuid);
	if (mdev_create(parent, type, uuid))
		return false;
	if (below(seed, 2)) {
		if (vdev_vfio_open_group(&other, uuid, false))
			return false;
		vdev_write32(other, VRAM, 0, *seed);
		vdev_close(other);
	}
	return !mdev_remove(uuid);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	unsigned int seed = (uintptr_t)worker ^ time(NULL);

	while (!stop) {
		worker->failures += !worker->round(&seed);
		worker->rounds++;
	}
	return NULL;
}

static void test_works(void)
{
	uint8_t before[4096], after[4096];

	vdev->ops->reset(vdev);
	vdev_must_read(vdev, VFIO_PCI_CONFIG_REGION_INDEX, before, sizeof(before), 0);
	tap_is(vdev_read32(vdev, REGS, MVGPU_REG_SCRATCH), 0, "a reset clears the registers");
	tap_is(vdev_read32(vdev, VRAM, vram_size / 2), 0, "and VRAM");
	efd_take(fds[0]);
	tap_ret(vdev_set_eventfds(vdev, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, fds), 0, "MSI is set up");
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	tap_is(efd_take(fds[0]), 1, "and signalled");
	vdev->ops->reset(vdev);
	vdev_must_read(vdev, VFIO_PCI_CONFIG_REGION_INDEX, after, sizeof(after), 0);
	tap_ok(!memcmp(before, after, sizeof(after)), "config space is as after a reset");
}

int main(void)
{
	static struct worker workers[] = {
		{ .name = "accesses", .round = access_round },
		{ .name = "more accesses", .round = access_round },
		{ .name = "faults", .round = fault_round },
		{ .name = "more faults", .round = fault_round },
		{ .name = "resets", .round = reset_round },
		{ .name = "interrupt set-up", .round = irq_round },
		{ .name = "interrupts", .round = raise_round },
		{ .name = "pictures", .round = picture_round },
		{ .name = "other devices", .round = device_round },
	};
	const char *name = getenv("VDEV");
	unsigned int i;

	if (sscanf(name ? name : VDEV_DEFAULT, "mdev:%63[^/]/%63s", parent, type) != 2)
		tap_skip_all("needs mdevs of its own");
	alarm(STUCK_S);
	vdev = vdev_must_open(NULL);
	vram_size = vdev_region_size(vdev, VRAM);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = efd_new();
	for (i = 0; i < ARRAY_SIZE(workers); i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			tap_bail("no thread: %s", strerror(errno));
	sleep(SECONDS);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		pthread_join(workers[i].thread, NULL);
		tap_ok(workers[i].rounds && !workers[i].failures, "%s: %lu rounds, %lu failures",
		       workers[i].name, workers[i].rounds, workers[i].failures);
	}
	test_works();
	vdev_close(vdev);
	return tap_done();
}
