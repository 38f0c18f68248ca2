// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands: what each may look like, and who handles it.
 */
#include <errno.h>
#include <string.h>

#include "server.h"

/**
 * struct vu_command_desc - a command
 * @handle: acts on it; returns 0 or a negative errno for the reply
 * @min: bytes of payload at least
 * @max: bytes of payload at most
 * @fds: descriptors may come with it
 */
struct vu_command_desc {
	int (*handle)(struct vu_request *request);
	size_t min;
	size_t max;
	bool fds;
};

static int vu_device_get_info(struct vu_request *request)
{
	struct vu_device_info info;

	memcpy(&info, request->payload, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;

	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VU_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	memcpy(request->reply, &info, sizeof(info));
	request->reply_size = sizeof(info);
	return 0;
}

static int vu_device_reset(struct vu_request *request)
{
	vu_gpu_reset(request->session->gpu);
	return 0;
}

/* What the specification has and this server has not: migration, and ioeventfds. */
static int vu_not_supported(struct vu_request *request)
{
	(void)request;
	return -ENOTSUP;
}

#define VU_FIXED(type)	.min = sizeof(type), .max = sizeof(type)

static const struct vu_command_desc vu_commands[VU_NUM_COMMANDS] = {
	[VU_VERSION] = {
		.handle = vu_version,
		.min = sizeof(struct vu_version), .max = VU_MAX_PAYLOAD,
	},
	[VU_DMA_MAP] = { .handle = vu_dma_map, VU_FIXED(struct vu_dma_map), .fds = true },
	[VU_DMA_UNMAP] = { .handle = vu_dma_unmap, VU_FIXED(struct vu_dma_unmap) },
	[VU_DEVICE_GET_INFO] = { .handle = vu_device_get_info, VU_FIXED(struct vu_device_info) },
	[VU_DEVICE_GET_REGION_INFO] = {
		.handle = vu_region_info, VU_FIXED(struct vfio_region_info),
	},
	[VU_DEVICE_GET_REGION_IO_FDS] = { .handle = vu_not_supported, .max = VU_MAX_PAYLOAD },
	[VU_DEVICE_GET_IRQ_INFO] = { .handle = vu_irq_info, VU_FIXED(struct vfio_irq_info) },
	[VU_DEVICE_SET_IRQS] = {
		.handle = vu_irq_set,
		.min = sizeof(struct vfio_irq_set), .max = VU_MAX_PAYLOAD, .fds = true,
	},
	[VU_REGION_READ] = { .handle = vu_region_read, VU_FIXED(struct vu_region_access) },
	[VU_REGION_WRITE] = {
		.handle = vu_region_write,
		.min = sizeof(struct vu_region_access), .max = VU_MAX_PAYLOAD,
	},
	[VU_DEVICE_RESET] = { .handle = vu_device_reset },
	[VU_REGION_WRITE_MULTI] = {
		.handle = vu_region_write_multi,
		.min = sizeof(struct vu_write_multi), .max = VU_MAX_PAYLOAD,
	},
	[VU_DEVICE_FEATURE] = { .handle = vu_not_supported, .max = VU_MAX_PAYLOAD },
	[VU_MIG_DATA_READ] = { .handle = vu_not_supported, .max = VU_MAX_PAYLOAD },
	[VU_MIG_DATA_WRITE] = { .handle = vu_not_supported, .max = VU_MAX_PAYLOAD },
};

static int vu_command_check(const struct vu_request *request, const struct vu_header *header)
{
	const struct vu_command_desc *desc;

	if (header->flags & ~(VU_TYPE_MASK | VU_FLAG_NO_REPLY))
		return -EINVAL;
	if (header->command >= VU_NUM_COMMANDS || !vu_commands[header->command].handle)
		return -ENOSYS;
	desc = &vu_commands[header->command];
	if (request->size < desc->min || request->size > desc->max)
		return -EINVAL;
	if (request->fds->lost || (request->fds->count && !desc->fds))
		return -EINVAL;
	/* The version comes first, and once. */
	if ((header->command == VU_VERSION) == (request->session->gpu != NULL))
		return -EINVAL;
	return 0;
}

/**
 * vu_command_run() - act on a command
 * @request: what came; the reply is put into it
 * @header: the message's, of a plausible size
 *
 * Return: 0, or a negative errno for the reply; nothing has changed then.
 */
int vu_command_run(struct vu_request *request, const struct vu_header *header)
{
	int ret = vu_command_check(request, header);

	if (!ret)
		ret = vu_commands[header->command].handle(request);
	/* Without a version there is no session. */
	if (ret && !request->session->gpu)
		request->end = true;
	if (ret)
		vu_debug("%s: command %u, %zu bytes, flags 0x%x, %u descriptors: %s",
			 request->session->device->name, header->command, request->size,
			 header->flags, request->fds->count, strerror(-ret));
	return ret;
}
