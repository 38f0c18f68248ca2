/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef VU_OPTIONS_H
#define VU_OPTIONS_H

#include "server.h"

#define VU_MAX_DEVICES	64

/* Exit statuses */
enum vu_exit {
	VU_EXIT_OK,
	VU_EXIT_FAILURE,
	VU_EXIT_USAGE,
};

/**
 * struct vu_device_options - one device, as asked for
 * @socket: path of its socket, or NULL
 * @fd: a socket that listens already, or -1
 * @config: the model's share of its type
 * @hide_msix: clients are not to see that there is MSI-X
 * @screenshot: file for its picture when SIGUSR1 comes, or NULL
 * @vnc: where viewers come in, or NULL
 */
struct vu_device_options {
	const char *socket;
	int fd;
	struct mvgpu_config config;
	bool hide_msix;
	const char *screenshot;
	const char *vnc;
};

/**
 * struct vu_options - the command line
 * @devices: what to offer
 * @num_devices: how many
 * @defaults: of devices that come without options of their own
 * @limits: of sessions
 * @control: path of the control socket, or NULL
 * @tell: a command for a server's control socket, or NULL
 */
struct vu_options {
	struct vu_device_options devices[VU_MAX_DEVICES];
	unsigned int num_devices;
	struct vu_device_options defaults;
	struct vu_limits limits;
	const char *control;
	const char *tell;
};

enum vu_options_result {
	VU_OPTIONS_RUN,
	VU_OPTIONS_DONE,
	VU_OPTIONS_WRONG,
};

enum vu_options_result vu_options_parse(struct vu_options *options, int argc, char **argv);

/* types.c */
bool vu_type_find(const char *name, struct mvgpu_config *config);
void vu_types_print(void);

#endif /* VU_OPTIONS_H */
