// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole sessions from bytes, for libFuzzer or for fuzz-random.c.
 *
 * The first byte says whether the session begins with a proper VERSION, and whether it gives the
 * engine something to do: then a byte for the number of commands and the commands follow, nearly as
 * they are.  The rest are messages: a byte for the command, one for flags and descriptors, two for
 * the payload's length, the payload.  Some are sent as they are, header and all.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <endian.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../lib/vuclient.h"
#include "fuzz.h"
#include "mvgpu_cmd.h"
#include "mvgpu_pci.h"
#include "mvgpu_regs.h"

#define HEAD	4

/* What the first byte selects */
#define FIRST_VERSION	0x0f
#define FIRST_NO_MSIX	0x10
#define FIRST_ENGINE	0x20

/* Memory of the client: shared at 0, to be asked for behind it, and nothing behind that */
#define WINDOW		(1u << 20)
#define RING_ORDER	5
#define MAX_COMMANDS	16

/* What a message's second byte selects */
#define SELECT_RAW	0xe0
#define SELECT_NO_REPLY	0x10
#define SELECT_KIND	0x0c
#define SELECT_COUNT	0x03

enum kind { KIND_EVENTFD, KIND_SEALED, KIND_LOOSE, KIND_FILE, NUM_KINDS };

static int fds[NUM_KINDS];

static void fds_init(void)
{
	if (fds[KIND_SEALED])
		return;
	fds[KIND_EVENTFD] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fds[KIND_SEALED] = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[KIND_LOOSE] = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[KIND_FILE] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ftruncate(fds[KIND_SEALED], 1 << 20) || ftruncate(fds[KIND_LOOSE], 1 << 20) ||
	    fcntl(fds[KIND_SEALED], F_ADD_SEALS, F_SEAL_SHRINK) || fds[KIND_FILE] < 0)
		abort();
}

static void send_version(int fd)
{
	static const struct vu_version version;
	struct vu_header header;

	vuc_header(&header, VU_VERSION, sizeof(version));
	vuc_send(fd, &header, &version, sizeof(version), NULL, 0);
}

static void send_one(int fd, const uint8_t *head, const uint8_t *payload, size_t size)
{
	unsigned int i, count = head[1] & SELECT_COUNT;
	struct vu_header header;
	int with[SELECT_COUNT];

	for (i = 0; i < count; i++)
		with[i] = fds[(head[1] & SELECT_KIND) >> 2];
	if ((head[1] & SELECT_RAW) == SELECT_RAW) {
		if (size)
			vuc_send_raw(fd, payload, size, with, count);
		return;
	}
	vuc_header(&header, head[0] % (VU_NUM_COMMANDS + 2), size);
	if (head[1] & SELECT_NO_REPLY)
		header.flags = VU_FLAG_NO_REPLY;
	vuc_send(fd, &header, payload, size, with, count);
}

static void send_write(int fd, uint32_t region, uint64_t offset, const void *data, size_t size)
{
	uint8_t payload[sizeof(struct vu_region_access) + sizeof(struct mvgpu_cmd)];
	struct vu_region_access access = { .region = region, .offset = offset, .count = size };
	struct vu_header header;

	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), data, size);
	vuc_header(&header, VU_REGION_WRITE, sizeof(access) + size);
	header.flags = VU_FLAG_NO_REPLY;
	vuc_send(fd, &header, payload, sizeof(access) + size, NULL, 0);
}

static void send_reg(int fd, uint32_t reg, uint32_t value)
{
	value = htole32(value);
	send_write(fd, MVGPU_BAR_REGS, reg, &value, sizeof(value));
}

static void send_window(int fd, uint64_t address, const int *file)
{
	struct vu_dma_map map = {
		.argsz = sizeof(map), .flags = VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE,
		.address = address, .size = WINDOW,
	};
	struct vu_header header;

	vuc_header(&header, VU_DMA_MAP, sizeof(map));
	header.flags = VU_FLAG_NO_REPLY;
	vuc_send(fd, &header, &map, sizeof(map), file, file != NULL);
}

/* Most numbers are in reach of something; what is far off is the model's own fuzzer's. */
static void shape(struct mvgpu_cmd *cmd)
{
	cmd->opcode %= MVGPU_CMD_WAIT + 2;
	cmd->flags %= 4;
	cmd->dst_mem %= MVGPU_NUM_MEMS;
	cmd->src_mem %= MVGPU_NUM_MEMS;
	cmd->dst &= htole64(4 * WINDOW - 4);
	cmd->src &= htole64(4 * WINDOW - 4);
	cmd->dst_stride &= htole32(0xfffc);
	cmd->src_stride &= htole32(0xfffc);
	cmd->width &= htole32(0xfffc);
	cmd->height &= htole32(0x1f);
	memset(cmd->reserved, 0, sizeof(cmd->reserved));
}

/* Rings in VRAM with the same commands in each; a GART of zeroes: how many bytes were taken. */
static size_t send_engine(int fd, const uint8_t *data, size_t size)
{
	unsigned int i, count = size ? data[0] % (MAX_COMMANDS + 1) : 0;
	uint32_t master = htole32(PCI_COMMAND_MASTER);
	struct mvgpu_cmd cmd;

	if (count > (size - 1) / sizeof(cmd))
		count = (size - 1) / sizeof(cmd);
	send_window(fd, 0, &fds[KIND_SEALED]);
	send_window(fd, WINDOW, NULL);
	send_write(fd, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, &master, sizeof(master));
	send_reg(fd, MVGPU_REG_GART_ENTRIES, 100);
	send_reg(fd, MVGPU_REG_GART_INVALIDATE, 1);
	for (i = 0; i < count; i++) {
		memcpy(&cmd, data + 1 + i * sizeof(cmd), sizeof(cmd));
		shape(&cmd);
		send_write(fd, MVGPU_BAR_VRAM, i * sizeof(cmd), &cmd, sizeof(cmd));
	}
	for (i = 0; i < FUZZ_RINGS; i++) {
		send_reg(fd, MVGPU_REG_RING(i, MVGPU_RING_ORDER), RING_ORDER);
		send_reg(fd, MVGPU_REG_RING(i, MVGPU_RING_CTRL), MVGPU_RING_CTRL_ENABLE);
		send_reg(fd, MVGPU_TAIL(i), count);
		send_reg(fd, MVGPU_REG_RING(i, MVGPU_RING_KICK), 1);
	}
	return size ? 1 + count * sizeof(cmd) : 0;
}

static void send_all(int fd, const uint8_t *data, size_t size)
{
	uint8_t first = size ? *data++ : 0;
	size_t taken;

	size -= !!size;
	if (first & FIRST_VERSION)
		send_version(fd);
	if (size && first & FIRST_ENGINE) {
		taken = send_engine(fd, data, size);
		data += taken;
		size -= taken;
	}
	while (size >= HEAD) {
		const uint8_t *head = data;
		size_t payload = head[2] | head[3] << 8;

		data += HEAD;
		size -= HEAD;
		if (payload > size)
			payload = size;
		send_one(fd, head, data, payload);
		data += payload;
		size -= payload;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > FUZZ_MAX_SENT)
		return 0;
	fds_init();
	fuzz_run(send_all, data, size, size && data[0] & FIRST_NO_MSIX);
	return 0;
}
