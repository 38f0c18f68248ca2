// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../lib/commands.h"
#include "gpu.h"

#define POLL_MS	1

/* Rings are in the last pages of the shared memory, one behind the other. */
#define RING_OFFSET(n)	(MEMORY_SIZE - ((n) + 1) * PAGE)

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void answer(struct gpu *gpu, const struct vu_header *question, const void *data, size_t size)
{
	struct vu_header header = *question;

	header.flags = VU_TYPE_REPLY;
	header.size = sizeof(header) + size;
	vuc_send(gpu->fd, &header, data, size, NULL, 0);
}

static void refuse(struct gpu *gpu, const struct vu_header *question)
{
	struct vu_header header = *question;

	header.flags = VU_TYPE_REPLY | VU_FLAG_ERROR;
	header.error = EFAULT;
	header.size = sizeof(header);
	vuc_send(gpu->fd, &header, NULL, 0, NULL, 0);
}

void gpu_answer(struct gpu *gpu)
{
	uint8_t reply[sizeof(gpu->access) + VU_MAX_TRANSFER];
	uint64_t offset = gpu->access.address - REMOTE;

	gpu->mute = false;
	memcpy(reply, &gpu->access, sizeof(gpu->access));
	if (offset >= MEMORY_SIZE || gpu->access.count > MEMORY_SIZE - offset) {
		refuse(gpu, &gpu->last);
	} else if (gpu->last.command == VU_DMA_WRITE) {
		answer(gpu, &gpu->last, reply, sizeof(gpu->access));
	} else {
		memcpy(reply + sizeof(gpu->access), gpu->remote + offset, gpu->access.count);
		answer(gpu, &gpu->last, reply, sizeof(gpu->access) + gpu->access.count);
	}
}

/* The server accesses memory that it has no file of. */
static void serve(struct gpu *gpu, const struct vuc_reply *question)
{
	uint64_t offset;

	gpu->asked++;
	gpu->last = question->header;
	memcpy(&gpu->access, question->payload, sizeof(gpu->access));
	offset = gpu->access.address - REMOTE;
	if (gpu->last.command == VU_DMA_WRITE && offset < MEMORY_SIZE &&
	    gpu->access.count <= MEMORY_SIZE - offset && !gpu->mute)
		memcpy(gpu->remote + offset, question->payload + sizeof(gpu->access),
		       gpu->access.count);
	if (!gpu->mute)
		gpu_answer(gpu);
}

static ssize_t call_fds(struct gpu *gpu, uint16_t command, const void *payload, size_t size,
			const int *fds, unsigned int num_fds, struct vuc_reply *reply)
{
	struct vu_header header;
	int ret;

	gpu->sent++;
	vuc_header(&header, command, size);
	ret = vuc_send(gpu->fd, &header, payload, size, fds, num_fds);
	while (!ret) {
		ret = vuc_receive(gpu->fd, reply);
		if (ret || (reply->header.flags & VU_TYPE_MASK) == VU_TYPE_REPLY)
			break;
		serve(gpu, reply);
	}
	if (ret)
		return ret;
	if (reply->header.id != header.id || reply->header.command != command)
		return -EPROTO;
	return reply->header.flags & VU_FLAG_ERROR ? -(int)reply->header.error :
						     (ssize_t)reply->size;
}

ssize_t gpu_call(struct gpu *gpu, uint16_t command, const void *payload, size_t size, void *out,
		 size_t room)
{
	struct vuc_reply reply;
	ssize_t got = call_fds(gpu, command, payload, size, NULL, 0, &reply);

	if (got > 0)
		memcpy(out, reply.payload, (size_t)got < room ? (size_t)got : room);
	return got;
}

uint32_t gpu_read(struct gpu *gpu, uint32_t reg)
{
	struct vu_region_access access = { .region = BAR2, .offset = reg, .count = 4 };
	struct {
		struct vu_region_access access;
		uint32_t value;
	} __attribute__((packed)) reply = { .value = 0xdeadbeef };

	gpu_call(gpu, VU_REGION_READ, &access, sizeof(access), &reply, sizeof(reply));
	return reply.value;
}

