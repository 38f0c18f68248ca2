/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vfio-user protocol, version 0.0, as docs/interop/vfio-user.rst of QEMU
 * specifies it.  Numbers are in host byte order.  Structures that it shares
 * with VFIO are in <linux/vfio.h>.
 */
#ifndef VU_PROTOCOL_H
#define VU_PROTOCOL_H

#include <linux/types.h>

#define VU_MAJOR		0
#define VU_MINOR		0

enum vu_command {
	VU_VERSION			= 1,
	VU_DMA_MAP			= 2,
	VU_DMA_UNMAP			= 3,
	VU_DEVICE_GET_INFO		= 4,
	VU_DEVICE_GET_REGION_INFO	= 5,
	VU_DEVICE_GET_REGION_IO_FDS	= 6,
	VU_DEVICE_GET_IRQ_INFO		= 7,
	VU_DEVICE_SET_IRQS		= 8,
	VU_REGION_READ			= 9,
	VU_REGION_WRITE			= 10,
	VU_DMA_READ			= 11,
	VU_DMA_WRITE			= 12,
	VU_DEVICE_RESET			= 13,
	VU_REGION_WRITE_MULTI		= 15,
	VU_DEVICE_FEATURE		= 16,
	VU_MIG_DATA_READ		= 17,
	VU_MIG_DATA_WRITE		= 18,
	VU_NUM_COMMANDS
};

/**
 * struct vu_header - what each message begins with
 * @id: the sender's; a reply has that of its command
 * @command: enum vu_command; a reply has that of its command
 * @size: bytes of the whole message, this header included
 * @flags: VU_TYPE_* and VU_FLAG_*
 * @error: errno of a reply that has VU_FLAG_ERROR
 */
struct vu_header {
	__u16 id;
	__u16 command;
	__u32 size;
	__u32 flags;
	__u32 error;
};

#define VU_TYPE_COMMAND		0x0
#define VU_TYPE_REPLY		0x1
#define VU_TYPE_MASK		0xf
#define VU_FLAG_NO_REPLY	0x10
#define VU_FLAG_ERROR		0x20

/* The version data follows: JSON that ends in NUL, or nothing. */
struct vu_version {
	__u16 major;
	__u16 minor;
};

#define VU_DMA_FLAG_READ	0x1
#define VU_DMA_FLAG_WRITE	0x2

struct vu_dma_map {
	__u32 argsz;
	__u32 flags;
	__u64 offset;
	__u64 address;
	__u64 size;
};

/* Not in the specification; QEMU sends it with address and size 0, as VFIO has it. */
#define VU_DMA_UNMAP_FLAG_ALL	0x2

struct vu_dma_unmap {
	__u32 argsz;
	__u32 flags;
	__u64 address;
	__u64 size;
};

/* Shorter than VFIO's: no capabilities. */
struct vu_device_info {
	__u32 argsz;
	__u32 flags;
	__u32 num_regions;
	__u32 num_irqs;
};

/* The server's to its client.  Data follow in a write, and in the reply to a read. */
struct vu_dma_access {
	__u64 address;
	__u64 count;
};

/* Data follows in a write, and in the reply to a read. */
struct vu_region_access {
	__u64 offset;
	__u32 region;
	__u32 count;
};

#define VU_WRITE_MULTI_DATA	8

struct vu_write_multi {
	__u64 count;
};

struct vu_write_one {
	__u64 offset;
	__u32 region;
	__u32 count;
	__u8 data[VU_WRITE_MULTI_DATA];
};

/* What this server receives at most; QEMU refuses a peer that takes more than 16 descriptors. */
#define VU_MAX_FDS		16
#define VU_MAX_TRANSFER		(1u << 20)
#define VU_MAX_DMA_MAPS		65535u
#define VU_PAGE_SIZE		4096u
#define VU_MAX_PAYLOAD		(sizeof(struct vu_region_access) + VU_MAX_TRANSFER)
#define VU_MAX_MESSAGE		(sizeof(struct vu_header) + VU_MAX_PAYLOAD)

#endif /* VU_PROTOCOL_H */
