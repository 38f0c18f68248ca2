// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line.
 *
 * A device's options stand behind its --socket; those before the first --socket
 * are for all.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define VU_DEFAULT_TIMEOUT_S	5
#define VU_MAX_TIMEOUT_S	3600
#define VU_MAX_POLL_US		1000
#define VU_DEFAULT_ENGINE_POLL_US	50

static const char vu_help_head[] =
"Usage: mvgpu-server --socket PATH [OPTION...] [--socket PATH [OPTION...]]...\n"
"Serves a virtual GPU to a VMM over the vfio-user protocol, without a kernel\n"
"module and without privileges.\n"
"\n"
"For each device, behind its --socket (before the first one: for all):\n"
"  --socket PATH        listen there; --socket-path is the same\n"
"  --fd N               listen on an inherited socket instead\n"
"  --type NAME          one of those below\n"
"  --vram SIZE          VRAM, a power of two from 16M to 256M, or to 1G if native\n"
"  --mode WIDTHxHEIGHT  the mode that the display prefers\n"
"  --no-msix            hide MSI-X: QEMU up to 11.1 aborts when a device that has it\n"
"                       is unplugged\n"
"  --vnc [ADDRESS:]PORT show the picture to VNC viewers; this machine's alone without\n"
"                       an address; port 0: a free one.  There is no password\n"
"  --screenshot FILE    save the picture there, as PNG, at each SIGUSR1\n"
"\n"
"For the server:\n"
"  --control PATH       take commands on this socket: list, screenshot N FILE,\n"
"                       dma-read N ADDRESS SIZE FILE, dma-write N ADDRESS FILE\n"
"  --tell COMMAND       give a command to the server that listens on --control\n"
"  --timeout SECONDS    for a client to begin, to finish a message, to take a\n"
"                       reply, to answer a DMA (default 5)\n"
"  --poll USEC          look for the next message up to so long before sleeping; at\n"
"                       most 1000, 0 (default) to sleep at once\n"
"  --engine-poll USEC   the same for a device's next command (default 50)\n"
"  --log-level LEVEL    error, warning, info (default) or debug\n"
"  --help, --version\n"
"\n"
"Types:\n";

static const char vu_help_tail[] =
"\n"
"Example, with QEMU 10.1 or later; memory must be shared for DMA:\n"
"  mvgpu-server --socket /tmp/gpu.sock --control /tmp/gpu.ctl &\n"
"  qemu-system-x86_64 -machine q35,memory-backend=ram0 -m 1G \\\n"
"    -object memory-backend-memfd,id=ram0,size=1G,share=on \\\n"
"    -device '{\"driver\":\"vfio-user-pci\",\n"
"              \"socket\":{\"type\":\"unix\",\"path\":\"/tmp/gpu.sock\"}}' ...\n"
"  mvgpu-server --control /tmp/gpu.ctl --tell 'screenshot 0 /tmp/gpu.png'\n"
"\n"
"Exit status: 0 after SIGTERM or SIGINT, 1 for a failure, 2 for a wrong command\n"
"line.  Started with socket activation, it serves the sockets that it is given.\n";

enum vu_option {
	VU_OPT_SOCKET = 256,
	VU_OPT_FD,
	VU_OPT_TYPE,
	VU_OPT_VRAM,
	VU_OPT_MODE,
	VU_OPT_NO_MSIX,
	VU_OPT_VNC,
	VU_OPT_SCREENSHOT,
	VU_OPT_CONTROL,
	VU_OPT_TELL,
	VU_OPT_TIMEOUT,
	VU_OPT_POLL,
	VU_OPT_ENGINE_POLL,
	VU_OPT_LOG_LEVEL,
	VU_OPT_HELP,
	VU_OPT_VERSION,
};

