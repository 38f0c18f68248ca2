// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's accesses to the client's memory, in place and by message, as the control socket's
 * dma-read and dma-write do them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mvgpu_regs.h"
#include "server.h"

#define PAGE		4096u
#define IN_PLACE	0x100000u
#define BY_MESSAGE	(IN_PLACE + 4 * PAGE)
#define READ_ONLY	0x200000u
#define LOOSE		0x300000u
#define TRANSFER	1024u

/* Seconds: longer than any machine takes to answer, and as long as a test can wait. */
#define PATIENCE	"120"
#define SILENCE		"3"

static struct server server;
static char control[80], from[80], to[80];

/* A session whose client takes TRANSFER bytes at most. */
static int attach(void)
{
	static const char data[] = "{\"capabilities\": {\"max_data_xfer_size\": 1024}}";
	uint8_t payload[sizeof(struct vu_version) + sizeof(data)] = { };
	int fd = vuc_connect(server.socket);

	memcpy(payload + sizeof(struct vu_version), data, sizeof(data));
	if (fd < 0 || vuc_call(fd, VU_VERSION, payload, sizeof(payload), NULL, 0) < 0)
		tap_bail("no session");
	return fd;
}

static void map(int fd, uint64_t address, uint64_t size, uint32_t flags, int file)
{
	struct vu_dma_map map = {
		.argsz = sizeof(map), .flags = flags, .address = address, .size = size,
	};
	struct vuc_reply reply;

	if (vuc_call_fds(fd, VU_DMA_MAP, &map, sizeof(map), &file, file >= 0, &reply))
		tap_bail("no window at 0x%llx", (unsigned long long)address);
}

static ssize_t unmap(int fd, uint64_t address, uint64_t size)
{
	struct vu_dma_unmap unmap = { .argsz = sizeof(unmap), .address = address, .size = size };

	return vuc_call(fd, VU_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0);
}

static int memory(unsigned int seals)
{
	int file = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (file < 0 || ftruncate(file, 4 * PAGE) || fcntl(file, F_ADD_SEALS, seals))
		tap_bail("no memory file: %s", strerror(errno));
	return file;
}

static uint8_t pattern(uint64_t at)
{
	return at * 37 + at / 251;
}

static void fill(uint8_t *buf, size_t size, uint64_t begin)
{
	size_t i;

	for (i = 0; i < size; i++)
		buf[i] = pattern(begin + i);
}

/* Another process tells the server; this one is its client. */
static pid_t begin(const char *what, uint64_t address, size_t size)
{
	char command[200];
	pid_t pid;

	if (size)
		snprintf(command, sizeof(command), "%s 0 0x%llx %zu %s", what,
			 (unsigned long long)address, size, from);
	else
		snprintf(command, sizeof(command), "%s 0 0x%llx %s", what,
			 (unsigned long long)address, to);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(server_tell(&server, control, command));
	return pid;
}

static pid_t begin_read(uint64_t address, size_t size)
{
	unlink(from);
	return begin("dma-read", address, size);
}

static pid_t begin_write(uint64_t address, size_t size)
{
	uint8_t data[4 * PAGE];
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	fill(data, size, address);
	if (write(fd, data, size) != (ssize_t)size)
		tap_bail("%s: %s", to, strerror(errno));
	close(fd);
	return begin("dma-write", address, 0);
}

static int end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status);
}

/* Whether the file that was read into has the pattern of these addresses. */
static bool read_is(uint64_t address, size_t size)
{
	uint8_t got[4 * PAGE], want[4 * PAGE];
	int fd = open(from, O_RDONLY);
	ssize_t count = read(fd, got, sizeof(got));

	close(fd);
	fill(want, size, address);
	return count == (ssize_t)size && !memcmp(got, want, size);
}

static void reply_to(int fd, const struct vu_header *command, uint32_t flags, uint32_t error,
		     const void *payload, size_t size)
{
	struct vu_header header = *command;

	header.flags = VU_TYPE_REPLY | flags;
	header.error = error;
	header.size = sizeof(header) + size;
	vuc_send(fd, &header, payload, size, NULL, 0);
}

