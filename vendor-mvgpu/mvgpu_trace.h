/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of mvgpu.ko
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mvgpu

#if !defined(MVGPU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MVGPU_TRACE_H

#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(mvgpu_use,
	TP_PROTO(const char *uuid, const void *kvm, int result),
	TP_ARGS(uuid, kvm, result),
	TP_STRUCT__entry(
		__string(uuid, uuid)
		__field(const void *, kvm)
		__field(int, result)
	),
	TP_fast_assign(
		__assign_str(uuid);
		__entry->kvm = kvm;
		__entry->result = result;
	),
	TP_printk("uuid=%s kvm=%p result=%d", __get_str(uuid), __entry->kvm,
		  __entry->result)
);

/* The first open of a vGPU; kvm is the VM that it is tied to, or zero */
DEFINE_EVENT(mvgpu_use, mvgpu_open,
	TP_PROTO(const char *uuid, const void *kvm, int result),
	TP_ARGS(uuid, kvm, result)
);

/* The last close */
DEFINE_EVENT(mvgpu_use, mvgpu_close,
	TP_PROTO(const char *uuid, const void *kvm, int result),
	TP_ARGS(uuid, kvm, result)
);

/* The guest says that there is work, of which the engine knew nothing */
TRACE_EVENT(mvgpu_kick,
	TP_PROTO(const char *uuid, bool run),
	TP_ARGS(uuid, run),
	TP_STRUCT__entry(
		__string(uuid, uuid)
		__field(bool, run)
	),
	TP_fast_assign(
		__assign_str(uuid);
		__entry->run = run;
	),
	TP_printk("uuid=%s inline=%d", __get_str(uuid), __entry->run)
);

/* An engine begins to work for a vGPU */
TRACE_EVENT(mvgpu_slice_begin,
	TP_PROTO(const char *uuid),
	TP_ARGS(uuid),
	TP_STRUCT__entry(
		__string(uuid, uuid)
	),
	TP_fast_assign(
		__assign_str(uuid);
	),
	TP_printk("uuid=%s", __get_str(uuid))
);

/* It has done so, and there is more to do or not */
TRACE_EVENT(mvgpu_slice_end,
	TP_PROTO(const char *uuid, u64 busy_ns, bool more),
	TP_ARGS(uuid, busy_ns, more),
	TP_STRUCT__entry(
		__string(uuid, uuid)
		__field(u64, busy_ns)
		__field(bool, more)
	),
	TP_fast_assign(
		__assign_str(uuid);
		__entry->busy_ns = busy_ns;
		__entry->more = more;
	),
	TP_printk("uuid=%s busy_ns=%llu more=%d", __get_str(uuid), __entry->busy_ns,
		  __entry->more)
);

/* A ring has stopped; error is MVGPU_ERROR_* */
TRACE_EVENT(mvgpu_ring_error,
	TP_PROTO(const char *uuid, unsigned int ring, u32 error),
	TP_ARGS(uuid, ring, error),
	TP_STRUCT__entry(
		__string(uuid, uuid)
		__field(unsigned int, ring)
		__field(u32, error)
	),
	TP_fast_assign(
		__assign_str(uuid);
		__entry->ring = ring;
		__entry->error = error;
	),
	TP_printk("uuid=%s ring=%u error=%u", __get_str(uuid), __entry->ring, __entry->error)
);

/* A command has had more engine time than watchdog_ms */
TRACE_EVENT(mvgpu_timeout,
	TP_PROTO(const char *uuid, unsigned int ring, u64 ns),
	TP_ARGS(uuid, ring, ns),
	TP_STRUCT__entry(
		__string(uuid, uuid)
		__field(unsigned int, ring)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(uuid);
		__entry->ring = ring;
		__entry->ns = ns;
	),
	TP_printk("uuid=%s ring=%u ns=%llu", __get_str(uuid), __entry->ring, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mvgpu_trace
#include <trace/define_trace.h>
