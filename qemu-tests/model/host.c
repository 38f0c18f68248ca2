// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

/* Whether it is this thread that has the lock; only the C library knows. */
static bool host_locked(struct host *host)
{
	return host->vgpu->lock.mutex.__data.__owner == gettid();
}

/* Several threads may come here; they write only if something is wrong. */
static void host_check_lock(struct host *host, bool locked)
{
	if (host_locked(host) != locked)
		host->unlocked = true;
}

static void host_set_intx(void *data, bool level)
{
	struct host *host = data;

	host_check_lock(host, true);
	host->repeated |= host->intx == level;
	host->intx = level;
	host->intx_changes++;
}

static void host_send_msi(void *data, unsigned int vector)
{
	struct host *host = data;

	host_check_lock(host, true);
	host->two_wires |= host->intx;
	if (vector >= MVGPU_NUM_VECTORS || !(host->vgpu->irq_listeners & BIT(vector)))
		host->bad_vector = true;
	else
		host->messages[vector]++;
}

static void host_function_reset(void *data)
{
	struct host *host = data;

	host_check_lock(host, false);
	host->resets++;
	if (host->on_reset)
		host->on_reset(host);
}

static void host_kick(void *data)
{
	struct host *host = data;

	host_check_lock(host, false);
	host->kicks++;
	if (host->on_kick)
		host->on_kick(host);
}

/* What the model promises of a span */
static bool host_span_valid(struct host *host, const struct mvgpu_span *span)
{
	u64 size = host->vgpu->config->vram_size;

	if (!span->len || span->address + (span->len - 1) < span->address)
		return false;
	if (span->mem == MVGPU_MEM_VRAM)
		return span->address < size && span->len <= size - span->address;
	return span->mem == MVGPU_MEM_GUEST;
}

static size_t host_cut(struct host *host, const struct mvgpu_span *span)
{
	size_t first = MVGPU_GPU_PAGE - span->address % MVGPU_GPU_PAGE;

	if (!host->cut || span->len <= first)
		return span->len;
	return min(span->len, first + rnd_below(8) * MVGPU_GPU_PAGE);
}

static int host_lend(struct host *host, struct mvgpu_span *span)
{
	u64 offset = span->address;
	u64 size = host->vgpu->config->vram_size;
	u8 *memory = host->vram;

	host->bad_span |= !host_span_valid(host, span);
	if (span->mem == MVGPU_MEM_GUEST) {
		offset -= GUEST_BASE;
		size = GUEST_SIZE;
		memory = host->guest;
	}
	if (offset >= size) {
		span->len = 0;
		return -EFAULT;
	}
	span->len = min((u64)host_cut(host, span), size - offset);
	span->ptr = memory + offset;
	span->cookie = (void *)span->len;
	return 0;
}

/* A copy in place of memory; what nobody wants to read is not copied. */
static void host_copy(struct host *host, struct mvgpu_span *span, unsigned int place)
{
	host->copies[place] = NULL;
	if (!host->bounce || span->mem != MVGPU_MEM_GUEST)
		return;
	host->copies[place] = malloc(span->len);
	if (span->read)
		memcpy(host->copies[place], span->ptr, span->len);
	else
		memset(host->copies[place], 0xdb, span->len);
	span->ptr = host->copies[place];
}

static void host_copy_back(struct host *host, struct mvgpu_span *span, unsigned int place)
{
	host->bad_span |= span->len > (size_t)span->cookie;
	if (!host->copies[place])
		return;
	if (span->write)
		memcpy(host->guest + (span->address - GUEST_BASE), host->copies[place], span->len);
	free(host->copies[place]);
}

static int host_get_memory(void *data, struct mvgpu_span *spans, unsigned int count)
{
	struct host *host = data;
	unsigned int i;

	host_check_lock(host, false);
	host->gets++;
	if (host->on_get)
		host->on_get(host, spans, count);
	if (host->put_off && host->gets % host->put_off == 0)
		return -EAGAIN;
	for (i = 0; i < count; i++) {
		if (host_lend(host, &spans[i]))
			return -EFAULT;
	}
	for (i = 0; i < count; i++)
		host_copy(host, &spans[i], i);
	host->lent += count;
	return 0;
}