static void write_region(struct gpu *gpu, uint32_t region, uint32_t offset, uint32_t value)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} __attribute__((packed)) write = {
		{ .region = region, .offset = offset, .count = 4 }, value
	};

	gpu_call(gpu, VU_REGION_WRITE, &write, sizeof(write), &write.access, sizeof(write.access));
}

void gpu_write(struct gpu *gpu, uint32_t reg, uint32_t value)
{
	write_region(gpu, BAR2, reg, value);
}

ssize_t gpu_map(struct gpu *gpu, uint64_t address, uint64_t size, int file, uint32_t flags)
{
	struct vu_dma_map map = {
		.argsz = sizeof(map), .flags = flags, .address = address, .size = size,
	};
	struct vuc_reply reply;

	return call_fds(gpu, VU_DMA_MAP, &map, sizeof(map), &file, file >= 0, &reply);
}

ssize_t gpu_unmap(struct gpu *gpu, uint64_t address, uint64_t size)
{
	struct vu_dma_unmap unmap = { .argsz = sizeof(unmap), .address = address, .size = size };

	return gpu_call(gpu, VU_DMA_UNMAP, &unmap, sizeof(unmap), &unmap, sizeof(unmap));
}

ssize_t gpu_reset(struct gpu *gpu)
{
	return gpu_call(gpu, VU_DEVICE_RESET, NULL, 0, NULL, 0);
}

static uint8_t *region(struct gpu *gpu, uint32_t index, size_t *size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	struct vuc_reply reply;
	uint8_t *mapped;

	if (call_fds(gpu, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0, &reply) < 0 ||
	    reply.num_fds != 1)
		tap_bail("region %u has no file", index);
	memcpy(&info, reply.payload, sizeof(info));
	mapped = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, reply.fds[0], 0);
	if (mapped == MAP_FAILED)
		tap_bail("region %u cannot be mapped", index);
	close(reply.fds[0]);
	*size = info.size;
	return mapped;
}

void gpu_open(struct gpu *gpu, const struct server *server)
{
	size_t size;

	memset(gpu, 0, sizeof(*gpu));
	gpu->file = memfd_create("shared", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	gpu->fd = server_attach(server);
	gpu->vram = region(gpu, BAR0, &gpu->vram_size);
	gpu->pages = region(gpu, BAR2, &size);
	if (gpu->file < 0 || ftruncate(gpu->file, MEMORY_SIZE) ||
	    fcntl(gpu->file, F_ADD_SEALS, F_SEAL_SHRINK))
		tap_bail("no memory file: %s", strerror(errno));
	gpu->shared = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->file,
			   0);
	gpu->remote = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (gpu->shared == MAP_FAILED || gpu->remote == MAP_FAILED)
		tap_bail("no memory: %s", strerror(errno));
	rnd_fill(gpu->shared, MEMORY_SIZE);
	rnd_fill(gpu->remote, MEMORY_SIZE);
	if (gpu_map(gpu, SHARED, MEMORY_SIZE, gpu->file, RW) ||
	    gpu_map(gpu, REMOTE, MEMORY_SIZE, -1, RW))
		tap_bail("memory is not accepted");
}

void gpu_close(struct gpu *gpu)
{
	close(gpu->fd);
	close(gpu->file);
	munmap(gpu->vram, gpu->vram_size);
	munmap(gpu->pages, MVGPU_REGS_SIZE);
	munmap(gpu->shared, MEMORY_SIZE);
	munmap(gpu->remote, MEMORY_SIZE);
}

bool gpu_serve(struct gpu *gpu, int ms)
{
	struct pollfd ready = { .fd = gpu->fd, .events = POLLIN };
	struct vuc_reply message;

	if (poll(&ready, 1, ms) <= 0)
		return false;
	if (vuc_receive(gpu->fd, &message))
		return false;
	if ((message.header.flags & VU_TYPE_MASK) != VU_TYPE_COMMAND)
		tap_bail("a reply that nobody has asked for");
	serve(gpu, &message);
	return true;
}

