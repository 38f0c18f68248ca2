// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"

static bool host_locked(struct host *host)
{
	if (pthread_mutex_trylock(&host->vgpu->lock.mutex))
		return true;
	pthread_mutex_unlock(&host->vgpu->lock.mutex);
	return false;
}

static void host_set_intx(void *data, bool level)
{
	struct host *host = data;

	host->unlocked |= !host_locked(host);
	host->repeated |= host->intx == level;
	host->intx = level;
	host->intx_changes++;
}

static void host_send_msi(void *data, unsigned int vector)
{
	struct host *host = data;

	host->unlocked |= !host_locked(host);
	host->two_wires |= host->intx;
	if (vector >= MVGPU_NUM_VECTORS || !(host->vgpu->irq_listeners & BIT(vector)))
		host->bad_vector = true;
	else
		host->messages[vector]++;
}

static void host_function_reset(void *data)
{
	struct host *host = data;

	host->unlocked |= host_locked(host);
	host->resets++;
	if (host->on_reset)
		host->on_reset(host);
}

const struct mvgpu_host_ops host_ops = {
	.set_intx = host_set_intx,
	.send_msi = host_send_msi,
	.function_reset = host_function_reset,
};

const struct mvgpu_config host_config = {
	.vram_size = 64 << 20,
	.mode_width = 1920,
	.mode_height = 1080,
};

void host_init(struct host *host, struct mvgpu *vgpu, const struct mvgpu_config *config)
{
	int ret;

	*host = (struct host){ .vgpu = vgpu };
	ret = mvgpu_init(vgpu, config, &host_ops, host);
	if (ret)
		tap_bail("mvgpu_init: %d", ret);
}

void host_fini(struct host *host)
{
	tap_ok(!host->unlocked, "interrupts with the lock held, function_reset() without");
	tap_ok(!host->repeated, "INTx never set to the level that it had");
	tap_ok(!host->bad_vector, "no message of a vector that nobody listens to");
	tap_ok(!host->two_wires, "no message while INTx is high");
	mvgpu_fini(host->vgpu);
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