static const struct option vu_option_names[] = {
	{ "socket", required_argument, NULL, VU_OPT_SOCKET },
	{ "socket-path", required_argument, NULL, VU_OPT_SOCKET },
	{ "fd", required_argument, NULL, VU_OPT_FD },
	{ "type", required_argument, NULL, VU_OPT_TYPE },
	{ "vram", required_argument, NULL, VU_OPT_VRAM },
	{ "mode", required_argument, NULL, VU_OPT_MODE },
	{ "vnc", required_argument, NULL, VU_OPT_VNC },
	{ "no-msix", no_argument, NULL, VU_OPT_NO_MSIX },
	{ "screenshot", required_argument, NULL, VU_OPT_SCREENSHOT },
	{ "control", required_argument, NULL, VU_OPT_CONTROL },
	{ "tell", required_argument, NULL, VU_OPT_TELL },
	{ "timeout", required_argument, NULL, VU_OPT_TIMEOUT },
	{ "poll", required_argument, NULL, VU_OPT_POLL },
	{ "engine-poll", required_argument, NULL, VU_OPT_ENGINE_POLL },
	{ "log-level", required_argument, NULL, VU_OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, VU_OPT_HELP },
	{ "version", no_argument, NULL, VU_OPT_VERSION },
	{ }
};

static void vu_help(void)
{
	fputs(vu_help_head, stdout);
	vu_types_print();
	fputs(vu_help_tail, stdout);
}

static bool vu_parse_number(const char *text, const char **end, unsigned long max,
			    unsigned long *value)
{
	char *stop;

	errno = 0;
	*value = strtoul(text, &stop, 10);
	*end = stop;
	return *text >= '0' && *text <= '9' && !errno && *value <= max;
}

static bool vu_parse_whole(const char *text, unsigned long max, unsigned long *value)
{
	const char *end;

	return vu_parse_number(text, &end, max, value) && !*end;
}

/* What the numbers may be is the model's to say: vu_options_check(). */
static bool vu_parse_size(const char *text, __u32 *size)
{
	static const char units[] = "KMG";
	const char *end, *unit;
	unsigned long value;

	if (!vu_parse_number(text, &end, UINT_MAX, &value))
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		value <<= 10 * (unit - units + 1);
		end++;
	}
	*size = value;
	return !*end && value <= UINT_MAX;
}

static bool vu_parse_mode(const char *text, struct mvgpu_config *config)
{
	unsigned long width, height;
	const char *end;

	if (!vu_parse_number(text, &end, U16_MAX, &width) || *end != 'x' ||
	    !vu_parse_whole(end + 1, U16_MAX, &height))
		return false;
	config->mode_width = width;
	config->mode_height = height;
	return true;
}

static bool vu_option_wrong(const char *name, const char *value)
{
	vu_error("--%s: what is \"%s\"?  See --help", name, value);
	return false;
}

static struct vu_device_options *vu_options_add(struct vu_options *options)
{
	struct vu_device_options *device;

	if (options->num_devices == VU_MAX_DEVICES) {
		vu_error("more than %u devices", VU_MAX_DEVICES);
		return NULL;
	}
	device = &options->devices[options->num_devices++];
	*device = options->defaults;
	return device;
}

/* An option of a device, or of all that follow. */
static bool vu_option_device(struct vu_device_options *device, int option, const char *value)
{
	switch (option) {
	case VU_OPT_TYPE:
		return vu_type_find(value, &device->config) || vu_option_wrong("type", value);
	case VU_OPT_VRAM:
		return vu_parse_size(value, &device->config.vram_size) ||
		       vu_option_wrong("vram", value);
	case VU_OPT_MODE:
		return vu_parse_mode(value, &device->config) || vu_option_wrong("mode", value);
	case VU_OPT_NO_MSIX:
		device->hide_msix = true;
		return true;
	case VU_OPT_VNC:
		device->vnc = value;
		return true;
	case VU_OPT_SCREENSHOT:
		device->screenshot = value;
		return true;
	default:
		return false;
	}
}

