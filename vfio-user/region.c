// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's regions: described, read and written.
 */
#include <errno.h>
#include <string.h>

#include "server.h"

enum vu_region_kind {
	VU_REGION_NONE,
	VU_REGION_VRAM,
	VU_REGION_REGS,
	VU_REGION_MSIX,
	VU_REGION_CONFIG,
};

static const enum vu_region_kind vu_regions[VU_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = VU_REGION_VRAM,
	[VFIO_PCI_BAR2_REGION_INDEX] = VU_REGION_REGS,
	[VFIO_PCI_BAR4_REGION_INDEX] = VU_REGION_MSIX,
	[VFIO_PCI_CONFIG_REGION_INDEX] = VU_REGION_CONFIG,
};

/**
 * struct vu_regs_info - what the client is told of BAR 2
 * @info: as of any region
 * @header: of the capability that says what of it can be mapped: with what follows
 *	it is a struct vfio_region_info_cap_sparse_mmap
 * @nr_areas: 1
 * @reserved: 0
 * @area: what can be mapped
 */
struct vu_regs_info {
	struct vfio_region_info info;
	struct vfio_info_cap_header header;
	__u32 nr_areas;
	__u32 reserved;
	struct vfio_region_sparse_mmap_area area;
};

/* What in config space tells of MSI-X: the link to its capability, the capability, its BAR. */
static const struct {
	__u32 offset;
	__u32 size;
} vu_msix_config[] = {
	{ MVGPU_PCI_CAP_VENDOR + PCI_CAP_LIST_NEXT, 1 },
	{ MVGPU_PCI_CAP_MSIX, PCI_CAP_MSIX_SIZEOF },
	{ PCI_BASE_ADDRESS_0 + 4 * MVGPU_BAR_MSIX, 4 },
};

static __u64 vu_region_size(const struct vu_gpu *gpu, unsigned int index)
{
	switch (vu_regions[index]) {
	case VU_REGION_VRAM:
		return gpu->vram.size;
	case VU_REGION_REGS:
		return gpu->regs.size;
	case VU_REGION_MSIX:
		return gpu->hide_msix ? 0 : MVGPU_MSIX_SIZE;
	case VU_REGION_CONFIG:
		return MVGPU_PCI_CONFIG_SIZE;
	case VU_REGION_NONE:
		break;
	}
	return 0;
}

/*
 * Pages 2 and 3 of BAR 2 can be mapped.  A client without room for that asks
 * again; QEMU refuses a place of the capability that is no place behind the info.
 */
static void vu_regs_info(struct vu_request *request, struct vfio_region_info *info, __u32 room)
{
	struct vu_regs_info all = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
		.nr_areas = 1,
		.area = { .offset = MVGPU_TAILS_OFFSET, .size = MVGPU_SHARED_SIZE },
	};

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->cap_offset = offsetof(struct vu_regs_info, header);
	info->argsz = sizeof(all);
	if (room < sizeof(all))
		return;
	/* The info follows, when it is complete. */
	memcpy(request->reply, &all, sizeof(all));
	request->reply_size = sizeof(all);
}

/* Say what of a region can be mapped, and from which file. */
static void vu_region_offer(struct vu_request *request, struct vfio_region_info *info, __u32 room)
{
	struct vu_gpu *gpu = request->session->gpu;

	switch (vu_regions[info->index]) {
	case VU_REGION_VRAM:
		request->reply_fd = gpu->vram.fd;
		break;
	case VU_REGION_REGS:
		mvgpu_shared_expose(&gpu->model);
		vu_regs_info(request, info, room);
		request->reply_fd = gpu->regs.fd;
		break;
	default:
		return;
	}
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
}

/**
 * vu_region_info() - DEVICE_GET_REGION_INFO
 * @request: the request; the file of what can be mapped goes with the reply, where
 *	the client takes descriptors
 *
 * Return: 0, or -EINVAL.
 */
