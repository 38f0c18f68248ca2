// SPDX-License-Identifier: GPL-2.0-only
/*
 * The message parser, for libFuzzer: a stream of bytes as it is.  An odd first byte stands for a
 * proper VERSION before it.
 */
#include "../lib/vuclient.h"
#include "fuzz.h"

static void say(int fd, const uint8_t *data, size_t size)
{
	static const struct vu_version version;
	struct vu_header header;

	if (data[0] & 1) {
		vuc_header(&header, VU_VERSION, sizeof(version));
		vuc_send(fd, &header, &version, sizeof(version), NULL, 0);
	}
	if (size > 1)
		vuc_send_raw(fd, data + 1, size - 1, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && size <= FUZZ_MAX_SENT)
		fuzz_run(say, data, size, false);
	return 0;
}
