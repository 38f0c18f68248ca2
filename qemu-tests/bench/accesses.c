// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trapped accesses and the info calls.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "target.h"

static bool read_at(const struct target *target, uint64_t offset, size_t size)
{
	uint8_t value[64];

	return pread(target->fd, value, size, offset) == (ssize_t)size;
}

static bool op_reg_read(void *ctx, unsigned int i)
{
	struct target *target = ctx;

	(void)i;
	return read_at(target, target->regs + MVGPU_REG_SCRATCH, 4);
}

static bool op_reg_write(void *ctx, unsigned int i)
{
	return target_write_reg(ctx, MVGPU_REG_SCRATCH, i);
}

/* Nothing is enabled, so raising a cause makes it pending and ends there. */
static bool op_reg_raise(void *ctx, unsigned int i)
{
	(void)i;
	return target_write_reg(ctx, MVGPU_REG_INTR_RAISE, 1);
}

static bool op_reg_ack(void *ctx, unsigned int i)
{
	(void)i;
	return target_write_reg(ctx, MVGPU_REG_INTR_ACK, 1);
}

static bool op_config_read_4(void *ctx, unsigned int i)
{
	struct target *target = ctx;

	(void)i;
	return read_at(target, target->config, 4);
}

static bool op_config_read_64(void *ctx, unsigned int i)
{
	struct target *target = ctx;

	(void)i;
	return read_at(target, target->config, 64);
}

static bool op_get_info(void *ctx, unsigned int i)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct target *target = ctx;

	(void)i;
	return !ioctl(target->fd, VFIO_DEVICE_GET_INFO, &info);
}

static bool op_get_region_info(void *ctx, unsigned int i)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = MVGPU_BAR_REGS,
	};
	struct target *target = ctx;

	(void)i;
	return !ioctl(target->fd, VFIO_DEVICE_GET_REGION_INFO, &info);
}

static bool op_query_plane(void *ctx, unsigned int i)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane),
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};
	struct target *target = ctx;

	(void)i;
	return !ioctl(target->fd, VFIO_DEVICE_QUERY_GFX_PLANE, &plane) &&
	       plane.size;
}

static bool write_dispi(const struct target *target, enum mvgpu_dispi index,
			uint16_t value)
{
	return pwrite(target->fd, &value, sizeof(value),
		      target->regs + MVGPU_DISPI_REG(index)) == sizeof(value);
}

static bool display_on(void *ctx)
{
	return write_dispi(ctx, MVGPU_DISPI_ENABLE, 0) &&
	       write_dispi(ctx, MVGPU_DISPI_XRES, 1024) &&
	       write_dispi(ctx, MVGPU_DISPI_YRES, 768) &&
	       write_dispi(ctx, MVGPU_DISPI_BPP, 32) &&
	       write_dispi(ctx, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED |
						    MVGPU_DISPI_LFB_ENABLED);
}

static bool display_off(void *ctx)
{
	return write_dispi(ctx, MVGPU_DISPI_ENABLE, 0);
}

static const struct bench benches[] = {
	{ .name = "reg-read-4", .op = op_reg_read },
	{ .name = "reg-write-4", .op = op_reg_write },
	{ .name = "reg-write-4-raise", .op = op_reg_raise },
	{ .name = "reg-write-4-ack", .op = op_reg_ack },
	{ .name = "config-read-4", .op = op_config_read_4 },
	{ .name = "config-read-64", .op = op_config_read_64 },
	{ .name = "get-info", .op = op_get_info },
	{ .name = "get-region-info", .op = op_get_region_info },
	{ }
};

static const struct bench bench_query_plane = {
	.name = "query-gfx-plane",
	.before = display_on,
	.op = op_query_plane,
	.after = display_off,
};

bool bench_accesses(struct target *target)
{
	bool ok = bench_run_all(benches, target->variant, target);

	if (target->full)
		ok &= bench_run(&bench_query_plane, target->variant, target);
	return ok;
}