/* Receives a command for this access, which it leaves in @reply. */
static bool asked(int fd, struct vuc_reply *reply, uint16_t command, uint64_t address,
		  uint64_t size)
{
	struct vu_dma_access access = { };
	size_t data = command == VU_DMA_WRITE ? size : 0;

	if (vuc_receive(fd, reply) || reply->header.flags != VU_TYPE_COMMAND ||
	    reply->header.command != command || reply->num_fds ||
	    reply->size != sizeof(access) + data)
		return false;
	memcpy(&access, reply->payload, sizeof(access));
	return access.address == address && access.count == size;
}

/* Serves a read: the pattern of its addresses. */
static bool serve_read(int fd, uint64_t address, uint64_t size)
{
	uint8_t payload[sizeof(struct vu_dma_access) + TRANSFER];
	struct vu_dma_access access = { .address = address, .count = size };
	struct vuc_reply reply;

	if (!asked(fd, &reply, VU_DMA_READ, address, size))
		return false;
	memcpy(payload, &access, sizeof(access));
	fill(payload + sizeof(access), size, address);
	reply_to(fd, &reply.header, 0, 0, payload, sizeof(access) + size);
	return true;
}

/* Serves a write: whether it has the pattern.  @size_of_reply is what the answer has. */
static bool serve_write(int fd, uint64_t address, uint64_t size, size_t size_of_reply)
{
	struct vuc_reply reply;
	uint8_t want[TRANSFER];
	bool good;

	if (!asked(fd, &reply, VU_DMA_WRITE, address, size))
		return false;
	fill(want, size, address);
	good = !memcmp(reply.payload + sizeof(struct vu_dma_access), want, size);
	reply_to(fd, &reply.header, 0, 0, reply.payload, size_of_reply);
	return good;
}

static void test_in_place(int fd, uint8_t *shared)
{
	uint8_t want[PAGE];

	fill(shared, 4 * PAGE, IN_PLACE);
	tap_is(end(begin_read(IN_PLACE, PAGE)), 0, "memory that is shared is read");
	tap_ok(read_is(IN_PLACE, PAGE), "as it is");
	tap_is(end(begin_read(IN_PLACE + 4 * PAGE - 5, 5)), 0, "up to its last byte");
	tap_ok(read_is(IN_PLACE + 4 * PAGE - 5, 5), "as it is, too");
	memset(shared, 0, 4 * PAGE);
	tap_is(end(begin_write(IN_PLACE + 100, PAGE)), 0, "it is written");
	fill(want, PAGE, IN_PLACE + 100);
	tap_ok(!memcmp(shared + 100, want, PAGE) && !shared[99] && !shared[100 + PAGE],
	       "in place, and nothing beside it");
	tap_ok(answers(fd), "without a message");
}

static void test_nowhere(int fd)
{
	tap_is(end(begin_read(0x10, 4)), 1, "where no memory is, none is read");
	tap_is(end(begin_write(0x10, 4)), 1, "nor written");
	tap_is(end(begin_read(IN_PLACE - 1, 2)), 1, "nor before its begin");
	tap_is(end(begin_read(-8ull, 16)), 1, "nor around the end of all addresses");
	tap_is(end(begin_write(READ_ONLY, 4)), 1, "nothing is written where it may only be read");
	tap_is(end(begin_read(IN_PLACE, 1u << 29)), 1, "a size that is none");
	tap_is(server_tell(&server, control, "dma-read 0 0x100000 16"), 1, "no file to read into");
	tap_is(server_tell(&server, control, "dma-read 0 0x100000 x /tmp/x"), 1, "no size");
	tap_is(server_tell(&server, control, "dma-read 7 0x100000 16 /tmp/x"), 1, "no such device");
	tap_is(server_tell(&server, control, "dma-read 0 0x1ffffffffffffffff 16 /tmp/x"), 1,
	       "no such address");
	tap_is(server_tell(&server, control, "dma-write 0 0x100000 /nonexistent"), 1,
	       "no file to write from");
	tap_ok(answers(fd), "the session goes on");
}

