// SPDX-License-Identifier: GPL-2.0-only
/*
 * REGION_READ, REGION_WRITE and REGION_WRITE_MULTI.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "server.h"

#define VRAM	(16u << 20)

static struct server server;

static void test_large(int fd)
{
	uint8_t *data = malloc(VU_MAX_TRANSFER), *back = malloc(VU_MAX_TRANSFER);

	rnd_fill(data, VU_MAX_TRANSFER);
	tap_is(vuc_write(fd, BAR0, data, VU_MAX_TRANSFER, 4097), VU_MAX_TRANSFER,
	       "the largest write");
	tap_is(vuc_read(fd, BAR0, back, VU_MAX_TRANSFER, 4097), VU_MAX_TRANSFER,
	       "the largest read");
	tap_ok(!memcmp(data, back, VU_MAX_TRANSFER), "it reads what was written");
	tap_is(vuc_read(fd, CONFIG, back, MVGPU_PCI_CONFIG_SIZE, 0), MVGPU_PCI_CONFIG_SIZE,
	       "config space as a whole");
	tap_is(back[0] | back[1] << 8, MVGPU_PCI_VENDOR_ID, "begins with the vendor");
	free(data);
	free(back);
}

static void test_edges(int fd)
{
	static const struct {
		unsigned int region;
		uint64_t offset;
		size_t len;
		ssize_t wanted;
	} cases[] = {
		{ BAR2, MVGPU_REGS_SIZE - 4, 4, 4 },
		{ BAR2, MVGPU_REGS_SIZE - 4, 8, 4 },
		{ BAR2, MVGPU_REGS_SIZE - 1, 4096, 1 },
		{ BAR2, MVGPU_REGS_SIZE, 1, -EINVAL },
		{ BAR2, UINT64_MAX, 1, -EINVAL },
		{ BAR2, 1ull << 32, 4, -EINVAL },
		{ BAR2, 0, 0, 0 },
		{ BAR2, MVGPU_REGS_SIZE, 0, -EINVAL },
		{ BAR0, VRAM - 3, 8, 3 },
		{ BAR0, VRAM, 1, -EINVAL },
		{ BAR0, UINT64_MAX - 3, 4, -EINVAL },
		{ CONFIG, MVGPU_PCI_CONFIG_SIZE - 2, 4, 2 },
		{ CONFIG, MVGPU_PCI_CONFIG_SIZE, 4, -EINVAL },
		{ BAR4, MVGPU_MSIX_SIZE, 4, -EINVAL },
		{ 1, 0, 4, -EINVAL },
		{ 6, 0, 4, -EINVAL },
		{ 8, 0, 4, -EINVAL },
		{ REGIONS, 0, 4, -EINVAL },
		{ UINT32_MAX, 0, 4, -EINVAL },
	};
	uint8_t data[4096] = { };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		tap_ret(vuc_read(fd, cases[i].region, data, cases[i].len, cases[i].offset),
			cases[i].wanted, "read of %zu at %#llx of region %d", cases[i].len,
			(unsigned long long)cases[i].offset, (int)cases[i].region);
		memset(data, 0, sizeof(data));
		tap_ret(vuc_write(fd, cases[i].region, data, cases[i].len, cases[i].offset),
			cases[i].wanted, "write of %zu at %#llx of region %d", cases[i].len,
			(unsigned long long)cases[i].offset, (int)cases[i].region);
	}
}

static void test_shapes(int fd)
{
	struct vu_region_access access = { .region = BAR2, .count = VU_MAX_TRANSFER + 1 };
	uint8_t payload[64] = { };
	unsigned int wrong = 0;
	size_t size;

	tap_is(vuc_call(fd, VU_REGION_READ, &access, sizeof(access), NULL, 0), -EINVAL,
	       "a read of more than the largest is refused");
	access.count = UINT32_MAX;
	tap_is(vuc_call(fd, VU_REGION_READ, &access, sizeof(access), NULL, 0), -EINVAL,
	       "a read of all that a number can say is refused");

	access.count = 4;
	memcpy(payload, &access, sizeof(access));
	for (size = 0; size < sizeof(payload); size++) {
		if (size != sizeof(access))
			wrong += vuc_call(fd, VU_REGION_READ, payload, size, NULL, 0) != -EINVAL;
		if (size != sizeof(access) + access.count)
			wrong += vuc_call(fd, VU_REGION_WRITE, payload, size, NULL, 0) != -EINVAL;
	}
	tap_is(wrong, 0, "other lengths than right ones are refused");
	access.count = UINT32_MAX;
	memcpy(payload, &access, sizeof(access));
	tap_is(vuc_call(fd, VU_REGION_WRITE, payload, sizeof(payload), NULL, 0), -EINVAL,
	       "a write that promises more than it has is refused");
}

struct multi {
	struct vu_write_multi head;
	struct vu_write_one writes[4];
};

static void multi_fill(struct multi *multi, uint32_t value)
{
	unsigned int i;

	memset(multi, 0, sizeof(*multi));
	multi->head.count = ARRAY_SIZE(multi->writes);
	for (i = 0; i < ARRAY_SIZE(multi->writes); i++) {
		multi->writes[i].region = BAR0;
		multi->writes[i].offset = 100 + 4 * i;
		multi->writes[i].count = 4;
		memcpy(multi->writes[i].data, &value, sizeof(value));
		value++;
	}
}

static ssize_t multi_call(int fd, const struct multi *multi, size_t size, uint64_t *done)
{
	*done = 0;
	return vuc_call(fd, VU_REGION_WRITE_MULTI, multi, size, done, sizeof(*done));
}

static void test_multi(int fd)
{
	struct multi multi;
	unsigned int wrong = 0;
	uint64_t done;
	size_t size;

	multi_fill(&multi, 1000);
	tap_is(multi_call(fd, &multi, sizeof(multi), &done), sizeof(done), "several writes");
	tap_is(done, 4, "all of them are done");
	tap_ok(read32(fd, BAR0, 100) == 1000 && read32(fd, BAR0, 112) == 1003, "as told");

	multi_fill(&multi, 2000);
	multi.writes[2].count = 9;
	tap_is(multi_call(fd, &multi, sizeof(multi), &done), sizeof(done),
	       "one of them is too long");
	tap_is(done, 2, "those before it are done");
	tap_ok(read32(fd, BAR0, 104) == 2001 && read32(fd, BAR0, 108) == 1002 &&
	       read32(fd, BAR0, 112) == 1003, "and no other");

	multi_fill(&multi, 3000);
	multi.writes[0].region = REGIONS;
	tap_is(multi_call(fd, &multi, sizeof(multi), &done), -EINVAL,
	       "the first of them is wrong: an error");
	tap_is(read32(fd, BAR0, 104), 2001, "and nothing done");

	for (size = 0; size < sizeof(multi); size++)
		wrong += multi_call(fd, &multi, size, &done) != -EINVAL;
	tap_is(wrong, 0, "other lengths than the right one are refused");
	multi.head.count = UINT64_MAX / sizeof(multi.writes[0]) + 2;
	tap_is(multi_call(fd, &multi, sizeof(multi), &done), -EINVAL,
	       "a number of writes that wraps is refused");
	multi.head.count = 0;
	tap_is(multi_call(fd, &multi, sizeof(multi.head), &done), -EINVAL, "none is refused");
}

/* Posted: the answer to the next command is the next message. */
static void test_no_reply(int fd)
{
	struct {
		struct vu_region_access access;
		uint32_t value;
	} __attribute__((packed)) write = {
		{ .region = BAR2, .offset = MVGPU_REG_SCRATCH, .count = 4 }, 0
	};
	struct vu_header header;
	uint32_t i;

	for (i = 1; i <= 100; i++) {
		write.value = i;
		vuc_header(&header, VU_REGION_WRITE, sizeof(write));
		header.flags = VU_FLAG_NO_REPLY;
		vuc_send(fd, &header, &write, sizeof(write), NULL, 0);
	}
	tap_is(read32(fd, BAR2, MVGPU_REG_SCRATCH), 100, "writes without reply are done in order");
	write.access.region = REGIONS;
	vuc_header(&header, VU_REGION_WRITE, sizeof(write));
	header.flags = VU_FLAG_NO_REPLY;
	vuc_send(fd, &header, &write, sizeof(write), NULL, 0);
	tap_ok(answers(fd), "one that fails has no reply either");
}

int main(void)
{
	int fd;

	rnd_init();
	server_start(&server, NULL);
	fd = server_attach(&server);
	test_large(fd);
	test_edges(fd);
	test_shapes(fd);
	test_multi(fd);
	test_no_reply(fd);
	tap_ok(answers(fd), "the session goes on");
	close(fd);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
