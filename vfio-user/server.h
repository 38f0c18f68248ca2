/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvgpu-server: the device model behind the vfio-user protocol.
 *
 * A device (device.c) is a socket and a type.  While a client is attached to
 * it, it has a vGPU (gpu.c): an instance of the model, its VRAM and its
 * interrupts and the client's memory, made for this client and gone with it.  A session (session.c)
 * is a connection: a thread of its own that takes a message, lets a command
 * (commands.c) act on it and sends the reply.  What a command is about is in
 * a file of its own: version.c, region.c, irq.c, dma.c.  What the server asks
 * of its client is in call.c.
 *
 * A further thread of each vGPU runs the commands that the guest gives the device
 * (engine.c), on memory that span.c lends it.
 *
 * The main thread (server.c) accepts connections and waits for signals; it
 * never waits for a client.  Who looks at the picture (picture.c, control.c,
 * vnc.c) does it in further threads, with a reference to the vGPU.
 *
 * Order of locks, outermost first; each is described where it is declared:
 *
 *	vu_device.lock
 *	mvgpu.lock (the model's)
 *	  vu_irq.lock
 *	vu_engine.lock
 *	vu_call.turn
 *	  vu_call.lock
 *	vu_dma.lock
 */
#ifndef VU_SERVER_H
#define VU_SERVER_H

#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "log.h"
#include "protocol.h"
#include "vgpu.h"

/**
 * struct vu_irq - the interrupts of a vGPU, as the client has set them up
 * @lock: protects the rest against the model, which may interrupt from any
 *	thread.  Taken inside the model's lock, so no call into the model is
 *	made under it.
 * @index: VFIO index that is enabled (INTx, MSI or MSI-X), VFIO_PCI_NUM_IRQS
 *	for none
 * @trigger: eventfd of each vector of that index, -1 where nobody listens
 * @req: eventfd that asks the client to let go of the device, or -1
 * @unmask: eventfd that unmasks INTx, or -1.  The session's thread alone uses
 *	it.
 * @intx_level: the level of the wire
 * @intx_masked: by the client, or by VFIO's rule that a delivered INTx masks
 *	itself
 * @blocked: the client has let a thread wait at one of its eventfds
 */
struct vu_irq {
	pthread_mutex_t lock;
	unsigned int index;
	int trigger[MVGPU_NUM_VECTORS];
	int req;
	int unmask;
	bool intx_level;
	bool intx_masked;
	bool blocked;
};

/**
 * struct vu_dma_window - a range of the client's memory
 * @id: no other window of the session has or had it
 * @address: where it is for the device
 * @size: bytes
 * @flags: VU_DMA_FLAG_*
 * @memory: the same, mapped; NULL where it is reached by messages
 */
struct vu_dma_window {
	__u64 id;
	__u64 address;
	__u64 size;
	__u32 flags;
	void *memory;
};

/**
 * enum vu_call_state - how far a call is
 * @VU_CALL_CLOSED: there is no session to call through
 * @VU_CALL_IDLE: there is none
 * @VU_CALL_WANTED: the session's thread is to send it
 * @VU_CALL_SENT: the client is to answer it
 */
enum vu_call_state {
	VU_CALL_CLOSED,
	VU_CALL_IDLE,
	VU_CALL_WANTED,
	VU_CALL_SENT,
};

/**
 * struct vu_call - an access to the client's memory by message
 * @turn: held by who calls: one at a time
 * @lock: protects the rest
 * @changed: signalled when @state or @waiting changes
 * @state: written under @lock; the session's thread looks at it without
 * @session: the session, while @state is not VU_CALL_CLOSED
 * @thread: its thread
 * @waiting: the caller still is; where it is not, an answer is dropped
 * @held: who calls is refused
 * @write: to the client's memory, not from it
 * @window: the id of the window
 * @address: where
 * @buf: the caller's
 * @size: bytes of it
 * @id: of the message
 * @result: 0 or a negative errno, when @waiting has become false
 */
struct vu_call {
	pthread_mutex_t turn;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic enum vu_call_state state;
	struct vu_session *session;
	pthread_t thread;
	bool waiting;
	bool held;
	bool write;
	__u64 window;
	__u64 address;
	void *buf;
	size_t size;
	__u16 id;
	int result;
};

/**
 * struct vu_dma - the client's memory, as far as it lets the device have it
 * @lock: held for reading by who uses the memory of a window, so that taking a
 *	window away waits for that.  The session's thread alone takes it for
 *	writing, and reads the rest without it.
 * @windows: by ascending address, without overlap
 * @count: how many
 * @room: for how many there is memory
 * @mapped: how many are mapped
 * @last_id: that of the youngest window
 * @call: reaches the others
 */
struct vu_dma {
	pthread_rwlock_t lock;
	struct vu_dma_window *windows;
	unsigned int count;
	unsigned int room;
	unsigned int mapped;
	__u64 last_id;
	struct vu_call call;
};

/* Pieces of memory that the engine uses at a time */
#define VU_MAX_SPANS	2

/**
 * struct vu_copy - a piece of the client's memory that is reached by messages
 * @window: the id of its window
 * @data: as it was, or is to be
 */
struct vu_copy {
	__u64 window;
	__u8 data[MVGPU_STEP_BYTES];
};

/**
 * struct vu_engine - what runs a vGPU's engine
 * @lock: protects @started to @working
 * @changed: signalled when one of them changes, or @held
 * @started: there is a thread
 * @kicked: there may be something to do
 * @ending: the thread is to end
 * @working: it is not waiting
 * @held: it is to wait.  The session's thread alone sets it.
 * @thread: the thread; what follows is its own
 * @poll_max_ns: how long it may look for work before it sleeps
 * @poll_ns: how long it does at the moment
 * @spent_ns: how long the command of each ring has taken so far
 * @copies: one for each piece of memory that it uses at a time
 */
struct vu_engine {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started;
	bool kicked;
	bool ending;
	bool working;
	atomic_bool held;
	pthread_t thread;
	__s64 poll_max_ns;
	__s64 poll_ns;
	__s64 spent_ns[MVGPU_MAX_RINGS];
	struct vu_copy *copies;
};

/**
 * struct vu_file - memory that the client may map too
 * @fd: its file, sealed
 * @data: the same, mapped
 * @size: bytes
 */
struct vu_file {
	int fd;
	__u8 *data;
	size_t size;
};

/**
 * struct vu_gpu - a vGPU
 * @references: the session's and those of others who use it
 * @model: the device as the guest sees it
 * @irq: interrupts
 * @dma: the client's memory
 * @engine: runs the model's engine
 * @vram: BAR 0
 * @regs: as large as BAR 2, because a client takes an offset in a BAR for one in
 *	its file.  Pages 2 and 3 are in it; the others are never used.
 * @hide_msix: the client does not see that there is MSI-X
 */
struct vu_gpu {
	atomic_uint references;
	struct mvgpu model;
	struct vu_irq irq;
	struct vu_dma dma;
	struct vu_engine engine;
	struct vu_file vram;
	struct vu_file regs;
	bool hide_msix;
};

/**
 * struct vu_device - what a socket offers
 * @name: for people: the socket's path
 * @config: the model's share of its type
 * @hide_msix: clients do not see that there is MSI-X
 * @lock: protects what follows
 * @detached: signalled when @gpu becomes NULL
 * @gpu: that of the client that is attached, NULL without one
 * @client: the socket of that client
 * @thread: the thread of its session
 */
struct vu_device {
	const char *name;
	struct mvgpu_config config;
	bool hide_msix;
	pthread_mutex_t lock;
	pthread_cond_t detached;
	struct vu_gpu *gpu;
	int client;
	pthread_t thread;
};

/**
 * struct vu_limits - what a server allows its clients
 * @timeout_ms: for the first message, for the rest of a message that has begun,
 *	for taking a reply and for answering a DMA
 * @poll_us: how long a session may look for the next message before it sleeps
 * @engine_poll_us: how long an engine may look for the next command before it sleeps
 */
struct vu_limits {
	unsigned int timeout_ms;
	unsigned int poll_us;
	unsigned int engine_poll_us;
};

/**
 * struct vu_fds - file descriptors that came with a message
 * @fd: the first @count are there; a command that keeps one puts -1 in its place
 * @count: how many came
 * @lost: there were more, which the kernel has closed
 */
struct vu_fds {
	int fd[VU_MAX_FDS];
	unsigned int count;
	bool lost;
};

/**
 * struct vu_session - a connection; the session's thread alone uses it, except
 *	where it says otherwise
 * @device: what it connects to
 * @limits: the server's
 * @fd: the socket
 * @stopping: set by another thread: end
 * @gpu: the vGPU, NULL until the version is negotiated
 * @timed: a receive that waits ends after the server's timeout
 * @poll_ns: how long it looks for the next message at the moment
 * @client_fds: how many descriptors the client takes in one message
 * @client_transfer: how many bytes of data it takes or gives in one
 * @fds: those of the message that @in begins with
 * @in: what has been received, VU_MAX_MESSAGE bytes
 * @filled: how much of it
 * @out: the reply that is being made, VU_MAX_MESSAGE bytes
 */
struct vu_session {
	struct vu_device *device;
	const struct vu_limits *limits;
	int fd;
	atomic_bool stopping;
	struct vu_gpu *gpu;
	bool timed;
	__s64 poll_ns;
	unsigned int client_fds;
	__u32 client_transfer;
	struct vu_fds fds;
	__u8 *in;
	size_t filled;
	__u8 *out;
};

/**
 * struct vu_request - a command as its handler gets it
 * @session: where it came from
 * @payload: behind the header, at any alignment
 * @size: its bytes, within what the table of commands allows
 * @fds: what came with it; only for commands that the table allows it
 * @reply: room for the reply's payload, aligned
 * @reply_size: the handler sets it
 * @reply_fd: the handler sets it, where it sends one; it stays the handler's
 * @end: the handler sets it to end the session after the reply
 */
struct vu_request {
	struct vu_session *session;
	const __u8 *payload;
	size_t size;
	struct vu_fds *fds;
	void *reply;
	size_t reply_size;
	int reply_fd;
	bool end;
};

/* gpu.c */
int vu_gpu_create(struct vu_gpu **gpu, const struct mvgpu_config *config, bool hide_msix);
struct vu_gpu *vu_gpu_get(struct vu_gpu *gpu);
void vu_gpu_put(struct vu_gpu *gpu);
void vu_gpu_reset(struct vu_gpu *gpu);

/* device.c */
void vu_device_init(struct vu_device *device, const char *name,
		    const struct mvgpu_config *config, bool hide_msix);
void vu_device_fini(struct vu_device *device);
int vu_device_attach(struct vu_device *device, int client, struct vu_gpu **gpu);
void vu_device_detach(struct vu_device *device, struct vu_gpu *gpu);
struct vu_gpu *vu_device_look(struct vu_device *device);
void vu_device_interrupt(struct vu_device *device);

/* fds.c */
void vu_fds_close(struct vu_fds *fds);
void vu_fds_take(struct vu_fds *fds, struct msghdr *msg);
void vu_fds_append(struct vu_fds *to, struct vu_fds *from);
int vu_fds_keep(struct vu_fds *fds, unsigned int i);

/* session.c */
int vu_session_init(struct vu_session *session, struct vu_device *device,
		    const struct vu_limits *limits, int fd);
void vu_session_fini(struct vu_session *session);
void vu_session_run(struct vu_session *session);
void vu_session_stop(struct vu_session *session);
int vu_session_send(struct vu_session *session, size_t size, int fd);

/* commands.c */
int vu_command_run(struct vu_request *request, const struct vu_header *header);

/* version.c */
int vu_version(struct vu_request *request);

/* region.c */
#define VU_NUM_REGIONS	VFIO_PCI_NUM_REGIONS
int vu_region_info(struct vu_request *request);
int vu_region_read(struct vu_request *request);
int vu_region_write(struct vu_request *request);
int vu_region_write_multi(struct vu_request *request);

/* irq.c */
void vu_irq_set_intx(void *host, bool level);
void vu_irq_send_msi(void *host, unsigned int vector);
void vu_irq_init(struct vu_irq *irq);
void vu_irq_fini(struct vu_gpu *gpu);
int vu_irq_info(struct vu_request *request);
int vu_irq_set(struct vu_request *request);
void vu_irq_unmasked(struct vu_irq *irq);
void vu_irq_request_release(struct vu_irq *irq);

/* dma.c */
void vu_dma_init(struct vu_dma *dma);
void vu_dma_fini(struct vu_dma *dma);
void vu_dma_open(struct vu_dma *dma, struct vu_session *session);
void vu_dma_close(struct vu_dma *dma);
void vu_dma_hold(struct vu_dma *dma);
void vu_dma_resume(struct vu_dma *dma);
int vu_dma_map(struct vu_request *request);
int vu_dma_unmap(struct vu_request *request);
const struct vu_dma_window *vu_dma_find(const struct vu_dma *dma, __u64 address, __u32 rights);
int vu_dma_access(struct vu_dma *dma, __u64 address, void *buf, size_t size, bool write);

/* engine.c */
void vu_engine_init(struct vu_engine *engine);
void vu_engine_fini(struct vu_engine *engine);
void vu_engine_open(struct vu_engine *engine, const struct vu_limits *limits);
void vu_engine_close(struct vu_engine *engine);
void vu_engine_interrupt(struct vu_engine *engine);
void vu_engine_kick(void *host);
void vu_engine_hold(struct vu_gpu *gpu);
void vu_engine_resume(struct vu_gpu *gpu);

/* span.c */
int vu_spans_get(void *host, struct mvgpu_span *spans, unsigned int count);
int vu_spans_put(void *host, struct mvgpu_span *spans, unsigned int count);

/* call.c */
void vu_call_init(struct vu_call *call);
void vu_call_fini(struct vu_call *call);
void vu_call_open(struct vu_call *call, struct vu_session *session);
void vu_call_close(struct vu_call *call);
void vu_call_cancel(struct vu_call *call, __u64 first, __u64 last);
void vu_call_hold(struct vu_call *call);
void vu_call_resume(struct vu_call *call);
ssize_t vu_call_access(struct vu_call *call, __u64 window, __u64 address, void *buf, size_t size,
		       bool write);
int vu_call_send(struct vu_call *call);
int vu_call_answered(struct vu_call *call, const struct vu_header *header, const __u8 *payload);

static inline bool vu_call_wanted(const struct vu_call *call)
{
	return atomic_load_explicit(&call->state, memory_order_relaxed) == VU_CALL_WANTED;
}

#endif /* VU_SERVER_H */