static bool vu_option_socket(struct vu_options *options, int option, const char *value)
{
	struct vu_device_options *device = vu_options_add(options);
	unsigned long number;

	if (!device)
		return false;
	if (option == VU_OPT_SOCKET) {
		device->socket = value;
		return true;
	}
	if (!vu_parse_whole(value, INT_MAX, &number))
		return vu_option_wrong("fd", value);
	device->fd = number;
	return true;
}

static bool vu_option_set(struct vu_options *options, int option, const char *value)
{
	struct vu_device_options *device = &options->defaults;
	unsigned long number;

	if (options->num_devices)
		device = &options->devices[options->num_devices - 1];
	switch (option) {
	case VU_OPT_SOCKET:
	case VU_OPT_FD:
		return vu_option_socket(options, option, value);
	case VU_OPT_CONTROL:
		options->control = value;
		return true;
	case VU_OPT_TELL:
		options->tell = value;
		return true;
	case VU_OPT_TIMEOUT:
		if (!vu_parse_whole(value, VU_MAX_TIMEOUT_S, &number) || !number)
			return vu_option_wrong("timeout", value);
		options->limits.timeout_ms = number * 1000;
		return true;
	case VU_OPT_POLL:
		if (!vu_parse_whole(value, VU_MAX_POLL_US, &number))
			return vu_option_wrong("poll", value);
		options->limits.poll_us = number;
		return true;
	case VU_OPT_ENGINE_POLL:
		if (!vu_parse_whole(value, VU_MAX_POLL_US, &number))
			return vu_option_wrong("engine-poll", value);
		options->limits.engine_poll_us = number;
		return true;
	case VU_OPT_LOG_LEVEL:
		return vu_log_parse_level(value) || vu_option_wrong("log-level", value);
	default:
		return vu_option_device(device, option, value);
	}
}

/* The model knows which configurations make a device. */
static bool vu_options_check(const struct vu_device_options *device)
{
	struct vu_gpu *gpu;
	int ret = vu_gpu_create(&gpu, &device->config, device->hide_msix);

	if (!ret) {
		vu_gpu_put(gpu);
		return true;
	}
	vu_error("no device with %u bytes of VRAM and mode %ux%u: %s", device->config.vram_size,
		 device->config.mode_width, device->config.mode_height, strerror(-ret));
	return false;
}

/**
 * vu_options_parse() - read the command line
 * @options: filled in
 * @argc: main()'s
 * @argv: main()'s; the options point into it
 *
 * Says on standard error what is wrong.
 *
 * Return: whether there is something to run, all is done (--help), or the
 * command line is wrong.
 */
enum vu_options_result vu_options_parse(struct vu_options *options, int argc, char **argv)
{
	unsigned int i;
	int option;

	memset(options, 0, sizeof(*options));
	options->defaults.fd = -1;
	vu_type_find("bochs-16m", &options->defaults.config);
	options->limits.timeout_ms = VU_DEFAULT_TIMEOUT_S * 1000;
	options->limits.engine_poll_us = VU_DEFAULT_ENGINE_POLL_US;

	while ((option = getopt_long(argc, argv, "", vu_option_names, NULL)) != -1) {
		if (option == VU_OPT_HELP) {
			vu_help();
			return VU_OPTIONS_DONE;
		}
		if (option == VU_OPT_VERSION) {
			printf("mvgpu-server, vfio-user %u.%u, device %u.%u\n", VU_MAJOR, VU_MINOR,
			       MVGPU_VERSION_VALUE >> 16, MVGPU_VERSION_VALUE & 0xffff);
			return VU_OPTIONS_DONE;
		}
		if (option == '?' || !vu_option_set(options, option, optarg))
			return VU_OPTIONS_WRONG;
	}
	if (optind != argc) {
		vu_option_wrong("", argv[optind]);
		return VU_OPTIONS_WRONG;
	}
	for (i = 0; i < options->num_devices; i++)
		if (!vu_options_check(&options->devices[i]))
			return VU_OPTIONS_WRONG;
	return VU_OPTIONS_RUN;
}
