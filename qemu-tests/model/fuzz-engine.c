// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest may do with the device, from bytes, for libFuzzer: registers, shared pages,
 * commands, the GART, and any of it while a step of the engine is under way.
 *
 * An input is a list of actions; each takes what it needs from the bytes that follow.
 */
#include <stdlib.h>

#include "engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PMCSR		(MVGPU_PCI_CAP_PM + PCI_PM_CTRL)
#define TABLE		GUEST_BASE
#define TABLE_ENTRIES	64
/* A run ends after so many steps, however much there is to do. */
#define MAX_STEPS	12

struct input {
	const uint8_t *data;
	size_t size;
};

/* Of the input that is being run; the hook goes on with it. */
static struct input *current;

/* Up to 8 bytes; zeroes where there are no more. */
static u64 take(struct input *input, size_t bytes)
{
	u64 value = 0;

	while (bytes-- && input->size) {
		value = value << 8 | *input->data++;
		input->size--;
	}
	return value;
}

static void take_bytes(struct input *input, void *to, size_t len)
{
	u8 *bytes = to;

	while (len--)
		*bytes++ = take(input, 1);
}

/* Addresses that are near something, or anything. */
static u64 take_address(struct input *input, u8 mem, u32 vram_size)
{
	u8 form = take(input, 1);
	int16_t near = take(input, 2);

	switch (form % 8) {
	case 0:
		return take(input, 8);
	case 1:
		return near;
	case 2:
		return mem == MVGPU_MEM_VRAM ? vram_size + near : GUEST_BASE + GUEST_SIZE + near;
	case 3:
		return TABLE_ENTRIES * MVGPU_GPU_PAGE + near;
	default:
		return (mem == MVGPU_MEM_GUEST ? GUEST_BASE : 0) + (form >> 3) * 0x1000ull +
		       ((u16)near & ~3);
	}
}

/* Strides, widths and heights: small, near a page, or anything. */
static u32 take_number(struct input *input)
{
	u8 form = take(input, 1);

	if (form < 0xc0)
		return form * 4;
	return form < 0xe0 ? (form & 0x1f) * 0x400 : take(input, 4);
}

/* What of a command is a place: its memory, and the address there */
static void take_place(struct input *input, u32 vram_size, u8 *mem, __le64 *address)
{
	*mem = take(input, 1) % 4;
	*address = take_address(input, *mem, vram_size);
}

static void take_rectangle(struct input *input, u32 vram_size, struct mvgpu_cmd *cmd)
{
	take_place(input, vram_size, &cmd->dst_mem, &cmd->dst);
	cmd->dst_stride = take_number(input);
	cmd->width = take_number(input);
	cmd->height = take_number(input);
	if (cmd->opcode == MVGPU_CMD_FILL)
		return;
	take_place(input, vram_size, &cmd->src_mem, &cmd->src);
	cmd->src_stride = take_number(input);
}

/* A command that is nearly right */
static struct mvgpu_cmd take_command(struct input *input, u32 vram_size)
{
	u8 what = take(input, 1);
	struct mvgpu_cmd cmd = { .opcode = what & 7, .flags = what >> 4 & 3 };

	switch (cmd.opcode) {
	case MVGPU_CMD_FILL:
		cmd.flags = 0;
		cmd.value = take(input, 4);
		take_rectangle(input, vram_size, &cmd);
		break;
	case MVGPU_CMD_BLEND:
		cmd.flags &= MVGPU_BLEND_PREMULTIPLIED;
		cmd.value = take(input, 1);
		take_rectangle(input, vram_size, &cmd);
		break;
	case MVGPU_CMD_BLIT:
		cmd.flags = 0;
		take_rectangle(input, vram_size, &cmd);
		break;
	case MVGPU_CMD_COPY:
		cmd.flags = 0;
		take_place(input, vram_size, &cmd.dst_mem, &cmd.dst);
		take_place(input, vram_size, &cmd.src_mem, &cmd.src);
		cmd.arg = take_number(input);
		break;
	case MVGPU_CMD_FENCE:
		if (cmd.flags & MVGPU_FENCE_STORE)
			take_place(input, vram_size, &cmd.dst_mem, &cmd.dst);
		cmd.arg = take(input, 1);
		break;
	case MVGPU_CMD_WAIT:
		cmd.flags = 0;
		cmd.value = take(input, 1) % 3;
		cmd.arg = take(input, 1);
		break;
	default:
		cmd.flags = 0;
	}
	return cmd;
}

/* Behind the last one, where the registers say that the ring is, if it can be. */
static void submit(struct host *host, unsigned int n, const struct mvgpu_cmd *cmd)
{
	u64 base = host->vgpu->engine.rings[n].base;
	u8 mem = host->vgpu->engine.rings[n].mem;
	__le32 *tail = &host->shared[(MVGPU_TAIL(n) - MVGPU_TAILS_OFFSET) / 4];
	u64 address = base + *tail % 4096 * MVGPU_CMD_SIZE;

	if (mem == MVGPU_MEM_VRAM && address <= host->vgpu->config->vram_size - sizeof(*cmd))
		memcpy(host->vram + address, cmd, sizeof(*cmd));
	if (mem == MVGPU_MEM_GUEST && address - GUEST_BASE <= GUEST_SIZE - sizeof(*cmd))
		memcpy(host->guest + (address - GUEST_BASE), cmd, sizeof(*cmd));
	*tail = (*tail + 1) % RING_ENTRIES;
}

