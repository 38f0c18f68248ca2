// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEVICE_GET_INFO, DEVICE_GET_REGION_INFO, DEVICE_GET_IRQ_INFO, DEVICE_RESET, and the file behind
 * BAR 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "server.h"

#define VRAM	(16u << 20)

/* BAR 2's info, with the capability that tells what of it can be mapped */
struct regs_info {
	struct vfio_region_info info;
	struct vfio_region_info_cap_sparse_mmap sparse;
	struct vfio_region_sparse_mmap_area area;
};

static struct server server;

/* A payload of every length but the right one is refused. */
static void test_lengths(int fd, uint16_t command, size_t right, const char *name)
{
	uint8_t payload[64] = { sizeof(payload) };
	unsigned int wrong = 0;
	struct vuc_reply reply;
	size_t size;

	for (size = 0; size < sizeof(payload); size++)
		if (size != right)
			wrong += vuc_call_fds(fd, command, payload, size, NULL, 0, &reply) !=
				 -EINVAL;
	tap_is(wrong, 0, "%s: other lengths than %zu are refused", name, right);
}

static void test_device(int fd)
{
	struct vu_device_info info = { .argsz = 1000 };

	tap_is(vuc_call(fd, VU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info)),
	       sizeof(info), "GET_INFO");
	tap_is(info.argsz, sizeof(info), "its size");
	tap_is_hex(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, "its flags");
	tap_is(info.num_regions, REGIONS, "its regions");
	tap_is(info.num_irqs, VFIO_PCI_NUM_IRQS, "its interrupt indexes");
	info.argsz = sizeof(info) - 1;
	tap_is(vuc_call(fd, VU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info)), -EINVAL,
	       "GET_INFO without room for the reply is refused");
	test_lengths(fd, VU_DEVICE_GET_INFO, sizeof(info), "GET_INFO");
}

static int region(int fd, uint32_t index, struct vfio_region_info *info, struct vuc_reply *reply)
{
	ssize_t got;

	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	got = vuc_call_fds(fd, VU_DEVICE_GET_REGION_INFO, info, sizeof(*info), NULL, 0, reply);
	if (got < 0)
		return got;
	memcpy(info, reply->payload, sizeof(*info));
	return got == sizeof(*info) ? 0 : -EPROTO;
}

static void test_regions(int fd)
{
	static const uint32_t sizes[REGIONS] = {
		[BAR0] = VRAM,
		[BAR2] = MVGPU_REGS_SIZE,
		[BAR4] = MVGPU_MSIX_SIZE,
		[CONFIG] = MVGPU_PCI_CONFIG_SIZE,
	};
	struct vfio_region_info info;
	struct vuc_reply reply;
	uint32_t i;

	for (i = 0; i < REGIONS; i++) {
		uint32_t flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;

		if (i == BAR0 || i == BAR2)
			flags |= VFIO_REGION_INFO_FLAG_MMAP;
		if (i == BAR2)
			flags |= VFIO_REGION_INFO_FLAG_CAPS;
		tap_ret(region(fd, i, &info, &reply), 0, "region %u: info", i);
		tap_is(info.size, sizes[i], "region %u: size", i);
		tap_is_hex(info.flags, sizes[i] ? flags : 0, "region %u: flags", i);
		tap_ok(info.index == i && !info.offset &&
		       info.argsz == (i == BAR2 ? sizeof(struct regs_info) : sizeof(info)) &&
		       info.cap_offset == (i == BAR2 ? sizeof(info) : 0),
		       "region %u: the rest", i);
		tap_is(reply.num_fds, i == BAR0 || i == BAR2, "region %u: descriptors", i);
		if (reply.num_fds)
			close(reply.fds[0]);
	}
	tap_ret(region(fd, REGIONS, &info, &reply), -EINVAL, "there is no region behind them");
	tap_ret(region(fd, UINT32_MAX, &info, &reply), -EINVAL, "nor a last one");
	info.argsz = sizeof(info) - 1;
	info.index = 0;
	tap_is(vuc_call(fd, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0), -EINVAL,
	       "region info without room for the reply is refused");
	test_lengths(fd, VU_DEVICE_GET_REGION_INFO, sizeof(info), "GET_REGION_INFO");
}

