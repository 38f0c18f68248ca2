// SPDX-License-Identifier: GPL-2.0-only
/*
 * Draws into the BARs of an mvgpu without a driver, and computes what should be seen
 *
 *  barcard mode WIDTH HEIGHT VIRT_WIDTH X Y           show that part of VRAM
 *  barcard draw SEED OFFSET STRIDE WIDTH HEIGHT       write a picture into VRAM
 *  barcard verify SEED OFFSET STRIDE WIDTH HEIGHT     whether it is there
 *  barcard zero                                       whether all of VRAM is zero
 *  barcard read OFFSET                                a register of BAR 2, 32 bits
 *  barcard write OFFSET VALUE
 *  barcard ppm SEED WIDTH HEIGHT                      the picture, on standard output
 *
 * OFFSET and STRIDE are in bytes.  The device is the only 1234:1111 of the guest, and no driver may
 * be bound to it.  The exit status is 0, 1 if what was asked for is not so, 2 if it is not known.
 */
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"

#define NO_ANSWER	2

struct bar {
	volatile uint32_t *word;
	size_t size;
};

struct picture {
	uint32_t seed;
	uint32_t offset;
	uint32_t stride;
	uint32_t width;
	uint32_t height;
};

/* Each pixel depends on seed and place: a shift by one pixel or line changes nearly all. */
static uint32_t pixel(const struct picture *pic, uint32_t x, uint32_t y)
{
	uint32_t v = pic->seed ^ (x * 0x9e3779b1u) ^ (y * 0x85ebca77u);

	v ^= v >> 15;
	v *= 0x2c1b3c6du;
	v ^= v >> 12;
	return v & 0xffffff;
}

static bool reads_as(const char *dir, const char *name, unsigned int expected)
{
	unsigned int value = 0;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%x", &value) != 1)
		value = ~expected;
	fclose(file);
	return value == expected;
}

static bool is_mvgpu(const char *dir)
{
	return reads_as(dir, "vendor", MVGPU_PCI_VENDOR_ID) &&
	       reads_as(dir, "device", MVGPU_PCI_DEVICE_ID_BOCHS);
}

static int open_bar(int number)
{
	glob_t found;
	size_t i;
	int fd = -1;

	if (glob("/sys/bus/pci/devices/*", 0, NULL, &found))
		errx(NO_ANSWER, "no PCI devices");
	for (i = 0; i < found.gl_pathc && fd < 0; i++) {
		char path[256];

		if (!is_mvgpu(found.gl_pathv[i]))
			continue;
		snprintf(path, sizeof(path), "%s/enable", found.gl_pathv[i]);
		fd = open(path, O_WRONLY);
		if (fd < 0 || write(fd, "1", 1) != 1)
			err(NO_ANSWER, "%s", path);
		close(fd);
		snprintf(path, sizeof(path), "%s/resource%d", found.gl_pathv[i], number);
		fd = open(path, O_RDWR | O_SYNC);
		if (fd < 0)
			err(NO_ANSWER, "%s", path);
	}
	globfree(&found);
	if (fd < 0)
		errx(NO_ANSWER, "no mvgpu");
	return fd;
}

static struct bar map_bar(int number)
{
	struct bar bar;
	struct stat st;
	int fd = open_bar(number);

	if (fstat(fd, &st))
		err(NO_ANSWER, "BAR %d", number);
	bar.size = st.st_size;
	bar.word = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bar.word == MAP_FAILED)
		err(NO_ANSWER, "BAR %d", number);
	close(fd);
	return bar;
}

static int set_mode(const uint32_t *arg)
{
	volatile uint16_t *dispi =
		(volatile uint16_t *)(map_bar(MVGPU_BAR_REGS).word + MVGPU_DISPI_OFFSET / 4);

	dispi[MVGPU_DISPI_ENABLE] = 0;
	dispi[MVGPU_DISPI_BPP] = 32;
	dispi[MVGPU_DISPI_XRES] = arg[0];
	dispi[MVGPU_DISPI_YRES] = arg[1];
	dispi[MVGPU_DISPI_VIRT_WIDTH] = arg[2];
	dispi[MVGPU_DISPI_X_OFFSET] = arg[3];
	dispi[MVGPU_DISPI_Y_OFFSET] = arg[4];
	dispi[MVGPU_DISPI_ENABLE] = MVGPU_DISPI_ENABLED | MVGPU_DISPI_LFB_ENABLED;
	return 0;
}