static void test_by_message(int fd)
{
	struct vuc_reply reply;
	uint32_t i, wrong = 0;
	pid_t pid;

	pid = begin_read(BY_MESSAGE, 16);
	tap_ok(serve_read(fd, BY_MESSAGE, 16), "memory without a file is asked for");
	tap_is(end(pid), 0, "and read");
	tap_ok(read_is(BY_MESSAGE, 16), "as the client says");

	pid = begin_read(BY_MESSAGE, 2 * TRANSFER + 7);
	tap_ok(serve_read(fd, BY_MESSAGE, TRANSFER) &&
	       serve_read(fd, BY_MESSAGE + TRANSFER, TRANSFER) &&
	       serve_read(fd, BY_MESSAGE + 2 * TRANSFER, 7), "in pieces that the client takes");
	tap_ok(!end(pid) && read_is(BY_MESSAGE, 2 * TRANSFER + 7), "and put together");

	pid = begin_write(BY_MESSAGE + 3, TRANSFER + 1);
	tap_ok(serve_write(fd, BY_MESSAGE + 3, TRANSFER, sizeof(struct vu_dma_access)) &&
	       serve_write(fd, BY_MESSAGE + 3 + TRANSFER, 1, 0),
	       "it is written, whether the reply has a payload or not");
	tap_is(end(pid), 0, "and that is all");

	pid = begin_read(BY_MESSAGE, 16);
	tap_ok(asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 16), "while the client is at work");
	for (i = 0; i < 100; i++) {
		wrong += !write32(fd, BAR2, MVGPU_REG_SCRATCH, i);
		wrong += read32(fd, BAR2, MVGPU_REG_SCRATCH) != i;
	}
	tap_is(wrong, 0, "its commands are answered");
	reply_to(fd, &reply.header, VU_FLAG_ERROR, EPERM, NULL, 0);
	tap_is(end(pid), 1, "its error is one");
	tap_ok(answers(fd), "the session goes on");
}

/* From a file to no file, and a file that the client can truncate. */
static void test_mixed(int fd, uint8_t *shared)
{
	int loose = memory(0);
	pid_t pid;

	fill(shared, 4 * PAGE, IN_PLACE);
	pid = begin_read(BY_MESSAGE - 6, 10);
	tap_ok(serve_read(fd, BY_MESSAGE, 4), "a read goes from one window into the next");
	tap_ok(!end(pid) && read_is(BY_MESSAGE - 6, 10), "and is put together");

	map(fd, LOOSE, 4 * PAGE, VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE, loose);
	if (ftruncate(loose, 0))
		tap_bail("truncate: %s", strerror(errno));
	pid = begin_read(LOOSE, 4);
	tap_ok(serve_read(fd, LOOSE, 4), "a file that is truncated is not touched");
	tap_is(end(pid), 0, "the client is asked");
	tap_is(unmap(fd, LOOSE, 4 * PAGE), sizeof(struct vu_dma_unmap), "and may take it away");
	close(loose);
}

/* What the session ends on: one server, a session for each. */
static void test_bad_answers(void)
{
	static const struct {
		const char *name;
		int id;
		uint16_t command;
		size_t size;
	} cases[] = {
		{ "another id", 1, VU_DMA_READ, 24 },
		{ "another command", 0, VU_DMA_WRITE, 24 },
		{ "too little data", 0, VU_DMA_READ, 23 },
		{ "too much", 0, VU_DMA_READ, 25 },
		{ "no payload", 0, VU_DMA_READ, 0 },
	};
	struct vu_dma_access access = { .address = BY_MESSAGE, .count = 8 };
	uint8_t payload[32] = { };
	unsigned int i;

	memcpy(payload, &access, sizeof(access));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vuc_reply reply;
		int fd = attach();
		pid_t pid;

		map(fd, BY_MESSAGE, PAGE, VU_DMA_FLAG_READ, -1);
		pid = begin_read(BY_MESSAGE, 8);
		tap_ok(asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 8), "%s: asked", cases[i].name);
		reply.header.id += cases[i].id;
		reply.header.command = cases[i].command;
		reply_to(fd, &reply.header, 0, 0, payload, cases[i].size);
		tap_ok(closed(fd), "%s: the session ends", cases[i].name);
		tap_is(end(pid), 1, "%s: the access fails", cases[i].name);
		close(fd);
	}
}

