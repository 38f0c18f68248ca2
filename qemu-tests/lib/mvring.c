// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <linux/pci_regs.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "mvring.h"
#include "tap.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
/* How often it looks before it lets others run */
#define POLLS		1000

static uint32_t *shared32(struct mvring *ring, uint32_t offset)
{
	return (uint32_t *)(ring->shared + offset - MVGPU_TAILS_OFFSET);
}

static void write_reg(struct mvring *ring, uint32_t reg, uint32_t value)
{
	vdev_write32(ring->vdev, REGS, MVGPU_REG_RING(ring->n, reg), value);
}

uint32_t mvring_reg(struct mvring *ring, uint32_t reg)
{
	return vdev_read32(ring->vdev, REGS, MVGPU_REG_RING(ring->n, reg));
}

uint64_t mvring_error_address(struct mvring *ring)
{
	return mvring_reg(ring, MVGPU_RING_ERROR_ADDR_LO) |
	       (uint64_t)mvring_reg(ring, MVGPU_RING_ERROR_ADDR_HI) << 32;
}

uint64_t mvring_fence(struct mvring *ring)
{
	uint64_t *fence = (uint64_t *)shared32(ring, MVGPU_STATUS_FENCE(ring->n));

	return le64toh(__atomic_load_n(fence, __ATOMIC_ACQUIRE));
}

uint32_t mvring_head(struct mvring *ring)
{
	return le32toh(__atomic_load_n(shared32(ring, MVGPU_STATUS_HEAD(ring->n)),
				       __ATOMIC_ACQUIRE));
}

void mvring_init(struct mvring *ring, struct vdev *vdev, unsigned int n)
{
	*ring = (struct mvring){ .vdev = vdev, .n = n };
	ring->shared = vdev->ops->map(vdev, REGS, NULL, MVGPU_SHARED_SIZE, PROT_READ | PROT_WRITE,
				      MAP_SHARED, MVGPU_TAILS_OFFSET);
	if (ring->shared == MAP_FAILED)
		tap_bail("tails and status cannot be mapped");
}

void mvring_fini(struct mvring *ring)
{
	munmap(ring->shared, MVGPU_SHARED_SIZE);
}

void mvring_set_master(struct vdev *vdev, bool master)
{
	uint16_t command = vdev_read16(vdev, CONFIG, PCI_COMMAND) & ~PCI_COMMAND_MASTER;

	vdev_write16(vdev, CONFIG, PCI_COMMAND, command | (master ? PCI_COMMAND_MASTER : 0));
}

void mvring_enable(struct mvring *ring, uint8_t mem, uint64_t base, void *memory,
		   unsigned int order)
{
	ring->memory = memory;
	ring->entries = 1u << order;
	ring->tail = 0;
	ring->fence = 0;
	mvring_set_master(ring->vdev, true);
	__atomic_store_n(shared32(ring, MVGPU_TAIL(ring->n)), 0, __ATOMIC_RELEASE);
	write_reg(ring, MVGPU_RING_BASE_LO, base);
	write_reg(ring, MVGPU_RING_BASE_HI, base >> 32);
	write_reg(ring, MVGPU_RING_ORDER, order);
	write_reg(ring, MVGPU_RING_CTRL,
		  MVGPU_RING_CTRL_ENABLE | mem << MVGPU_RING_CTRL_MEM_SHIFT);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* One more look; bails out when there were too many. */
static void wait_more(unsigned int *polls, time_t *since)
{
	if (++*polls % POLLS)
		return;
	sched_yield();
	if (!*since)
		*since = now();
	else if (now() - *since > MVRING_PATIENCE_S)
		tap_bail("the engine does not get on");
}

void mvring_disable(struct mvring *ring)
{
	unsigned int polls = 0;
	time_t since = 0;

	write_reg(ring, MVGPU_RING_CTRL, 0);
	while (mvring_reg(ring, MVGPU_RING_STATE) == MVGPU_RING_STATE_STOPPING)
		wait_more(&polls, &since);
}

static bool has_stopped(struct mvring *ring)
{
	return mvring_reg(ring, MVGPU_RING_STATE) != MVGPU_RING_STATE_ON;
}

bool mvring_put(struct mvring *ring, const struct mvgpu_cmd *cmd)
{
	uint32_t next = (ring->tail + 1) % ring->entries;
	unsigned int polls = 0;
	time_t since = 0;

	while (mvring_head(ring) == next) {
		wait_more(&polls, &since);
		if (!(polls % POLLS) && has_stopped(ring))
			return false;
	}
	ring->memory[ring->tail] = *cmd;
	ring->tail = next;
	return true;
}

bool mvring_is_asleep(struct mvring *ring)
{
	return __atomic_load_n(shared32(ring, MVGPU_STATUS_NEED_KICK(ring->n)), __ATOMIC_RELAXED);
}

bool mvring_publish(struct mvring *ring)
{
	__atomic_store_n(shared32(ring, MVGPU_TAIL(ring->n)), htole32(ring->tail),
			 __ATOMIC_RELEASE);
	/* The engine says that it sleeps and then looks at the tail. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!mvring_is_asleep(ring))
		return false;
	write_reg(ring, MVGPU_RING_KICK, 1);
	return true;
}

void mvring_submit(struct mvring *ring, const struct mvgpu_cmd *cmd)
{
	if (mvring_put(ring, cmd))
		mvring_publish(ring);
}

uint64_t mvring_submit_fence(struct mvring *ring, uint8_t flags)
{
	struct mvgpu_cmd fence = cmd_fence(++ring->fence, flags);

	mvring_submit(ring, &fence);
	return ring->fence;
}

uint32_t mvring_wait(struct mvring *ring, uint64_t fence)
{
	unsigned int polls = 0;
	time_t since = 0;

	while (mvring_fence(ring) < fence) {
		wait_more(&polls, &since);
		if (!(polls % POLLS) && has_stopped(ring))
			return mvring_reg(ring, MVGPU_RING_ERROR);
	}
	return MVGPU_ERROR_NONE;
}

uint32_t mvring_run(struct mvring *ring, const struct mvgpu_cmd *cmd)
{
	mvring_submit(ring, cmd);
	return mvring_wait(ring, mvring_submit_fence(ring, 0));
}
