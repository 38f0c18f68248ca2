// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI config space against a second statement of what it is: two dumps, of what it holds after a
 * reset and of the bits that can be written.
 */
#include "host.h"

#define CONFIG_SIZE	MVGPU_PCI_CONFIG_SIZE
#define DUMP_SIZE	0xc0
#define DEVCTL		0x68
#define PMCSR		0x44

/* Of a type with bochs-display's identity */
static const u8 reset_dump[DUMP_SIZE] = {
	/* 00 */ 0x34, 0x12, 0x11, 0x11, 0x00, 0x00, 0x10, 0x00,
	/* 08 */ 0x02, 0x00, 0x80, 0x03, 0x00, 0x00, 0x00, 0x00,
	/* 10 */ 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 18 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 20 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 28 */ 0x00, 0x00, 0x00, 0x00, 0xf4, 0x1a, 0x00, 0x11,
	/* 30 */ 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00,
	/* 38 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	/* 40: PM */ 0x01, 0x50, 0x03, 0x00, 0x08, 0x00, 0x00, 0x00,
	/* 48 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 50: MSI */ 0x05, 0x60, 0x86, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 58 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 60: PCIe */ 0x10, 0xb0, 0x02, 0x00, 0x00, 0x80, 0x00, 0x10,
	/* 68 */ 0x10, 0x28, 0x00, 0x00, 0x11, 0x00, 0x40, 0x00,
	/* 70 */ 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 78 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 80 */ 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
	/* 88 */ 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	/* 90 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 98 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* a0: MSI-X */ 0x11, 0x00, 0x07, 0x00, 0x04, 0x00, 0x00, 0x00,
	/* a8 */ 0x04, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* b0: vendor */ 0x09, 0xa0, 0x0c, 0x00, 0x01, 0x00, 0x01, 0x00,
	/* b8 */ 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* BAR 0 of a type with 16 MiB of VRAM. */
static const u8 writable_dump[DUMP_SIZE] = {
	/* 00 */ 0x00, 0x00, 0x00, 0x00, 0x46, 0x05, 0x00, 0x00,
	/* 08 */ 0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00,
	/* 10 */ 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00, 0x00,
	/* 18 */ 0x00, 0xc0, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
	/* 20 */ 0x00, 0xf0, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
	/* 28 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 30 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 38 */ 0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00,
	/* 40: PM */ 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	/* 48 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 50: MSI */ 0x00, 0x00, 0x71, 0x00, 0xfc, 0xff, 0xff, 0xff,
	/* 58 */ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00,
	/* 60: PCIe */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 68 */ 0x1f, 0x78, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 70 */ 0xc8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 78 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 80 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 88 */ 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 90 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* 98 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* a0: MSI-X */ 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00,
	/* a8 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* b0: vendor */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	/* b8 */ 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* What is different in a native type */
static const struct {
	u8 offset;
	u8 reset[4];
	u8 writable[4];
} native_dump[] = {
	/* Vendor and device */
	{ 0x00, { 0x34, 0x12, 0x76, 0x6d }, { 0 } },
	/* BAR 0, its low half in expect_init(), and BAR 1 */
	{ 0x10, { 0x0c }, { 0 } },
	{ 0x14, { 0 }, { 0xff, 0xff, 0xff, 0xff } },
	/* Subsystem */
	{ 0x2c, { 0x34, 0x12, 0x76, 0x6d }, { 0 } },
};

/* What config space ought to be, byte by byte. */
struct expectation {
	u8 reset[CONFIG_SIZE];
	u8 writable[CONFIG_SIZE];
	u8 now[CONFIG_SIZE];
	unsigned int resets;
};

static void expect_init(struct expectation *expect, const struct mvgpu_config *config)
{
	unsigned int i;

	memset(expect, 0, sizeof(*expect));
	memcpy(expect->reset, reset_dump, DUMP_SIZE);
	memcpy(expect->writable, writable_dump, DUMP_SIZE);
	for (i = 0; config->native && i < ARRAY_SIZE(native_dump); i++) {
		memcpy(&expect->reset[native_dump[i].offset], native_dump[i].reset, 4);
		memcpy(&expect->writable[native_dump[i].offset], native_dump[i].writable, 4);
	}
	expect->writable[0x13] = -(config->vram_size >> 24);
	memcpy(expect->now, expect->reset, CONFIG_SIZE);
}

static void expect_byte(struct expectation *expect, u32 offset, u8 value)
{
	u8 mask = expect->writable[offset];

	/* D1 and D2 are not supported. */
	if (offset == PMCSR && ((value & 3) == 1 || (value & 3) == 2))
		return;
	expect->now[offset] = (expect->now[offset] & ~mask) | (value & mask);
}

static void expect_write(struct expectation *expect, u32 offset, const u8 *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		bool flr = offset + i == DEVCTL + 1 && bytes[i] & 0x80;
		size_t next;

		expect_byte(expect, offset + i, bytes[i]);
		if (!flr)
			continue;
		/* The function is reset after the word; what is written of that word is gone. */
		expect->resets++;
		next = DEVCTL + 4 - offset;
		memcpy(expect->now, expect->reset, CONFIG_SIZE);
		i = next - 1;
	}
}

static bool part_agrees(struct host *host, const struct expectation *expect, u32 offset, u32 len)
{
	u8 now[CONFIG_SIZE];
	u32 i;

	if (mvgpu_image_read(host->vgpu, MVGPU_IMAGE_CONFIG, offset, now, len))
		return false;
	if (!memcmp(now, expect->now + offset, len))
		return true;
	for (i = 0; i < len; i++) {
		if (now[i] != expect->now[offset + i])
			tap_diag("%#x: got %#x, expected %#x", offset + i, now[i],
				 expect->now[offset + i]);
	}
	return false;
}

static bool all_agrees(struct host *host, const struct expectation *expect)
{
	return part_agrees(host, expect, 0, CONFIG_SIZE) && host->resets == expect->resets;
}

/* Looks where something is and where it wrote: the rest is looked at when the test ends. */
static bool write_agrees(struct host *host, struct expectation *expect, u32 offset,
			 const u8 *bytes, size_t len)
{
	expect_write(expect, offset, bytes, len);
	if (mvgpu_image_write(host->vgpu, MVGPU_IMAGE_CONFIG, offset, bytes, len))
		return false;
	if (part_agrees(host, expect, 0, DUMP_SIZE) && part_agrees(host, expect, offset, len) &&
	    host->resets == expect->resets)
		return true;
	tap_diag("after a write of %zu bytes (%#x ...) at %#x, %u resets, expected %u", len,
		 bytes[0], offset, host->resets, expect->resets);
	return false;
}

static void test_sweep(struct host *host, struct expectation *expect, unsigned int size)
{
	static const u32 patterns[] = { 0xffffffff, 0x00000000, 0xaaaaaaaa, 0x55555555 };
	bool agrees = true;
	unsigned int i;
	u32 offset;

	for (offset = 0; agrees && offset <= CONFIG_SIZE - size; offset++) {
		for (i = 0; agrees && i < ARRAY_SIZE(patterns); i++)
			agrees = write_agrees(host, expect, offset, (const u8 *)&patterns[i], size);
	}
	tap_ok(agrees && all_agrees(host, expect),
	       "writes of %u at every offset, 4 patterns: only writable bits change",
	       size);
}

/* Each bit of the space on its own. */
static void test_bits(struct host *host, struct expectation *expect)
{
	bool agrees = true;
	u32 bit;

	for (bit = 0; agrees && bit < 8 * DUMP_SIZE; bit++) {
		u8 byte = 1 << bit % 8;

		agrees = write_agrees(host, expect, bit / 8, &byte, 1);
	}
	tap_ok(agrees && all_agrees(host, expect), "each bit on its own");
}

static void test_random(struct host *host, struct expectation *expect)
{
	bool agrees = true;
	unsigned int i;
	u8 bytes[64];

	for (i = 0; agrees && i < 20000; i++) {
		/* Mostly where something is. */
		u32 limit = i % 8 ? DUMP_SIZE : CONFIG_SIZE;
		u32 len = 1 + rnd_below(i % 16 ? 8 : sizeof(bytes));
		u32 offset = rnd_below(limit - len + 1);

		rnd_fill(bytes, len);
		agrees = write_agrees(host, expect, offset, bytes, len);
	}
	tap_ok(agrees && all_agrees(host, expect), "20000 random writes of 1 to 64 bytes");
}

static void test_space(u32 vram_size, bool native)
{
	struct mvgpu_config config = native ? host_native_config : host_config;
	struct expectation expect;
	struct mvgpu vgpu;
	struct host host;
	unsigned int size;

	config.vram_size = vram_size;
	host_init(&host, &vgpu, &config);
	expect_init(&expect, &config);
	tap_diag("%u MiB of VRAM%s", vram_size >> 20, native ? ", native" : "");

	tap_ok(all_agrees(&host, &expect), "config space as it ought to begin");
	for (size = 1; size <= 4; size++)
		test_sweep(&host, &expect, size);
	test_bits(&host, &expect);
	test_random(&host, &expect);
	mvgpu_reset(&vgpu);
	memcpy(expect.now, expect.reset, CONFIG_SIZE);
	tap_ok(all_agrees(&host, &expect), "as it began after a reset");
	host_fini(&host);
}

static void test_capabilities(struct host *host)
{
	static const struct {
		u8 id;
		u8 size;
	} caps[] = {
		{ PCI_CAP_ID_PM, PCI_PM_SIZEOF },
		{ PCI_CAP_ID_MSI, PCI_MSI_DATA_64 + 2 },
		{ PCI_CAP_ID_EXP, PCI_EXP_SLTSTA2 + 2 },
		{ PCI_CAP_ID_VNDR, 12 },
		{ PCI_CAP_ID_MSIX, 12 },
	};
	u32 offset = cfg_read(host, PCI_CAPABILITY_LIST, 1);
	bool used[0x100] = { false };
	bool overlap = false;
	unsigned int i, byte;

	tap_ok(cfg_read(host, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST, "there are capabilities");
	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		tap_is_hex(cfg_read(host, offset, 1), caps[i].id, "capability at %#x", offset);
		tap_ok(offset % 4 == 0 && offset >= 0x40, "aligned, behind the header");
		for (byte = offset; byte < offset + caps[i].size; byte++) {
			overlap |= byte >= sizeof(used) || used[byte];
			used[byte % sizeof(used)] = true;
		}
		offset = cfg_read(host, offset + 1, 1);
	}
	tap_ok(!overlap, "none overlaps another");
	tap_is_hex(offset, 0, "the list ends");
	tap_is_hex(cfg_read(host, 0x100, 4), 0, "no extended capability");
}

static void test_sizing(struct host *host, unsigned int bar, u32 size, u32 flags)
{
	u32 offset = PCI_BASE_ADDRESS_0 + 4 * bar;
	u32 base = 3 * size;

	cfg_write(host, offset, 4, 0xffffffff);
	tap_is_hex(cfg_read(host, offset, 4), size ? (-size | flags) : 0, "BAR %u tells its size",
		   bar);
	cfg_write(host, offset, 4, base | 0xf);
	tap_is_hex(cfg_read(host, offset, 4), base | flags, "BAR %u takes an address", bar);
}

static void test_bars(struct host *host)
{
	test_sizing(host, 0, host_config.vram_size, PCI_BASE_ADDRESS_MEM_PREFETCH);
	test_sizing(host, 1, 0, 0);
	test_sizing(host, 2, 0x4000, 0);
	test_sizing(host, 3, 0, 0);
	test_sizing(host, 4, 0x1000, 0);
	test_sizing(host, 5, 0, 0);
	cfg_write(host, PCI_ROM_ADDRESS, 4, 0xffffffff);
	tap_is_hex(cfg_read(host, PCI_ROM_ADDRESS, 4), 0, "no ROM BAR");
}

/* In function_reset() everything is reset already. */
static void check_reset(struct host *host)
{
	tap_is_hex(cfg_read(host, PCI_COMMAND, 2), 0, "function_reset() finds Command reset");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0, "and no cause pending");
	tap_ok(!host->intx, "and INTx low");
}

