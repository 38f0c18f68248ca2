// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses an mdev of one of the kernel's sample drivers: sample-access DRIVER UUID.
 * Each is asked for what is its own; the first thing that is not so ends the
 * program, and is said.
 */
#include <err.h>
#include <linux/pci_regs.h>
#include <linux/serial_reg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "util.h"
#include "vdev.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define BAR0		VFIO_PCI_BAR0_REGION_INDEX
#define BAR2		VFIO_PCI_BAR2_REGION_INDEX
#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define SOON_MS		10000

/* mdpy: a capability with the size of the picture, four bytes a pixel */
#define MDPY_WIDTH	0x48
#define MDPY_HEIGHT	0x4c

/* mbochs: bochs-display's registers, and a region of its own for the EDID */
#define DISPI_ID	0x500
#define DISPI_XRES	0x502
#define DISPI_ID_VALUE	0xb0c5
#define MBOCHS_EDID	VFIO_PCI_NUM_REGIONS
#define MBOCHS_SPOT	0x3004

static void expect(bool holds, const char *what)
{
	if (!holds)
		errx(1, "not so: %s", what);
}

static void expect_id(struct vdev *vdev, uint16_t vendor, uint16_t device)
{
	expect(vdev_read16(vdev, CONFIG, PCI_VENDOR_ID) == vendor &&
	       vdev_read16(vdev, CONFIG, PCI_DEVICE_ID) == device, "its PCI identity");
}

static uint8_t *map_bar0(struct vdev *vdev, uint64_t *size)
{
	uint8_t *map;

	*size = vdev_region_size(vdev, BAR0);
	map = vdev->ops->map(vdev, BAR0, NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (map == MAP_FAILED)
		err(1, "mapping BAR 0");
	return map;
}

/* A serial port that hears itself: what is sent comes back, with an interrupt. */
static void use_mtty(struct vdev *vdev)
{
	static const char text[] = "hello";
	int fd = efd_new();
	size_t i;

	expect_id(vdev, 0x4348, 0x3253);
	vdev_write8(vdev, BAR0, UART_SCR, 0x5a);
	expect(vdev_read8(vdev, BAR0, UART_SCR) == 0x5a, "the scratch register keeps a byte");
	expect(!vdev_set_eventfds(vdev, INTX, 0, 1, &fd), "INTx takes an eventfd");
	vdev_write8(vdev, BAR0, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	vdev_write8(vdev, BAR0, UART_IER, UART_IER_RDI);
	for (i = 0; text[i]; i++)
		vdev_write8(vdev, BAR0, UART_TX, text[i]);
	expect(efd_wait(fd, SOON_MS), "a byte that comes in interrupts");
	for (i = 0; text[i]; i++)
		expect(vdev_read8(vdev, BAR0, UART_RX) == text[i], "what was sent comes back");
	expect(!(vdev_read8(vdev, BAR0, UART_LSR) & UART_LSR_DR), "and nothing more");
}

/* A picture: a grey gradient after a reset, in memory that can be mapped */
static void use_mdpy(struct vdev *vdev)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane),
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};
	uint32_t width, height, y;
	uint64_t size;
	uint8_t *map;

	expect_id(vdev, 0x1b36, 0x000f);
	width = vdev_read32(vdev, CONFIG, MDPY_WIDTH);
	height = vdev_read32(vdev, CONFIG, MDPY_HEIGHT);
	expect(!vdev->ops->query_plane(vdev, &plane), "it has a plane");
	expect(plane.width == width && plane.height == height, "of the size that it says");

	map = map_bar0(vdev, &size);
	memset(map, 0xa5, size);
	expect(!vdev->ops->reset(vdev), "it can be reset");
	for (y = 0; y < height; y++)
		expect(map[(y + 1) * 4 * width - 1] == y * 255 / height,
		       "a reset draws the gradient");
	munmap(map, size);
}

/* bochs-display: registers, memory that can be mapped, an EDID */
static void use_mbochs(struct vdev *vdev)
{
	uint8_t *map, *again;
	uint64_t size;

	expect_id(vdev, 0x1234, 0x1111);
	expect(vdev_read16(vdev, BAR2, DISPI_ID) == DISPI_ID_VALUE, "the dispi interface");
	vdev_write16(vdev, BAR2, DISPI_XRES, 800);
	expect(vdev_read16(vdev, BAR2, DISPI_XRES) == 800, "a register keeps what is written");
	expect(vdev_region_size(vdev, MBOCHS_EDID) > 0, "the EDID region");

	map = map_bar0(vdev, &size);
	again = map_bar0(vdev, &size);
	map[MBOCHS_SPOT] = 0x5a;
	expect(again[MBOCHS_SPOT] == 0x5a, "two mappings of one memory");
	munmap(again, size);
	munmap(map, size);
}

static const struct {
	const char *driver;
	void (*use)(struct vdev *vdev);
} samples[] = {
	{ "mtty", use_mtty },
	{ "mdpy", use_mdpy },
	{ "mbochs", use_mbochs },
};

int main(int argc, char **argv)
{
	char name[64];
	size_t i;

	if (argc != 3)
		errx(2, "usage: sample-access mtty|mdpy|mbochs UUID");
	snprintf(name, sizeof(name), "uuid:%s", argv[2]);
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		struct vdev *vdev;

		if (strcmp(samples[i].driver, argv[1]))
			continue;
		vdev = vdev_must_open(name);
		samples[i].use(vdev);
		vdev_close(vdev);
		return 0;
	}
	errx(2, "no driver %s", argv[1]);
}
