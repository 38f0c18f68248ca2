// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream: messages in pieces, several at once, headers that lie, commands that there are not,
 * descriptors where there should be none, and clients that go.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "mvgpu_regs.h"
#include "server.h"

#define PAGE	4096ull

/* As many replies as fit into a socket that nobody reads. */
#define PIPELINE	100

static struct server server;

struct read_command {
	struct vu_header header;
	struct vu_region_access access;
};

static struct read_command read_of(uint64_t offset)
{
	struct read_command command = {
		.access = { .region = BAR2, .offset = offset, .count = 4 },
	};

	vuc_header(&command.header, VU_REGION_READ, sizeof(command.access));
	return command;
}

static bool answered(int fd, const struct read_command *command, uint32_t wanted)
{
	struct vuc_reply reply;
	uint32_t value;

	if (vuc_receive(fd, &reply) || reply.header.id != command->header.id ||
	    reply.size != sizeof(struct vu_region_access) + sizeof(value))
		return false;
	memcpy(&value, reply.payload + sizeof(struct vu_region_access), sizeof(value));
	return value == wanted;
}

static void test_pieces(int fd)
{
	struct read_command command;
	unsigned int cut, wrong = 0;
	size_t i;

	for (cut = 1; cut < sizeof(command); cut++) {
		command = read_of(MVGPU_REG_ID);
		vuc_send_raw(fd, &command, cut, NULL, 0);
		usleep(1000);
		vuc_send_raw(fd, (char *)&command + cut, sizeof(command) - cut, NULL, 0);
		wrong += !answered(fd, &command, MVGPU_ID_VALUE);
	}
	tap_is(wrong, 0, "a message cut in two anywhere is answered");

	command = read_of(MVGPU_REG_ID);
	for (i = 0; i < sizeof(command); i++) {
		vuc_send_raw(fd, (char *)&command + i, 1, NULL, 0);
		usleep(1000);
	}
	tap_ok(answered(fd, &command, MVGPU_ID_VALUE), "one that comes byte by byte is answered");
}

static void test_pipelined(int fd)
{
	struct read_command commands[PIPELINE];
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		commands[i] = read_of(i % 2 ? MVGPU_REG_ID : MVGPU_REG_VERSION);
	vuc_send_raw(fd, commands, sizeof(commands), NULL, 0);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		wrong += !answered(fd, &commands[i],
				   i % 2 ? MVGPU_ID_VALUE : MVGPU_VERSION_VALUE);
	tap_is(wrong, 0, "messages sent at once are answered one by one, in order");
}

/* Descriptors go with their own message, however the stream is cut. */
static void test_pipelined_fds(int fd)
{
	struct {
		struct vu_header header;
		struct vu_dma_map map;
	} command;
	int file = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	unsigned int i, wrong = 0;
	struct vuc_reply reply;

	if (ftruncate(file, 2 * PAGE) || fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK))
		tap_bail("no memory file: %s", strerror(errno));
	/* An offset is refused without a file, four pages with it. */
	for (i = 0; i < PIPELINE; i++) {
		bool with_file = i % 3;

		memset(&command, 0, sizeof(command));
		vuc_header(&command.header, VU_DMA_MAP, sizeof(command.map));
		command.map.argsz = sizeof(command.map);
		command.map.flags = VU_DMA_FLAG_READ;
		command.map.address = i * 4 * PAGE;
		command.map.offset = with_file ? PAGE : 0;
		command.map.size = with_file ? PAGE : 4 * PAGE;
		vuc_send_raw(fd, &command, i % 5 ? sizeof(command) : 20, &file, with_file);
		if (i % 5 == 0)
			vuc_send_raw(fd, (char *)&command + 20, sizeof(command) - 20, NULL, 0);
	}
	for (i = 0; i < PIPELINE; i++)
		wrong += vuc_receive(fd, &reply) || reply.header.flags & VU_FLAG_ERROR;
	tap_is(wrong, 0, "descriptors in a pipeline go with their messages");
	close(file);
}

