// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"
#include "tap.h"

/* While a ring is full */
#define RETRY_US	200

static void *map(const struct raw *raw, uint64_t offset, uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw->fd, offset);

	if (memory == MAP_FAILED)
		tap_bail("mmap of %#llx bytes at %#llx: %s", (unsigned long long)size,
			 (unsigned long long)offset, strerror(errno));
	return memory;
}

void raw_look(struct raw *raw)
{
	if (ioctl(raw->fd, MVGPU_RAW_INFO, &raw->info))
		tap_bail("MVGPU_RAW_INFO: %s", strerror(errno));
}

void raw_open(struct raw *raw, unsigned int number)
{
	char path[64];

	memset(raw, 0, sizeof(*raw));
	snprintf(path, sizeof(path), "/dev/mvgpu-raw%u", number);
	raw->fd = open(path, O_RDWR | O_CLOEXEC);
	if (raw->fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	raw_look(raw);
	raw->regs = map(raw, MVGPU_RAW_MAP_REGS, MVGPU_REGS_SIZE);
	raw->vram = map(raw, MVGPU_RAW_MAP_VRAM, raw->info.vram_size);
}

/* A mapping keeps the file open, those of buffers too. */
void raw_close(struct raw *raw)
{
	munmap((void *)raw->regs, MVGPU_REGS_SIZE);
	munmap(raw->vram, raw->info.vram_size);
	close(raw->fd);
}

uint32_t raw_reg(const struct raw *raw, uint32_t offset)
{
	return le32toh(*(volatile uint32_t *)(raw->regs + offset));
}

void raw_set_reg(const struct raw *raw, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(raw->regs + offset) = htole32(value);
}

struct raw_memory raw_alloc(const struct raw *raw, uint64_t size)
{
	struct mvgpu_raw_buffer buffer = { .size = size };

	if (ioctl(raw->fd, MVGPU_RAW_ALLOC, &buffer))
		tap_bail("a buffer of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	return (struct raw_memory){
		.bytes = map(raw, buffer.offset, buffer.size), .address = buffer.address,
		.size = buffer.size,
	};
}

int raw_irq(struct raw *raw, unsigned int irq)
{
	int ret = ioctl(raw->fd, MVGPU_RAW_IRQ, irq) ? -errno : 0;

	raw_look(raw);
	return ret;
}

int raw_reset(struct raw *raw)
{
	return ioctl(raw->fd, MVGPU_RAW_RESET) ? -errno : 0;
}

int raw_start(struct raw *raw, unsigned int ring, unsigned int order)
{
	struct mvgpu_raw_start start = { .ring = ring, .order = order };

	raw->fences[ring] = 0;
	return ioctl(raw->fd, MVGPU_RAW_START, &start) ? -errno : 0;
}

void raw_stop(struct raw *raw, unsigned int ring)
{
	if (ioctl(raw->fd, MVGPU_RAW_STOP, ring))
		tap_bail("ring %u does not stop: %s", ring, strerror(errno));
}

int raw_submit(const struct raw *raw, unsigned int ring, const struct mvgpu_cmd *cmds,
	       unsigned int count)
{
	time_t end = time(NULL) + RAW_TIMEOUT_MS / 1000;

	while (count) {
		struct mvgpu_raw_submit submit = {
			.ring = ring, .count = count, .commands = (uintptr_t)cmds,
		};
		int taken = ioctl(raw->fd, MVGPU_RAW_SUBMIT, &submit);

		if (taken > 0) {
			cmds += taken;
			count -= taken;
		} else if (errno != EAGAIN || time(NULL) > end) {
			return -errno;
		} else {
			usleep(RETRY_US);
		}
	}
	return 0;
}

int raw_wait(const struct raw *raw, unsigned int ring, uint64_t value, uint32_t flags)
{
	struct mvgpu_raw_wait wait = {
		.ring = ring, .flags = flags, .timeout_ms = RAW_TIMEOUT_MS, .value = value,
	};

	return ioctl(raw->fd, MVGPU_RAW_WAIT, &wait) ? -errno : 0;
}

int raw_finish(struct raw *raw, unsigned int ring)
{
	struct mvgpu_cmd fence = cmd_fence(++raw->fences[ring], MVGPU_FENCE_INTERRUPT);
	int ret = raw_submit(raw, ring, &fence, 1);

	return ret ? ret : raw_wait(raw, ring, raw->fences[ring], 0);
}

uint32_t raw_causes(const struct raw *raw, int timeout_ms)
{
	struct pollfd pollfd = { .fd = raw->fd, .events = POLLIN };
	uint32_t causes;

	if (poll(&pollfd, 1, timeout_ms) != 1 || !(pollfd.revents & POLLIN))
		return 0;
	if (read(raw->fd, &causes, sizeof(causes)) != sizeof(causes))
		tap_bail("reading interrupts: %s", strerror(errno));
	return causes;
}
