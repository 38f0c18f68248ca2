/* SPDX-License-Identifier: GPL-2.0-only */
/* What libFuzzer calls, and what its targets share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_MAX_SENT	65536

/* Of the device */
#define FUZZ_RINGS	2

/* Runs a session whose client says what @say makes of the data, and then goes. */
void fuzz_run(void (*say)(int fd, const uint8_t *data, size_t size), const uint8_t *data,
	      size_t size, bool hide_msix);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