void gpu_mute(struct gpu *gpu)
{
	gpu->mute = true;
	gpu->asked = 0;
}

bool gpu_await_question(struct gpu *gpu)
{
	if (!gpu->asked)
		gpu_serve(gpu, VUC_PATIENCE_MS);
	return gpu->asked == 1;
}

uint32_t ring_reg(const struct ring *ring, uint32_t reg)
{
	return gpu_read(ring->gpu, MVGPU_REG_RING(ring->n, reg));
}

static uint32_t *page_word(const struct ring *ring, uint32_t offset)
{
	return (uint32_t *)(ring->gpu->pages + offset);
}

void ring_enable(struct ring *ring, struct gpu *gpu, unsigned int n)
{
	uint64_t base = SHARED + RING_OFFSET(n);

	memset(ring, 0, sizeof(*ring));
	ring->gpu = gpu;
	ring->n = n;
	ring->commands = (struct mvgpu_cmd *)(gpu->shared + RING_OFFSET(n));
	write_region(gpu, CONFIG, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	__atomic_store_n(page_word(ring, MVGPU_TAIL(n)), 0, __ATOMIC_RELAXED);
	gpu_write(gpu, MVGPU_REG_RING(n, MVGPU_RING_BASE_LO), base);
	gpu_write(gpu, MVGPU_REG_RING(n, MVGPU_RING_BASE_HI), base >> 32);
	gpu_write(gpu, MVGPU_REG_RING(n, MVGPU_RING_ORDER), RING_ORDER);
	gpu_write(gpu, MVGPU_REG_RING(n, MVGPU_RING_CTRL),
		  MVGPU_RING_CTRL_ENABLE | MVGPU_MEM_GUEST << MVGPU_RING_CTRL_MEM_SHIFT);
}

bool ring_await_state(struct ring *ring, uint32_t state)
{
	long long deadline = now_ms() + VUC_PATIENCE_MS;

	while (ring_reg(ring, MVGPU_RING_STATE) != state) {
		if (now_ms() > deadline)
			return false;
		gpu_serve(ring->gpu, POLL_MS);
	}
	return true;
}

void ring_disable(struct ring *ring)
{
	gpu_write(ring->gpu, MVGPU_REG_RING(ring->n, MVGPU_RING_CTRL), 0);
	if (!ring_await_state(ring, MVGPU_RING_STATE_OFF))
		tap_bail("ring %u does not stop", ring->n);
}

void ring_put(struct ring *ring, struct mvgpu_cmd cmd)
{
	ring->commands[ring->tail] = cmd;
	ring->tail = (ring->tail + 1) % RING_ENTRIES;
}

void ring_publish(struct ring *ring)
{
	uint32_t *need_kick = page_word(ring, MVGPU_STATUS_NEED_KICK(ring->n));

	__atomic_store_n(page_word(ring, MVGPU_TAIL(ring->n)), ring->tail, __ATOMIC_RELEASE);
	/* Pairs with the engine's, between its flag and its last look at the tail. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(need_kick, __ATOMIC_RELAXED)) {
		ring->kicks++;
		gpu_write(ring->gpu, MVGPU_REG_RING(ring->n, MVGPU_RING_KICK), 1);
	}
}

void ring_submit(struct ring *ring, struct mvgpu_cmd cmd)
{
	ring_put(ring, cmd);
	ring_publish(ring);
}

uint64_t ring_fence(const struct ring *ring)
{
	return __atomic_load_n((uint64_t *)page_word(ring, MVGPU_STATUS_FENCE(ring->n)),
			       __ATOMIC_ACQUIRE);
}

bool ring_finish(struct ring *ring)
{
	long long deadline = now_ms() + VUC_PATIENCE_MS;

	ring_submit(ring, cmd_fence(++ring->fence, 0));
	while (ring_fence(ring) != ring->fence) {
		if (now_ms() > deadline)
			return false;
		gpu_serve(ring->gpu, POLL_MS);
	}
	return true;
}