static void test_flr(struct host *host)
{
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_INTX, 1);
	cfg_write(host, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	reg_write(host, MVGPU_REG_SCRATCH, 0x12345678);
	reg_write(host, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
	reg_write(host, MVGPU_REG_INTR_RAISE, 1);
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_ENABLE), 2, 0x41);
	host_write(host, MVGPU_IMAGE_MSIX, PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0);
	tap_ok(host->intx, "INTx is high");

	cfg_write(host, DEVCTL, 2, 0x2810);
	tap_is(host->resets, 0, "Device Control without bit 15 resets nothing");
	tap_is_hex(reg_read(host, MVGPU_REG_SCRATCH), 0x12345678, "the scratch register keeps");

	host->on_reset = check_reset;
	cfg_write(host, DEVCTL, 2, 0x2810 | PCI_EXP_DEVCTL_BCR_FLR);
	host->on_reset = NULL;
	tap_is(host->resets, 1, "a function-level reset reaches the transport once");
	tap_is_hex(cfg_read(host, DEVCTL, 2), 0x2810, "bit 15 reads zero");
	tap_is_hex(cfg_read(host, PCI_BASE_ADDRESS_2, 4), 0, "BAR 2 is reset");
	tap_is_hex(reg_read(host, MVGPU_REG_SCRATCH), 0, "the scratch register is reset");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_ENABLE), 0, "interrupts are disabled");
	tap_is_hex(host_read(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_ENABLE), 2), 0,
		   "the display is off");
	tap_is_hex(host_read(host, MVGPU_IMAGE_MSIX, PCI_MSIX_ENTRY_VECTOR_CTRL, 4), 1,
		   "MSI-X vectors are masked");
	tap_is(host->vgpu->irq_mode, MVGPU_IRQ_INTX, "the interrupt mode stays");

	cfg_write(host, DEVCTL + 1, 1, 0x80);
	tap_is(host->resets, 2, "the upper byte alone does it too");
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	test_space(MVGPU_VRAM_MIN, false);
	test_space(64 << 20, false);
	test_space(MVGPU_VRAM_MAX, false);
	test_space(64 << 20, true);
	test_space(MVGPU_VRAM_MAX_NATIVE, true);

	host_init(&host, &vgpu, &host_config);
	test_capabilities(&host);
	test_bars(&host);
	test_flr(&host);
	host_fini(&host);
	return tap_done();
}