/* With room for the capability; the file. */
static int regs(int fd)
{
	struct regs_info info = { .info = { .argsz = sizeof(info), .index = BAR2 } };
	struct vuc_reply reply;
	ssize_t got;

	got = vuc_call_fds(fd, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info.info), NULL, 0,
			   &reply);
	if (!tap_is(got, sizeof(info), "BAR 2: info with room for its capability") ||
	    !tap_is(reply.num_fds, 1, "BAR 2: and its file"))
		tap_bail("no BAR 2");
	memcpy(&info, reply.payload, sizeof(info));
	tap_is(info.info.argsz, sizeof(info), "BAR 2: all of it");
	tap_is(info.info.cap_offset, sizeof(info.info), "BAR 2: where the capability is");
	tap_ok(info.sparse.header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP &&
	       info.sparse.header.version == 1 && !info.sparse.header.next,
	       "BAR 2: it tells what can be mapped");
	tap_ok(info.sparse.nr_areas == 1 && info.area.offset == MVGPU_TAILS_OFFSET &&
	       info.area.size == MVGPU_SHARED_SIZE, "BAR 2: pages 2 and 3");
	return reply.fds[0];
}

static void test_regs_file(int fd, int file)
{
	struct stat status;
	uint32_t *map;

	tap_is_hex(fcntl(file, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
		   "BAR 2: its file is sealed against shrinking, growing and other seals");
	tap_ok(!fstat(file, &status) && status.st_size == MVGPU_REGS_SIZE,
	       "BAR 2: its file is as large");
	map = mmap(NULL, MVGPU_REGS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (!tap_ok(map != MAP_FAILED, "BAR 2: it can be mapped"))
		return;
	tap_is(map[MVGPU_REG_ID / 4], 0, "BAR 2: trapped registers are not in it");
	map[MVGPU_REG_SCRATCH / 4] = 1;
	tap_is(read32(fd, BAR2, MVGPU_REG_SCRATCH), 0, "BAR 2: nor ever");
	tap_is(map[MVGPU_STATUS_NEED_KICK(0) / 4], 1, "BAR 2: the status is");
	map[MVGPU_TAIL(0) / 4] = 0x11223344;
	map[MVGPU_REGS_SIZE / 4 - 1] = 0x55667788;
	tap_is_hex(read32(fd, BAR2, MVGPU_TAIL(0)), 0x11223344,
		   "BAR 2: a message reads what the map has");
	tap_is_hex(read32(fd, BAR2, MVGPU_REGS_SIZE - 4), 0x55667788,
		   "BAR 2: up to its last word");
	tap_ok(write32(fd, BAR2, MVGPU_TAIL(1), 0x99aabbcc) &&
	       map[MVGPU_TAIL(1) / 4] == 0x99aabbcc, "BAR 2: a message writes into the map");
	tap_is(vuc_call(fd, VU_DEVICE_RESET, NULL, 0, NULL, 0), 0, "RESET");
	tap_is_hex(map[MVGPU_TAIL(0) / 4] | map[MVGPU_TAIL(1) / 4] | map[MVGPU_REGS_SIZE / 4 - 1],
		   0, "BAR 2: a reset clears it, in a map too");
	tap_is(map[MVGPU_STATUS_NEED_KICK(0) / 4], 1, "BAR 2: but for what the device says");
	munmap(map, MVGPU_REGS_SIZE);
}

/* Accesses from the trapped pages into the shared ones. */
static void test_regs_border(int fd)
{
	uint32_t words[4] = { 1, 2, 3, 4 }, back[4];

	tap_is(vuc_write(fd, BAR2, words, sizeof(words), MVGPU_TAILS_OFFSET - 8), sizeof(words),
	       "BAR 2: a write from page 1 into page 2");
	tap_is(vuc_read(fd, BAR2, back, sizeof(back), MVGPU_TAILS_OFFSET - 8), sizeof(back),
	       "BAR 2: a read of the same");
	tap_ok(!back[0] && !back[1] && back[2] == 3 && back[3] == 4,
	       "BAR 2: page 2 alone is memory");
	tap_is(read32(fd, BAR2, MVGPU_TAILS_OFFSET), 3, "BAR 2: from its first word");
}

static void test_regs(void)
{
	int first = server_attach(&server), second, old;

	old = regs(first);
	test_regs_file(first, old);
	test_regs_border(first);
	close(first);

	second = server_attach(&server);
	tap_ok(pwrite(old, "old", 3, MVGPU_TAILS_OFFSET) == 3,
	       "BAR 2: a client that has left writes into its own");
	tap_is(read32(second, BAR2, MVGPU_TAILS_OFFSET), 0, "BAR 2: and the next one's is clear");
	close(old);
	close(second);
}

static void test_irqs(int fd)
{
	static const uint32_t counts[VFIO_PCI_NUM_IRQS + 1] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = 1,
		[VFIO_PCI_MSI_IRQ_INDEX] = MVGPU_NUM_VECTORS,
		[VFIO_PCI_MSIX_IRQ_INDEX] = MVGPU_NUM_VECTORS,
		[VFIO_PCI_REQ_IRQ_INDEX] = 1,
	};
	struct vfio_irq_info info;
	uint32_t i;

	for (i = 0; i <= VFIO_PCI_NUM_IRQS; i++) {
		uint32_t flags = VFIO_IRQ_INFO_EVENTFD;
		ssize_t got;

		info = (struct vfio_irq_info) { .argsz = sizeof(info), .index = i };
		got = vuc_call(fd, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info,
			       sizeof(info));
		if (!counts[i]) {
			tap_is(got, -EINVAL, "interrupt index %u: there is none", i);
			continue;
		}
		if (i == VFIO_PCI_INTX_IRQ_INDEX)
			flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
		tap_is(got, sizeof(info), "interrupt index %u: info", i);
		tap_ok(info.count == counts[i] && info.flags == flags && info.index == i,
		       "interrupt index %u: %u interrupts, flags 0x%x", i, info.count, info.flags);
	}
	info = (struct vfio_irq_info) { .argsz = sizeof(info) - 1 };
	tap_is(vuc_call(fd, VU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), NULL, 0), -EINVAL,
	       "interrupt info without room for the reply is refused");
	test_lengths(fd, VU_DEVICE_GET_IRQ_INFO, sizeof(info), "GET_IRQ_INFO");
}