int vu_region_info(struct vu_request *request)
{
	struct vu_session *session = request->session;
	struct vfio_region_info info;
	__u32 room;

	memcpy(&info, request->payload, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VU_NUM_REGIONS)
		return -EINVAL;

	room = info.argsz;
	info.argsz = sizeof(info);
	info.flags = 0;
	info.cap_offset = 0;
	info.offset = 0;
	info.size = vu_region_size(session->gpu, info.index);
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	request->reply_size = sizeof(info);
	if (session->client_fds)
		vu_region_offer(request, &info, room);
	memcpy(request->reply, &info, sizeof(info));
	return 0;
}

/*
 * Where an access may go: how much of it is inside the region, which is less
 * than what is asked for where the region ends, or -EINVAL.
 */
static __s64 vu_access_clip(const struct vu_gpu *gpu, const struct vu_region_access *access)
{
	__u64 size;

	if (access->region >= VU_NUM_REGIONS)
		return -EINVAL;
	size = vu_region_size(gpu, access->region);
	if (access->offset >= size)
		return -EINVAL;
	return min((__u64)access->count, size - access->offset);
}

/* Clear in what was read of config space what tells of MSI-X. */
static void vu_config_hide_msix(const struct vu_region_access *access, __u8 *buf)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vu_msix_config); i++) {
		__u64 begin = max(access->offset, (__u64)vu_msix_config[i].offset);
		__u64 end = min(access->offset + access->count,
				(__u64)vu_msix_config[i].offset + vu_msix_config[i].size);

		if (begin < end)
			memset(buf + (begin - access->offset), 0, end - begin);
	}
}

/* How many bytes of an access to BAR 2 are in its trapped pages; the others are in shared ones. */
static __u32 vu_regs_trapped(const struct vu_region_access *access)
{
	if (access->offset >= MVGPU_TRAPPED_SIZE)
		return 0;
	return min(access->count, MVGPU_TRAPPED_SIZE - (__u32)access->offset);
}

static void vu_regs_read(struct vu_gpu *gpu, const struct vu_region_access *access, __u8 *buf)
{
	__u32 trapped = vu_regs_trapped(access);

	if (trapped)
		mvgpu_image_read(&gpu->model, MVGPU_IMAGE_REGS, access->offset, buf, trapped);
	if (trapped < access->count)
		mvgpu_image_read(&gpu->model, MVGPU_IMAGE_SHARED,
				 access->offset + trapped - MVGPU_TRAPPED_SIZE, buf + trapped,
				 access->count - trapped);
}

static void vu_regs_write(struct vu_gpu *gpu, const struct vu_region_access *access,
			  const __u8 *buf)
{
	__u32 trapped = vu_regs_trapped(access);

	if (trapped)
		mvgpu_image_write(&gpu->model, MVGPU_IMAGE_REGS, access->offset, buf, trapped);
	if (trapped < access->count)
		mvgpu_image_write(&gpu->model, MVGPU_IMAGE_SHARED,
				  access->offset + trapped - MVGPU_TRAPPED_SIZE, buf + trapped,
				  access->count - trapped);
}

static void vu_access_read(struct vu_gpu *gpu, const struct vu_region_access *access, void *buf)
{
	switch (vu_regions[access->region]) {
	case VU_REGION_VRAM:
		memcpy(buf, gpu->vram.data + access->offset, access->count);
		break;
	case VU_REGION_REGS:
		vu_regs_read(gpu, access, buf);
		break;
	case VU_REGION_MSIX:
		mvgpu_image_read(&gpu->model, MVGPU_IMAGE_MSIX, access->offset, buf,
				 access->count);
		break;
	case VU_REGION_CONFIG:
		mvgpu_image_read(&gpu->model, MVGPU_IMAGE_CONFIG, access->offset, buf,
				 access->count);
		if (gpu->hide_msix)
			vu_config_hide_msix(access, buf);
		break;
	case VU_REGION_NONE:
		break;
	}
}

