/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages for people, on standard error. */
#ifndef VU_LOG_H
#define VU_LOG_H

#include <stdbool.h>

enum vu_log_level {
	VU_LOG_ERROR,
	VU_LOG_WARNING,
	VU_LOG_INFO,
	VU_LOG_DEBUG,
	VU_NUM_LOG_LEVELS
};

extern enum vu_log_level vu_log_max;

bool vu_log_parse_level(const char *name);
void vu_log_line(enum vu_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The arguments are looked at only where the line is wanted. */
#define vu_log(level, ...)						\
	do {								\
		if ((level) <= vu_log_max)				\
			vu_log_line((level), __VA_ARGS__);		\
	} while (0)

#define vu_error(...)	vu_log(VU_LOG_ERROR, __VA_ARGS__)
#define vu_warn(...)	vu_log(VU_LOG_WARNING, __VA_ARGS__)
#define vu_info(...)	vu_log(VU_LOG_INFO, __VA_ARGS__)
#define vu_debug(...)	vu_log(VU_LOG_DEBUG, __VA_ARGS__)

#endif /* VU_LOG_H */