static int host_put_memory(void *data, struct mvgpu_span *spans, unsigned int count)
{
	struct host *host = data;
	unsigned int i;

	host->lent -= count;
	for (i = 0; i < count; i++)
		host_copy_back(host, &spans[i], i);
	for (i = 0; i < count; i++) {
		if (host->put_fails && spans[i].mem == MVGPU_MEM_GUEST && spans[i].write)
			return -EFAULT;
	}
	return 0;
}

const struct mvgpu_host_ops host_ops = {
	.set_intx = host_set_intx,
	.send_msi = host_send_msi,
	.function_reset = host_function_reset,
	.kick = host_kick,
	.get_memory = host_get_memory,
	.put_memory = host_put_memory,
};

const struct mvgpu_config host_config = {
	.num_rings = 2,
	.vram_size = 64 << 20,
	.mode_width = 1920,
	.mode_height = 1080,
};

const struct mvgpu_config host_native_config = {
	.native = true,
	.num_rings = MVGPU_MAX_RINGS,
	.vram_size = 64 << 20,
	.mode_width = 1920,
	.mode_height = 1080,
};

const char *const host_images[MVGPU_NUM_IMAGES] = {
	[MVGPU_IMAGE_CONFIG] = "config space",
	[MVGPU_IMAGE_REGS] = "BAR 2, trapped",
	[MVGPU_IMAGE_SHARED] = "BAR 2, shared",
	[MVGPU_IMAGE_MSIX] = "BAR 4",
};

/* Zeroed, with a page before it and one behind it that nobody can touch; costs what is touched. */
static void *host_map(size_t size)
{
	u8 *memory = mmap(NULL, size + 2 * MVGPU_GPU_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED ||
	    mprotect(memory + MVGPU_GPU_PAGE, size, PROT_READ | PROT_WRITE))
		tap_bail("mmap of %zu bytes: %s", size, strerror(errno));
	return memory + MVGPU_GPU_PAGE;
}

static void host_unmap(void *memory, size_t size)
{
	munmap((u8 *)memory - MVGPU_GPU_PAGE, size + 2 * MVGPU_GPU_PAGE);
}

void host_init(struct host *host, struct mvgpu *vgpu, const struct mvgpu_config *config)
{
	int ret;

	*host = (struct host){ .vgpu = vgpu };
	host->shared = host_map(MVGPU_SHARED_SIZE);
	host->vram = host_map(config->vram_size);
	host->guest = host_map(GUEST_SIZE);
	ret = mvgpu_init(vgpu, config, &host_ops, host, host->shared);
	if (ret)
		tap_bail("mvgpu_init: %d", ret);
}

void host_fini(struct host *host)
{
	tap_ok(!host->unlocked, "interrupts with the lock held, the other ops without");
	tap_ok(!host->repeated, "INTx never set to the level that it had");
	tap_ok(!host->bad_vector, "no message of a vector that nobody listens to");
	tap_ok(!host->two_wires, "no message while INTx is high");
	tap_ok(!host->lent, "no memory that was lent is kept");
	tap_ok(!host->bad_span, "no memory asked for, or given back, that cannot be");
	host_close(host);
}

void host_close(struct host *host)
{
	host_unmap(host->guest, GUEST_SIZE);
	host_unmap(host->vram, host->vgpu->config->vram_size);
	host_unmap(host->shared, MVGPU_SHARED_SIZE);
	mvgpu_fini(host->vgpu);
}

bool host_contract_kept(const struct host *host)
{
	return !host->unlocked && !host->repeated && !host->bad_vector && !host->two_wires &&
	       !host->lent && !host->bad_span;
}

u32 host_read(struct host *host, enum mvgpu_image image, u32 offset, unsigned int size)
{
	u8 bytes[4] = { 0 };

	if (mvgpu_image_read(host->vgpu, image, offset, bytes, size))
		tap_bail("read of %u at %#x of image %d", size, offset, image);
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (u32)bytes[3] << 24;
}

void host_write(struct host *host, enum mvgpu_image image, u32 offset, unsigned int size,
		u32 value)
{
	u8 bytes[4] = { value, value >> 8, value >> 16, value >> 24 };

	if (mvgpu_image_write(host->vgpu, image, offset, bytes, size))
		tap_bail("write of %u at %#x of image %d", size, offset, image);
}

void host_dump(struct host *host, enum mvgpu_image image, u8 *bytes)
{
	if (mvgpu_image_read(host->vgpu, image, 0, bytes, mvgpu_image_size(image)))
		tap_bail("read of all of image %d", image);
}