/* What a client could do to a file that it shares with the server. */
static void test_file(int fd, int file)
{
	struct stat status;
	uint32_t value = 0;
	uint32_t *map;

	tap_is_hex(fcntl(file, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
		   "VRAM: its file is sealed against shrinking, growing and other seals");
	tap_ok(!fstat(file, &status) && status.st_size == VRAM, "VRAM: it holds VRAM alone");
	tap_ok(ftruncate(file, 0) && errno == EPERM, "VRAM: it cannot be truncated");
	tap_ok(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) && errno == EPERM,
	       "VRAM: it cannot be made read-only");

	map = mmap(NULL, VRAM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (!tap_ok(map != MAP_FAILED, "VRAM: it can be mapped"))
		return;
	map[0] = 0x11223344;
	map[VRAM / 4 - 1] = 0x55667788;
	tap_is_hex(read32(fd, BAR0, 0), 0x11223344, "VRAM: a message reads what the map has");
	tap_is_hex(read32(fd, BAR0, VRAM - 4), 0x55667788, "VRAM: up to its last word");
	tap_ok(write32(fd, BAR0, VRAM / 2, 0x99aabbcc), "VRAM: a message writes");
	tap_is_hex(map[VRAM / 8], 0x99aabbcc, "VRAM: what the map has then");

	tap_is(vuc_call(fd, VU_DEVICE_RESET, NULL, 0, NULL, 0), 0, "RESET");
	tap_is_hex(map[0] | map[VRAM / 4 - 1] | map[VRAM / 8], 0,
		   "VRAM: a reset clears it, in a map too");
	map[1] = 1;
	vuc_read(fd, BAR0, &value, sizeof(value), 4);
	tap_is(value, 1, "VRAM: and the map is still that of the device");
	munmap(map, VRAM);
}

static void test_vram(void)
{
	int first = server_attach(&server), second, old;
	struct vfio_region_info info;
	struct vuc_reply reply;

	region(first, BAR0, &info, &reply);
	old = reply.fds[0];
	test_file(first, old);
	close(first);

	second = server_attach(&server);
	tap_ok(pwrite(old, "old", 3, 0) == 3, "VRAM: a client that has left writes into its own");
	tap_is(read32(second, BAR0, 0), 0, "VRAM: and the next one's is clear");
	close(old);
	close(second);
}

static void test_reset(int fd)
{
	write32(fd, BAR2, MVGPU_REG_SCRATCH, 0x12345678);
	tap_is_hex(read32(fd, BAR2, MVGPU_REG_SCRATCH), 0x12345678, "a register is written");
	tap_is(vuc_call(fd, VU_DEVICE_RESET, NULL, 0, NULL, 0), 0, "RESET");
	tap_is(read32(fd, BAR2, MVGPU_REG_SCRATCH), 0, "and has its reset value");
	tap_is(vuc_call(fd, VU_DEVICE_RESET, "", 1, NULL, 0), -EINVAL,
	       "RESET with a payload is refused");
	tap_ok(answers(fd), "the session goes on");
}

/* The list of capabilities: how many, and whether one of them has this id. */
static unsigned int capabilities(int fd, uint8_t id, bool *found)
{
	unsigned int count = 0;
	uint8_t at = 0, head[2];

	*found = false;
	vuc_read(fd, CONFIG, &at, 1, PCI_CAPABILITY_LIST);
	for (; at && count < 48; at = head[PCI_CAP_LIST_NEXT], count++) {
		vuc_read(fd, CONFIG, head, sizeof(head), at);
		*found = *found || head[PCI_CAP_LIST_ID] == id;
	}
	return count;
}

static void test_no_msix(void)
{
	struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = VFIO_PCI_MSIX_IRQ_INDEX };
	struct vfio_region_info info;
	struct vuc_reply reply;
	struct server plain;
	uint8_t config[MVGPU_PCI_CONFIG_SIZE];
	unsigned int i, wrong = 0;
	bool found;
	int fd;

	fd = server_attach(&server);
	tap_is(capabilities(fd, PCI_CAP_ID_MSIX, &found), 5, "capabilities");
	tap_ok(found, "MSI-X is among them");
	close(fd);

	server_start(&plain, (const char *const []) { "--no-msix", NULL });
	fd = server_attach(&plain);
	tap_is(capabilities(fd, PCI_CAP_ID_MSIX, &found), 4, "--no-msix: one capability less");
	tap_ok(!found, "--no-msix: which is MSI-X");
	write32(fd, CONFIG, PCI_BASE_ADDRESS_4, UINT32_MAX);
	tap_is(read32(fd, CONFIG, PCI_BASE_ADDRESS_4), 0, "--no-msix: its BAR is not there");
	region(fd, BAR4, &info, &reply);
	tap_is(info.size, 0, "--no-msix: nor its region");
	tap_is(vuc_call(fd, VU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0), -EINVAL,
	       "--no-msix: nor its interrupts");
	vuc_read(fd, CONFIG, config, sizeof(config), 0);
	for (i = 0; i < sizeof(config); i++) {
		uint8_t byte = ~config[i];

		vuc_read(fd, CONFIG, &byte, 1, i);
		wrong += byte != config[i];
	}
	tap_is(wrong, 0, "--no-msix: config space reads alike by bytes and as a whole");
	close(fd);
	tap_is(server_stop(&plain, SIGTERM), 0, "the server ends as it should");
}

int main(void)
{
	int fd;

	server_start(&server, NULL);
	fd = server_attach(&server);
	test_device(fd);
	test_regions(fd);
	test_irqs(fd);
	test_reset(fd);
	close(fd);
	test_vram();
	test_regs();
	test_no_msix();
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
