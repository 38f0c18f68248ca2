// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every field of every page, by the model's own tables, and what the tables themselves must be
 * like; then the control registers for what they do.
 */
#include "host.h"

static const char *const access_names[] = {
	[MVGPU_RO] = "RO", [MVGPU_RW] = "RW", [MVGPU_WO] = "WO",
};

static bool field_sane(const struct mvgpu_page *page, const struct mvgpu_field *field)
{
	unsigned int count = field->count ? field->count : 1;
	u32 end = field->offset + (count - 1) * field->stride + field->size;

	if (field->size != 1 && field->size != 2 && field->size != 4)
		return false;
	if (field->offset % field->size || field->offset < page->base ||
	    end > page->base + MVGPU_PAGE_SIZE || end > mvgpu_image_size(page->image))
		return false;
	if (count > 1 && (field->size != 4 || field->stride % 4 || !field->stride))
		return false;
	if ((field->reset | field->writable) & ~mvgpu_size_mask(field->size))
		return false;
	switch (field->access) {
	case MVGPU_RO:
		return !field->writable && !field->write;
	case MVGPU_RW:
		return field->writable;
	case MVGPU_WO:
		return !field->writable && field->write && !field->reset;
	}
	return false;
}

static void test_tables(void)
{
	unsigned int i, n;

	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		const struct mvgpu_page *page = mvgpu_pages[i];
		u32 end = page->base;
		bool ascending = true;

		tap_ok(page->num_fields < MVGPU_NO_FIELD, "page %u: the index can count them", i);
		for (n = 0; n < page->num_fields; n++) {
			const struct mvgpu_field *field = &page->fields[n];

			ascending &= field->offset >= end;
			end = field->offset + field->size;
			tap_ok(field_sane(page, field), "page %u: %s makes sense", i, field->name);
		}
		tap_ok(ascending, "page %u: fields in order, without overlap", i);
	}
}

/* One bit of a field: after it was written with the rest zero, and with the rest one. */
static bool bit_agrees(struct host *host, const struct mvgpu_page *page,
		       const struct mvgpu_field *field, u32 offset, u32 bit)
{
	u32 size_mask = mvgpu_size_mask(field->size);
	u32 fixed = field->type_reset ? field->type_reset(host->vgpu->config) : field->reset;
	u32 written[] = { bit, size_mask & ~bit };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(written); i++) {
		u32 want = (fixed & ~field->writable) | (written[i] & field->writable);

		host_write(host, page->image, offset, field->size, written[i]);
		if (host_read(host, page->image, offset, field->size) != want)
			return false;
	}
	return true;
}

static void test_field(struct host *host, const struct mvgpu_page *page,
		       const struct mvgpu_field *field)
{
	u32 fixed = field->type_reset ? field->type_reset(host->vgpu->config) : field->reset;
	unsigned int element = 0;
	bool agrees = true;
	unsigned int bit;

	do {
		u32 offset = field->offset + element * field->stride;

		mvgpu_reset(host->vgpu);
		agrees &= host_read(host, page->image, offset, field->size) == fixed;
		for (bit = 0; bit < 8u * field->size; bit++)
			agrees &= bit_agrees(host, page, field, offset, 1u << bit);
		mvgpu_reset(host->vgpu);
		agrees &= host_read(host, page->image, offset, field->size) == fixed;
	} while (++element < field->count);
	tap_ok(agrees, "%s %s: reset value, every bit, reset", access_names[field->access],
	       field->name);
}

/* Fields that are no plain store; their own tests are elsewhere. */
static bool field_special(const struct mvgpu_field *field)
{
	return !strcmp(field->name, "BAR 0") || !strcmp(field->name, "BAR 1") ||
	       !strcmp(field->name, "Device Control") ||
	       !strcmp(field->name, "PM Control/Status");
}

static void test_fields(struct host *host)
{
	unsigned int i, n;

	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		for (n = 0; n < mvgpu_pages[i]->num_fields; n++) {
			if (!field_special(&mvgpu_pages[i]->fields[n]))
				test_field(host, mvgpu_pages[i], &mvgpu_pages[i]->fields[n]);
		}
	}
}

static bool covered(enum mvgpu_image image, u32 offset)
{
	unsigned int i, n;

	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		for (n = 0; n < mvgpu_pages[i]->num_fields; n++) {
			const struct mvgpu_field *field = &mvgpu_pages[i]->fields[n];
			unsigned int element = 0;

			do {
				u32 from = field->offset + element * field->stride;

				if (mvgpu_pages[i]->image == image && offset >= from &&
				    offset < from + field->size)
					return true;
			} while (++element < field->count);
		}
	}
	return image == MVGPU_IMAGE_REGS && offset < MVGPU_EDID_OFFSET + MVGPU_EDID_SIZE;
}

