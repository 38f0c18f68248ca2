// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu-server: see server.h for how it is built, --help for what it does.
 */
#include <stdlib.h>

#include "loop.h"
#include "view.h"

/* Sockets of systemd's that no option names: a device each, as the defaults have it. */
static bool vu_options_activate(struct vu_options *options)
{
	int first;
	unsigned int i, count = vu_listen_activated(&first);

	if (count > VU_MAX_DEVICES)
		return false;
	for (i = 0; i < count; i++) {
		options->devices[i] = options->defaults;
		options->devices[i].fd = first + i;
	}
	options->num_devices = count;
	return count;
}

static int vu_serve(const struct vu_options *options)
{
	struct vu_server *server = calloc(1, sizeof(*server));
	int ret;

	if (!server) {
		vu_error("no memory");
		return VU_EXIT_FAILURE;
	}
	ret = vu_server_init(server, options);
	if (!ret)
		ret = vu_server_run(server);
	vu_server_fini(server);
	free(server);
	return ret ? VU_EXIT_FAILURE : VU_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct vu_options options;

	switch (vu_options_parse(&options, argc, argv)) {
	case VU_OPTIONS_DONE:
		return VU_EXIT_OK;
	case VU_OPTIONS_WRONG:
		return VU_EXIT_USAGE;
	case VU_OPTIONS_RUN:
		break;
	}
	if (options.tell && !options.control) {
		vu_error("--tell wants --control PATH");
		return VU_EXIT_USAGE;
	}
	if (options.tell)
		return vu_control_tell(options.control, options.tell) ? VU_EXIT_FAILURE :
								       VU_EXIT_OK;
	if (!options.num_devices && !vu_options_activate(&options)) {
		vu_error("no --socket given; see --help");
		return VU_EXIT_USAGE;
	}
	return vu_serve(&options);
}
