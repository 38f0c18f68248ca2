/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the mdev core
 *
 * Durations are in nanoseconds, and 0 if the tracepoint was switched on while
 * the thing was under way.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mdev

#if !defined(MDEV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MDEV_TRACE_H

#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/uuid.h>

#ifndef MDEV_TRACE_CLOCK
#define MDEV_TRACE_CLOCK
static inline u64 mdev_trace_start(bool enabled)
{
	return enabled ? ktime_get_ns() : 0;
}

static inline u64 mdev_trace_since(u64 start)
{
	return start ? ktime_get_ns() - start : 0;
}
#endif

DECLARE_EVENT_CLASS(mdev_device,
	TP_PROTO(const guid_t *uuid, const char *parent, int result,
		 u64 duration),
	TP_ARGS(uuid, parent, result, duration),
	TP_STRUCT__entry(
		__array(u8, uuid, UUID_SIZE)
		__string(parent, parent)
		__field(int, result)
		__field(u64, duration)
	),
	TP_fast_assign(
		memcpy(__entry->uuid, uuid, UUID_SIZE);
		__assign_str(parent);
		__entry->result = result;
		__entry->duration = duration;
	),
	TP_printk("uuid=%pUl parent=%s result=%d duration=%llu",
		  __entry->uuid, __get_str(parent), __entry->result,
		  __entry->duration)
);

/* A write to "create", whatever became of it */
DEFINE_EVENT(mdev_device, mdev_create,
	TP_PROTO(const guid_t *uuid, const char *parent, int result,
		 u64 duration),
	TP_ARGS(uuid, parent, result, duration)
);

/* A write to "remove" that was not refused, or an unregister's removal */
DEFINE_EVENT(mdev_device, mdev_remove,
	TP_PROTO(const guid_t *uuid, const char *parent, int result,
		 u64 duration),
	TP_ARGS(uuid, parent, result, duration)
);

/* One step of a create, or its undoing */
TRACE_EVENT(mdev_step,
	TP_PROTO(const guid_t *uuid, const char *parent, const char *step,
		 bool undo, int result, u64 duration),
	TP_ARGS(uuid, parent, step, undo, result, duration),
	TP_STRUCT__entry(
		__array(u8, uuid, UUID_SIZE)
		__string(parent, parent)
		__string(step, step)
		__field(bool, undo)
		__field(int, result)
		__field(u64, duration)
	),
	TP_fast_assign(
		memcpy(__entry->uuid, uuid, UUID_SIZE);
		__assign_str(parent);
		__assign_str(step);
		__entry->undo = undo;
		__entry->result = result;
		__entry->duration = duration;
	),
	TP_printk("uuid=%pUl parent=%s step=%s undo=%d result=%d duration=%llu",
		  __entry->uuid, __get_str(parent), __get_str(step),
		  __entry->undo, __entry->result, __entry->duration)
);

/* A parent has been registered, or its unregister has ended */
DECLARE_EVENT_CLASS(mdev_parent,
	TP_PROTO(const char *parent, int result, u64 duration),
	TP_ARGS(parent, result, duration),
	TP_STRUCT__entry(
		__string(parent, parent)
		__field(int, result)
		__field(u64, duration)
	),
	TP_fast_assign(
		__assign_str(parent);
		__entry->result = result;
		__entry->duration = duration;
	),
	TP_printk("parent=%s result=%d duration=%llu", __get_str(parent),
		  __entry->result, __entry->duration)
);

DEFINE_EVENT(mdev_parent, mdev_register,
	TP_PROTO(const char *parent, int result, u64 duration),
	TP_ARGS(parent, result, duration)
);

DEFINE_EVENT(mdev_parent, mdev_unregister,
	TP_PROTO(const char *parent, int result, u64 duration),
	TP_ARGS(parent, result, duration)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mdev_trace
#include <trace/define_trace.h>