static struct picture picture(const uint32_t *arg, const struct bar *vram)
{
	struct picture pic = {
		.seed = arg[0], .offset = arg[1], .stride = arg[2],
		.width = arg[3], .height = arg[4],
	};

	if (pic.offset % 4 || pic.stride % 4 ||
	    pic.offset + (uint64_t)pic.stride * pic.height > vram->size)
		errx(NO_ANSWER, "the picture does not fit");
	return pic;
}

static int draw(const uint32_t *arg)
{
	struct bar vram = map_bar(MVGPU_BAR_VRAM);
	struct picture pic = picture(arg, &vram);
	uint32_t x, y;

	for (y = 0; y < pic.height; y++)
		for (x = 0; x < pic.width; x++)
			vram.word[(pic.offset + y * pic.stride) / 4 + x] = pixel(&pic, x, y);
	return 0;
}

static int verify(const uint32_t *arg)
{
	struct bar vram = map_bar(MVGPU_BAR_VRAM);
	struct picture pic = picture(arg, &vram);
	uint32_t x, y, word;

	for (y = 0; y < pic.height; y++) {
		for (x = 0; x < pic.width; x++) {
			word = vram.word[(pic.offset + y * pic.stride) / 4 + x];
			if (word == pixel(&pic, x, y))
				continue;
			printf("(%u, %u) is %#x, not %#x\n", x, y, word, pixel(&pic, x, y));
			return 1;
		}
	}
	return 0;
}

static int zero(const uint32_t *arg)
{
	struct bar vram = map_bar(MVGPU_BAR_VRAM);
	size_t i;

	(void)arg;
	for (i = 0; i < vram.size / 4; i++) {
		if (!vram.word[i])
			continue;
		printf("VRAM at %#zx is %#x\n", 4 * i, vram.word[i]);
		return 1;
	}
	return 0;
}

static volatile uint32_t *reg(uint32_t offset)
{
	struct bar regs = map_bar(MVGPU_BAR_REGS);

	if (offset % 4 || offset >= regs.size)
		errx(NO_ANSWER, "no such register");
	return regs.word + offset / 4;
}

static int read_reg(const uint32_t *arg)
{
	printf("%#x\n", *reg(arg[0]));
	return 0;
}

static int write_reg(const uint32_t *arg)
{
	*reg(arg[0]) = arg[1];
	return 0;
}

static int ppm(const uint32_t *arg)
{
	struct picture pic = { .seed = arg[0], .width = arg[1], .height = arg[2] };
	uint32_t x, y;

	printf("P6\n%u %u\n255\n", pic.width, pic.height);
	for (y = 0; y < pic.height; y++) {
		for (x = 0; x < pic.width; x++) {
			uint32_t p = pixel(&pic, x, y);

			putchar(p >> 16);
			putchar(p >> 8);
			putchar(p);
		}
	}
	return fflush(stdout) ? NO_ANSWER : 0;
}

static const struct {
	const char *name;
	int nr_args;
	int (*run)(const uint32_t *arg);
} commands[] = {
	{ "mode", 5, set_mode },
	{ "draw", 5, draw },
	{ "verify", 5, verify },
	{ "zero", 0, zero },
	{ "read", 1, read_reg },
	{ "write", 2, write_reg },
	{ "ppm", 3, ppm },
};

int main(int argc, char **argv)
{
	uint32_t arg[5] = {};
	size_t i;
	int n;

	for (n = 2; n < argc && n < 7; n++)
		arg[n - 2] = strtoul(argv[n], NULL, 0);
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc - 2 == commands[i].nr_args)
			return commands[i].run(arg);
	fprintf(stderr, "usage: barcard COMMAND [NUMBER...], a COMMAND being one of:");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, " %s(%d)", commands[i].name, commands[i].nr_args);
	fputc('\n', stderr);
	return NO_ANSWER;
}
