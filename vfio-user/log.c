// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define VU_LOG_LINE	512

static const char *const vu_log_names[VU_NUM_LOG_LEVELS] = {
	[VU_LOG_ERROR] = "error",
	[VU_LOG_WARNING] = "warning",
	[VU_LOG_INFO] = "info",
	[VU_LOG_DEBUG] = "debug",
};

/* Set while the command line is read, before there are threads. */
enum vu_log_level vu_log_max = VU_LOG_INFO;

/**
 * vu_log_parse_level() - set what is logged
 * @name: the last level that is
 *
 * Return: whether there is such a level.
 */
bool vu_log_parse_level(const char *name)
{
	unsigned int i;

	for (i = 0; i < VU_NUM_LOG_LEVELS; i++) {
		if (!strcmp(name, vu_log_names[i])) {
			vu_log_max = i;
			return true;
		}
	}
	return false;
}

/**
 * vu_log_line() - log, whatever the level that is wanted
 * @level: shown with the line
 * @format: as printf's, without the newline
 *
 * One write a line: lines of several threads do not mix.
 *
 * Context: any thread.
 */
void vu_log_line(enum vu_log_level level, const char *format, ...)
{
	char line[VU_LOG_LINE];
	va_list args;
	size_t len;

	len = snprintf(line, sizeof(line), "mvgpu-server: %s: ", vu_log_names[level]);
	va_start(args, format);
	vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	len = strlen(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