static void test_rest(struct host *host, enum mvgpu_image image)
{
	bool zero = true;
	u32 offset;

	for (offset = 0; offset < mvgpu_image_size(image); offset++) {
		if (covered(image, offset))
			continue;
		zero &= !host_read(host, image, offset, 1);
		host_write(host, image, offset, 1, 0xff);
		zero &= !host_read(host, image, offset, 1);
	}
	tap_ok(zero, "%s: zero where no field is, whatever is written", host_images[image]);
}

/* After a reset: all zero, but for what says that every ring needs a kick. */
static void shared_reset(struct host *host, u8 *bytes)
{
	unsigned int n;

	memset(bytes, 0, MVGPU_SHARED_SIZE);
	for (n = 0; n < host->vgpu->config->num_rings; n++)
		bytes[MVGPU_STATUS_NEED_KICK(n) - MVGPU_TAILS_OFFSET] = 1;
}

static void test_shared(struct host *host)
{
	static u8 bytes[MVGPU_SHARED_SIZE], want[MVGPU_SHARED_SIZE];
	unsigned int kicks = host->kicks;

	shared_reset(host, want);
	host_dump(host, MVGPU_IMAGE_SHARED, bytes);
	tap_ok(!memcmp(bytes, want, sizeof(want)), "shared pages as they begin");

	rnd_fill(want, sizeof(want));
	mvgpu_image_write(host->vgpu, MVGPU_IMAGE_SHARED, 0, want, sizeof(want));
	host_dump(host, MVGPU_IMAGE_SHARED, bytes);
	tap_ok(!memcmp(bytes, want, sizeof(want)), "they keep what is written");
	tap_ok(!memcmp(host->shared, want, sizeof(want)), "in the transport's memory");
	tap_is(host->kicks, kicks, "nobody is kicked by that");

	mvgpu_reset(host->vgpu);
	shared_reset(host, want);
	tap_ok(!memcmp(host->shared, want, sizeof(want)), "a reset clears them");
	mvgpu_shared_expose(host->vgpu);
	memset(host->shared, 0xff, MVGPU_SHARED_SIZE);
	mvgpu_reset(host->vgpu);
	tap_ok(!memcmp(host->shared, want, sizeof(want)), "also if they were mapped");
	mvgpu_shared_hide(host->vgpu);
	mvgpu_reset(host->vgpu);
	tap_ok(!memcmp(host->shared, want, sizeof(want)), "those that nobody has stay so");
}

static void test_identity(struct host *host)
{
	tap_is_hex(reg_read(host, 0x1000), 0x5047564d, "ID");
	tap_is_hex(reg_read(host, 0x1004), 0x00010001, "version 1.1");
	tap_is_hex(reg_read(host, 0x1008), 0, "scratch begins as zero");
	reg_write(host, 0x1008, 0xdeadbeef);
	host_write(host, MVGPU_IMAGE_REGS, 0x1009, 2, 0x1234);
	tap_is_hex(reg_read(host, 0x1008), 0xde1234ef, "bytes not written keep their value");
}

static void test_causes(struct host *host)
{
	mvgpu_reset(host->vgpu);
	reg_write(host, MVGPU_REG_INTR_RAISE, 0xffffff05);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0x05, "causes raised by the guest");
	mvgpu_irq_raise(host->vgpu, 0xffffff82);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0x87, "and by the device");
	reg_write(host, MVGPU_REG_INTR_ACK, 0xffffff03);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0x84, "acknowledged: those alone go");
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_ACK + 1, 1, 0xff);
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_RAISE + 1, 2, 0xffff);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0x84, "upper bytes do nothing");
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_ACK, 1, 0x80);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0x04, "one byte will do");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_ACK), 0, "ACK reads as zero");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_RAISE), 0, "RAISE reads as zero");
	mvgpu_reset(host->vgpu);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0, "nothing is pending after a reset");
}

static void test_power(struct host *host)
{
	u32 pmcsr = MVGPU_PCI_CAP_PM + PCI_PM_CTRL;

	cfg_write(host, pmcsr, 2, 3);
	tap_is_hex(cfg_read(host, pmcsr, 2), 0x000b, "to D3hot, with No_Soft_Reset");
	cfg_write(host, pmcsr, 2, 1);
	tap_is_hex(cfg_read(host, pmcsr, 2), 0x000b, "D1 is not supported");
	cfg_write(host, pmcsr, 2, 0);
	cfg_write(host, pmcsr, 2, 2);
	tap_is_hex(cfg_read(host, pmcsr, 2), 0x0008, "back in D0; D2 is not supported");
}

int main(void)
{
	enum mvgpu_image image;
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	test_tables();
	host_init(&host, &vgpu, &host_config);
	test_fields(&host);
	for (image = 0; image < MVGPU_NUM_IMAGES; image++) {
		if (image != MVGPU_IMAGE_SHARED)
			test_rest(&host, image);
	}
	test_shared(&host);
	test_identity(&host);
	test_causes(&host);
	test_power(&host);
	host_fini(&host);
	return tap_done();
}