/* How often the server has said so far that there is no memory. */
static unsigned int refusals(void)
{
	FILE *log = fopen(server.log, "r");
	unsigned int count = 0;
	char line[512];

	while (log && fgets(line, sizeof(line), log))
		count += strstr(line, strerror(EFAULT)) != NULL;
	if (log)
		fclose(log);
	return count;
}

static ssize_t reset(int fd)
{
	return vuc_call(fd, VU_DEVICE_RESET, NULL, 0, NULL, 0);
}

/* The client waits for a reply where it should serve: it must get it. */
static void test_taken_away(int fd)
{
	uint8_t payload[sizeof(struct vu_dma_access) + 8] = { };
	struct vu_dma_access access = { .address = BY_MESSAGE, .count = 8 };
	struct vuc_reply reply;
	unsigned int before = refusals();
	struct vu_header late;
	pid_t pid;

	memcpy(payload, &access, sizeof(access));
	pid = begin_read(BY_MESSAGE, 8);
	tap_ok(asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 8), "a read is under way");
	late = reply.header;
	tap_is(reset(fd), 0, "RESET does not wait for it");
	tap_ok(end(pid) == 1 && refusals() == before + 1, "it fails");
	reply_to(fd, &late, 0, 0, payload, sizeof(payload));
	tap_ok(answers(fd), "its late answer is taken");

	pid = begin_read(BY_MESSAGE, 8);
	tap_ok(asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 8), "another read");
	late = reply.header;
	tap_is(unmap(fd, BY_MESSAGE, PAGE), sizeof(struct vu_dma_unmap),
	       "DMA_UNMAP does not wait for it");
	tap_ok(end(pid) == 1 && refusals() == before + 2, "it fails");
	reply_to(fd, &late, 0, 0, payload, sizeof(payload));
	tap_is(end(begin_read(BY_MESSAGE, 8)), 1, "there is nothing to read any more");
	map(fd, BY_MESSAGE, PAGE, VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE, -1);
	pid = begin_read(BY_MESSAGE, 8);
	tap_ok(serve_read(fd, BY_MESSAGE, 8), "until there is again");
	tap_is(end(pid), 0, "and it is read");
}

static void test_silence(void)
{
	struct vuc_reply reply;
	int fd = attach();
	pid_t pid, second;

	map(fd, BY_MESSAGE, PAGE, VU_DMA_FLAG_READ, -1);
	pid = begin_read(BY_MESSAGE, 8);
	asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 8);
	second = begin_read(BY_MESSAGE, 8);
	tap_ok(closed(fd), "a client that does not answer is sent away");
	tap_ok(end(pid) == 1 && end(second) == 1, "who waited is told");
	close(fd);
	fd = attach();
	tap_ok(answers(fd), "the next client finds the device free");
	map(fd, BY_MESSAGE, PAGE, VU_DMA_FLAG_READ, -1);
	pid = begin_read(BY_MESSAGE, 8);
	asked(fd, &reply, VU_DMA_READ, BY_MESSAGE, 8);
	close(fd);
	tap_is(end(pid), 1, "who waits for a client that goes is told");
}

/* @timeout is how long the server waits for a client. */
static void start(const char *timeout)
{
	server_folder(&server);
	snprintf(control, sizeof(control), "%s.ctl", server.folder);
	server_folder_remove(&server);
	server_start(&server, (const char *const []) { "--control", control, "--timeout", timeout,
						       NULL });
	snprintf(from, sizeof(from), "%s/from", server.folder);
	snprintf(to, sizeof(to), "%s/to", server.folder);
}

int main(void)
{
	int sealed = memory(F_SEAL_SHRINK), fd;
	uint8_t *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, sealed, 0);

	start(PATIENCE);
	tap_is(end(begin_read(IN_PLACE, 4)), 1, "without a client there is no memory");

	fd = attach();
	map(fd, IN_PLACE, 4 * PAGE, VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE, sealed);
	map(fd, READ_ONLY, 4 * PAGE, VU_DMA_FLAG_READ, sealed);
	map(fd, BY_MESSAGE, PAGE, VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE, -1);
	test_in_place(fd, shared);
	test_nowhere(fd);
	test_by_message(fd);
	test_mixed(fd, shared);
	test_taken_away(fd);
	close(fd);
	test_bad_answers();
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");

	start(SILENCE);
	test_silence();
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