static void vu_access_write(struct vu_gpu *gpu, const struct vu_region_access *access,
			    const void *buf)
{
	switch (vu_regions[access->region]) {
	case VU_REGION_VRAM:
		memcpy(gpu->vram.data + access->offset, buf, access->count);
		break;
	case VU_REGION_REGS:
		vu_regs_write(gpu, access, buf);
		break;
	case VU_REGION_MSIX:
		mvgpu_image_write(&gpu->model, MVGPU_IMAGE_MSIX, access->offset, buf,
				  access->count);
		break;
	case VU_REGION_CONFIG:
		mvgpu_image_write(&gpu->model, MVGPU_IMAGE_CONFIG, access->offset, buf,
				  access->count);
		break;
	case VU_REGION_NONE:
		break;
	}
}

/**
 * vu_region_read() - REGION_READ
 * @request: the request; what the reply has is less than what was asked for
 *	where the region ends
 *
 * Return: 0, or -EINVAL outside of any region, or for more than VU_MAX_TRANSFER.
 */
int vu_region_read(struct vu_request *request)
{
	struct vu_gpu *gpu = request->session->gpu;
	struct vu_region_access access;
	__s64 clipped;

	memcpy(&access, request->payload, sizeof(access));
	if (access.count > VU_MAX_TRANSFER)
		return -EINVAL;
	clipped = vu_access_clip(gpu, &access);
	if (clipped < 0)
		return clipped;

	access.count = clipped;
	memcpy(request->reply, &access, sizeof(access));
	vu_access_read(gpu, &access, (__u8 *)request->reply + sizeof(access));
	request->reply_size = sizeof(access) + access.count;
	return 0;
}

/**
 * vu_region_write() - REGION_WRITE
 * @request: the request; what is behind the end of the region is not written,
 *	and the reply says so
 *
 * Return: 0, or -EINVAL outside of any region, or where the data are not as
 * many as the request says.
 */
int vu_region_write(struct vu_request *request)
{
	struct vu_gpu *gpu = request->session->gpu;
	struct vu_region_access access;
	__s64 clipped;

	memcpy(&access, request->payload, sizeof(access));
	if (access.count != request->size - sizeof(access))
		return -EINVAL;
	clipped = vu_access_clip(gpu, &access);
	if (clipped < 0)
		return clipped;

	access.count = clipped;
	vu_access_write(gpu, &access, request->payload + sizeof(access));
	memcpy(request->reply, &access, sizeof(access));
	request->reply_size = sizeof(access);
	return 0;
}

static int vu_write_one(struct vu_gpu *gpu, const __u8 *from)
{
	struct vu_region_access access;
	struct vu_write_one one;
	__s64 clipped;

	memcpy(&one, from, sizeof(one));
	access.offset = one.offset;
	access.region = one.region;
	access.count = one.count;
	clipped = vu_access_clip(gpu, &access);
	if (one.count > sizeof(one.data) || clipped < 0)
		return -EINVAL;
	access.count = clipped;
	vu_access_write(gpu, &access, one.data);
	return 0;
}

/**
 * vu_region_write_multi() - REGION_WRITE_MULTI
 * @request: the request; the writes are done in their order up to the first
 *	one that cannot be, and the reply says how many were
 *
 * Return: 0, or -EINVAL where none was done.
 */
int vu_region_write_multi(struct vu_request *request)
{
	const __u8 *from = request->payload + sizeof(struct vu_write_multi);
	size_t room = request->size - sizeof(struct vu_write_multi);
	struct vu_write_multi multi;
	__u64 done;

	memcpy(&multi, request->payload, sizeof(multi));
	if (!multi.count || multi.count != room / sizeof(struct vu_write_one) ||
	    room % sizeof(struct vu_write_one))
		return -EINVAL;

	for (done = 0; done < multi.count; done++, from += sizeof(struct vu_write_one))
		if (vu_write_one(request->session->gpu, from))
			break;
	if (!done)
		return -EINVAL;
	multi.count = done;
	memcpy(request->reply, &multi, sizeof(multi));
	request->reply_size = sizeof(multi);
	return 0;
}