static void write_register(struct host *host, struct input *input)
{
	u8 reg = take(input, 1);
	u32 offset = MVGPU_CTRL_OFFSET + 4 * reg;
	u32 value = reg & 1 ? take(input, 4) : take_number(input);

	mvgpu_image_write(host->vgpu, MVGPU_IMAGE_REGS, offset, &value, sizeof(value));
}

static void write_anything(struct host *host, struct input *input)
{
	enum mvgpu_image image = take(input, 1) % MVGPU_NUM_IMAGES;
	u32 offset = take(input, 2);
	u8 bytes[16], len = take(input, 1) % 17;

	take_bytes(input, bytes, len);
	mvgpu_image_write(host->vgpu, image, offset, bytes, len);
	mvgpu_image_read(host->vgpu, image, offset, bytes, len);
}

static void enable(struct host *host, struct input *input)
{
	u8 what = take(input, 1);
	unsigned int n = what % host->vgpu->config->num_rings;
	u8 mem = what >> 2 & 3;
	u64 base = take_address(input, mem, host->vgpu->config->vram_size);

	ring_disable(host, n);
	ring_enable_at(host, n, mem, base, what & 0x10 ? take(input, 1) : 4);
}

static void change_gart(struct host *host, struct input *input)
{
	u8 page = take(input, 1) % TABLE_ENTRIES, bits = take(input, 1);
	u64 address = bits & 0x80 ? take(input, 8) : GUEST_BASE + take(input, 2) * 0x1000;

	gart_set(host, TABLE, page, (address & MVGPU_GART_ADDRESS) | (bits & 7) | (bits & 8) << 4);
	if (bits & 0x40)
		gart_invalidate(host);
}

static void submit_one(struct host *host, struct input *input)
{
	unsigned int n = take(input, 1) % MVGPU_MAX_RINGS;
	struct mvgpu_cmd cmd;

	if (n & 1)
		take_bytes(input, &cmd, sizeof(cmd));
	else
		cmd = take_command(input, host->vgpu->config->vram_size);
	submit(host, n % host->vgpu->config->num_rings, &cmd);
}

static bool may_run(struct host *host)
{
	return cfg_read(host, PCI_COMMAND, 2) & PCI_COMMAND_MASTER &&
	       !(cfg_read(host, PMCSR, 2) & PCI_PM_CTRL_STATE_MASK);
}

static void act(struct host *host, struct input *input);

/* In the middle of a step */
static void hook_act(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	host->on_get = NULL;
	act(host, current);
}

static void run(struct host *host, struct input *input)
{
	u8 what = take(input, 1);
	struct mvgpu_step step = { .limit = what & 1 ? MVGPU_STEP_ANY : what * 64u };
	bool allowed, worked = true;
	unsigned int i;

	host->on_get = what & 2 ? hook_act : NULL;
	host->cut = what & 4;
	host->bounce = what & 8;
	host->put_off = what & 16 ? 2 : 0;
	host->put_fails = (what & 0x38) == 0x38;
	mvgpu_engine_wake(host->vgpu);
	for (i = 0; worked && i < MAX_STEPS; i++) {
		allowed = may_run(host);
		worked = mvgpu_engine_step(host->vgpu, &step) == MVGPU_STEP_WORKED;
		if (worked && !allowed)
			abort();
	}
	if (what & 0x40)
		mvgpu_engine_timeout(host->vgpu, what >> 7);
	host->on_get = NULL;
	if (mvgpu_engine_has_work(host->vgpu) == mvgpu_engine_sleep(host->vgpu))
		abort();
}

static void act(struct host *host, struct input *input)
{
	u8 what = take(input, 1);

	switch (what % 16) {
	case 0:
		write_anything(host, input);
		break;
	case 1:
		change_gart(host, input);
		break;
	case 2:
		enable(host, input);
		break;
	case 3:
		ring_set_tail(host, what >> 4 & 3, take_number(input));
		break;
	case 4:
		mvgpu_irq_set_mode(host->vgpu, what >> 4 & 3, take(input, 1));
		break;
	case 5:
		if (what & 0x80)
			mvgpu_reset(host->vgpu);
		else
			ring_disable(host, what >> 4 & 1);
		break;
	case 6:
	case 7:
		write_register(host, input);
		break;
	case 8:
		gart_use(host, take_address(input, MVGPU_MEM_GUEST, 0), take_number(input));
		break;
	case 9:
		set_master(host, what & 0x10);
		cfg_write(host, PMCSR, 2, what >> 5);
		break;
	default:
		submit_one(host, input);
		break;
	}
}

static void set_up(struct host *host)
{
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		gart_set(host, TABLE, i, (GUEST_BASE + 0x100000 + (i ^ 2) * 0x1000) |
			 MVGPU_GART_VALID | MVGPU_GART_WRITABLE);
	gart_use(host, TABLE, TABLE_ENTRIES);
	reg_write(host, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
	ring_enable_at(host, 0, MVGPU_MEM_VRAM, 0x10000, 4);
	ring_enable_at(host, 1, MVGPU_MEM_GUEST, GUEST_BASE + 0x10000, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mvgpu_config config = {
		.num_rings = 2, .vram_size = MVGPU_VRAM_MIN, .mode_width = 1024, .mode_height = 768,
	};
	struct input input = { .data = data, .size = size };
	struct mvgpu vgpu;
	struct host host;

	current = &input;
	host_init(&host, &vgpu, &config);
	set_up(&host);
	while (input.size) {
		act(&host, &input);
		if (take(&input, 1) % 4 == 0)
			run(&host, &input);
	}
	run(&host, &input);
	if (!host_contract_kept(&host) || vgpu.engine.busy != MVGPU_MAX_RINGS)
		abort();
	host_close(&host);
	return 0;
}
