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

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mvgpu_trace
#include <trace/define_trace.h>