static void test_unasked_fds(int fd)
{
	int fds[VU_MAX_FDS + 8];
	struct vu_header header;
	struct vuc_reply reply;
	unsigned int command, i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = efd_new();
	for (command = 0; command < 24; command++) {
		if (command == VU_DMA_MAP || command == VU_DEVICE_SET_IRQS)
			continue;
		vuc_header(&header, command, 0);
		vuc_send(fd, &header, NULL, 0, fds, 1 + command % VU_MAX_FDS);
		wrong += vuc_receive(fd, &reply) || !(reply.header.flags & VU_FLAG_ERROR);
	}
	tap_is(wrong, 0, "commands without descriptors are refused with them");
	vuc_header(&header, VU_DEVICE_RESET, 0);
	vuc_send(fd, &header, NULL, 0, fds, ARRAY_SIZE(fds));
	tap_ok(!vuc_receive(fd, &reply) && reply.header.error == EINVAL,
	       "more descriptors than any message may have are refused");
	tap_ok(answers(fd), "and the session goes on");
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void test_unknown(int fd)
{
	static const struct {
		uint16_t command;
		uint32_t error;
	} cases[] = {
		{ 0, ENOSYS }, { VU_DMA_READ, ENOSYS }, { VU_DMA_WRITE, ENOSYS }, { 14, ENOSYS },
		{ VU_NUM_COMMANDS, ENOSYS }, { UINT16_MAX, ENOSYS },
		{ VU_DEVICE_GET_REGION_IO_FDS, ENOTSUP }, { VU_DEVICE_FEATURE, ENOTSUP },
		{ VU_MIG_DATA_READ, ENOTSUP }, { VU_MIG_DATA_WRITE, ENOTSUP },
	};
	uint8_t payload[24] = { };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tap_ret(vuc_call(fd, cases[i].command, payload, sizeof(payload), NULL, 0),
			-(long)cases[i].error, "command %u is refused", cases[i].command);
}

static void test_flags(int fd)
{
	struct read_command command = read_of(MVGPU_REG_ID);
	struct vuc_reply reply;
	unsigned int bit;

	for (bit = 5; bit < 32; bit++) {
		command = read_of(MVGPU_REG_ID);
		command.header.flags |= 1u << bit;
		vuc_send_raw(fd, &command, sizeof(command), NULL, 0);
		if (vuc_receive(fd, &reply) || reply.header.error != EINVAL)
			break;
	}
	tap_is(bit, 32, "flags that a command has not are refused");
}

static void ends_by(const char *what, const struct vu_header *header)
{
	int fd = server_attach(&server);

	vuc_send_raw(fd, header, sizeof(*header), NULL, 0);
	tap_ok(closed(fd), "%s ends the connection", what);
	close(fd);
}

static void test_lies(void)
{
	struct vu_header header;

	vuc_header(&header, VU_REGION_READ, 16);
	header.size = 0;
	ends_by("a size of 0", &header);
	header.size = sizeof(header) - 1;
	ends_by("a size below the header's", &header);
	header.size = VU_MAX_MESSAGE + 1;
	ends_by("a size above the largest", &header);
	header.size = UINT32_MAX;
	ends_by("the largest number", &header);
	vuc_header(&header, VU_DEVICE_RESET, 0);
	header.flags = VU_TYPE_REPLY;
	ends_by("a reply that nobody asked for", &header);
	header.flags = VU_TYPE_MASK;
	ends_by("a type that is none", &header);
}

/* Goes in mid-message, with descriptors under way. */
static void test_goes(void)
{
	struct vu_header header;
	int fd, event = efd_new();
	unsigned int cut, failed = 0;

	for (cut = 1; cut < 40; cut++) {
		uint8_t message[64] = { };

		fd = vuc_attach(server.socket);
		if (fd < 0) {
			failed++;
			continue;
		}
		vuc_header(&header, VU_DEVICE_SET_IRQS, sizeof(message) - sizeof(header));
		memcpy(message, &header, sizeof(header));
		vuc_send_raw(fd, message, cut, &event, 1);
		close(fd);
	}
	tap_is(failed, 0, "a client that goes in mid-message leaves room for the next");
	close(event);
}

static void test_killed(void)
{
	unsigned int i, failed = 0;

	for (i = 0; i < 20; i++) {
		int wire[2], fd;
		char byte;
		pid_t pid;

		if (pipe(wire))
			tap_bail("pipe: %s", strerror(errno));
		pid = fork();
		if (!pid) {
			fd = vuc_attach(server.socket);
			byte = fd >= 0;
			if (write(wire[1], &byte, 1) != 1)
				_exit(1);
			pause();
		}
		failed += read(wire[0], &byte, 1) != 1 || !byte;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(wire[0]);
		close(wire[1]);
	}
	tap_is(failed, 0, "a client that is killed leaves room for the next");
}

/* One who asks and does not listen is dropped when the reply has waited too long. */
static void test_deaf(void)
{
	struct read_command command;
	struct server hasty;
	unsigned int i;
	int fd, ret = 0;

	server_start(&hasty, (const char *const []) { "--timeout", "1", NULL });
	fd = server_attach(&hasty);
	for (i = 0; i < 100 && !ret; i++) {
		command = read_of(0);
		command.access.region = BAR0;
		command.access.count = VU_MAX_TRANSFER;
		ret = vuc_send_raw(fd, &command, sizeof(command), NULL, 0);
	}
	usleep(2500000);
	close(fd);
	fd = server_attach(&hasty);
	tap_ok(answers(fd), "a client that takes no replies leaves room for the next");
	close(fd);
	tap_is(server_stop(&hasty, SIGTERM), 0, "the server ends as it should");
}

int main(void)
{
	unsigned int descriptors;
	int fd;

	server_start(&server, NULL);
	fd = server_attach(&server);
	descriptors = server_descriptors(&server);
	test_pieces(fd);
	test_pipelined(fd);
	test_pipelined_fds(fd);
	test_unasked_fds(fd);
	test_unknown(fd);
	test_flags(fd);
	tap_ok(answers(fd), "the session goes on");
	close(fd);
	test_lies();
	test_goes();
	test_killed();
	test_deaf();
	fd = server_attach(&server);
	tap_ok(answers(fd), "after all of it the server serves");
	tap_ok(server_settles(&server, descriptors), "and no descriptor is left in it");
	close(fd);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
