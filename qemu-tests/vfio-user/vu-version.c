// SPDX-License-Identifier: GPL-2.0-only
/*
 * VERSION: what begins a session, and what does not.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "server.h"

#define LONG_DATA	70000

static struct server server;

/* Proposes a version with @size bytes of data behind it. */
static ssize_t propose(int fd, uint16_t major, uint16_t minor, const char *data, size_t size,
		       struct vuc_reply *reply)
{
	struct vu_version version = { .major = major, .minor = minor };
	char *payload = malloc(sizeof(version) + size);
	ssize_t got;

	memcpy(payload, &version, sizeof(version));
	if (size)
		memcpy(payload + sizeof(version), data, size);
	got = vuc_call_fds(fd, VU_VERSION, payload, sizeof(version) + size, NULL, 0, reply);
	free(payload);
	return got;
}

static const char *answer(const struct vuc_reply *reply)
{
	return (const char *)reply->payload + sizeof(struct vu_version);
}

static void accepts(const char *what, const char *data, const char *wanted)
{
	struct vuc_reply reply;
	int fd = vuc_connect(server.socket);
	ssize_t got = propose(fd, 0, 0, data, strlen(data) + 1, &reply);

	if (tap_ok(got > (ssize_t)sizeof(struct vu_version), "%s: accepted", what))
		tap_ok(!reply.payload[reply.size - 1] && !strcmp(answer(&reply), wanted),
		       "%s: answered by %s", what, wanted);
	tap_ok(answers(fd), "%s: the session works", what);
	close(fd);
}

static void test_accepted(void)
{
	accepts("no capabilities", "{}", "{\"capabilities\":{}}");
	accepts("empty capabilities", "{\"capabilities\":{}}", "{\"capabilities\":{}}");
	accepts("unknown names", "{\"future\":[1],\"capabilities\":{\"more\":{\"x\":null}}}",
		"{\"capabilities\":{}}");
	accepts("all capabilities",
		"{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":4096,"
		"\"max_dma_maps\":8,\"pgsizes\":4096,\"write_multiple\":false,"
		"\"twin_socket\":{\"supported\":true},\"migration\":{\"pgsize\":4096}}}",
		"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
		"\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true}}");
}

static void test_plain(void)
{
	struct vu_version version;
	struct vuc_reply reply;
	int fd = vuc_connect(server.socket);

	tap_is(propose(fd, 0, 7, NULL, 0, &reply), sizeof(version), "no data: none come back");
	memcpy(&version, reply.payload, sizeof(version));
	tap_ok(!version.major && !version.minor, "a later minor version gets ours");
	tap_ok(answers(fd), "and the session works");
	tap_is(propose(fd, 0, 0, NULL, 0, &reply), -EINVAL, "a second VERSION is refused");
	tap_ok(answers(fd), "and the session goes on");
	close(fd);
}

static void refuses(const char *what, uint16_t major, const char *data, size_t size)
{
	struct vuc_reply reply;
	int fd = vuc_connect(server.socket);

	tap_ret(propose(fd, major, 0, data, size, &reply), -EINVAL, "%s: refused", what);
	tap_ok(closed(fd), "%s: and the connection is closed", what);
	close(fd);
}

static void test_refused(void)
{
	static const char *const wrong[][2] = {
		{ "no JSON", "capabilities" },
		{ "half of it", "{\"capabilities\":{" },
		{ "something behind it", "{} {}" },
		{ "an array", "[]" },
		{ "a number", "5" },
		{ "null", "null" },
		{ "nothing but the NUL", "" },
		{ "capabilities that are no object", "{\"capabilities\":5}" },
		{ "capabilities that are null", "{\"capabilities\":null}" },
		{ "a capability of the wrong type", "{\"capabilities\":{\"max_msg_fds\":\"1\"}}" },
		{ "a capability that is null", "{\"capabilities\":{\"pgsizes\":null}}" },
		{ "a negative capability", "{\"capabilities\":{\"max_msg_fds\":-1}}" },
		{ "a boolean that is a number", "{\"capabilities\":{\"write_multiple\":1}}" },
		{ "what is nested deeply", "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}" },
	};
	char *data;
	size_t i;

	refuses("another major version", 1, "{}", 3);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		refuses(wrong[i][0], 0, wrong[i][1], strlen(wrong[i][1]) + 1);
	refuses("no NUL at the end", 0, "{}", 2);
	refuses("a NUL before the end", 0, "{}\0\0", 4);
	data = malloc(LONG_DATA);
	memset(data, ' ', LONG_DATA);
	memcpy(data, "{}", 2);
	data[LONG_DATA - 1] = '\0';
	refuses("too much data", 0, data, LONG_DATA);
	free(data);
}

static void test_shape(void)
{
	struct vuc_reply reply;
	uint16_t major = 0;
	int fd = vuc_connect(server.socket), pipes[2];

	tap_is(vuc_call_fds(fd, VU_VERSION, &major, sizeof(major), NULL, 0, &reply), -EINVAL,
	       "half a version is refused");
	tap_ok(closed(fd), "and the connection is closed");
	close(fd);

	if (pipe(pipes))
		tap_bail("pipe: %s", strerror(errno));
	fd = vuc_connect(server.socket);
	tap_is(vuc_call_fds(fd, VU_VERSION, "\0\0\0", 4, pipes, 2, &reply), -EINVAL,
	       "descriptors with VERSION are refused");
	tap_ok(closed(fd), "and the connection is closed");
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_first(void)
{
	unsigned int command, wrong = 0, open = 0;
	struct vuc_reply reply;
	uint8_t payload[64] = { };

	for (command = 0; command < 24; command++) {
		int fd = vuc_connect(server.socket);
		ssize_t got;

		if (command != VU_VERSION) {
			got = vuc_call_fds(fd, command, payload, sizeof(payload), NULL, 0, &reply);
			wrong += got != -EINVAL && got != -ENOSYS;
			open += !closed(fd);
		}
		close(fd);
	}
	tap_is(wrong, 0, "any other command before VERSION is refused");
	tap_is(open, 0, "and ends the connection");
}

static void test_no_fds(void)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	static const char data[] = "{\"capabilities\":{\"max_msg_fds\":0}}";
	struct vuc_reply reply;
	int fd = vuc_connect(server.socket);

	propose(fd, 0, 0, data, sizeof(data), &reply);
	tap_is(vuc_call_fds(fd, VU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0, &reply),
	       sizeof(info), "a client that takes no descriptors gets region info");
	memcpy(&info, reply.payload, sizeof(info));
	tap_ok(!reply.num_fds && !(info.flags & VFIO_REGION_INFO_FLAG_MMAP),
	       "without a descriptor, and without a mappable region");
	close(fd);
}

static void test_busy(void)
{
	int first = server_attach(&server), second;
	unsigned int i, failed = 0;

	second = vuc_connect(server.socket);
	tap_ret(vuc_negotiate(second), -EBUSY, "a second client is told that the device is busy");
	tap_ok(closed(second), "and its connection closed");
	close(second);
	tap_ok(answers(first), "the first one does not notice");
	close(first);

	for (i = 0; i < 50; i++) {
		first = vuc_attach(server.socket);
		failed += first < 0;
		if (first >= 0)
			close(first);
	}
	tap_is(failed, 0, "a client that comes at once after another has left is served");
}

static void test_silent(void)
{
	struct vu_header header;
	struct server hasty;
	int silent, half, attached;

	server_start(&hasty, (const char *const []) { "--timeout", "1", NULL });
	silent = vuc_connect(hasty.socket);
	tap_ok(closed(silent), "a client that does not begin is closed");
	close(silent);

	half = vuc_connect(hasty.socket);
	vuc_header(&header, VU_VERSION, 100);
	vuc_send(half, &header, "\0\0\0", 4, NULL, 0);
	tap_ok(closed(half), "one that stops in mid-message is closed");
	close(half);

	attached = server_attach(&hasty);
	usleep(2500000);
	tap_ok(answers(attached), "one that is attached may be silent for long");
	vuc_header(&header, VU_REGION_READ, 16);
	vuc_send(attached, &header, "", 1, NULL, 0);
	tap_ok(closed(attached), "but not in mid-message");
	close(attached);
	attached = server_attach(&hasty);
	tap_ok(answers(attached), "and the next client is served");
	close(attached);
	tap_is(server_stop(&hasty, SIGTERM), 0, "the server ends as it should");
}

int main(void)
{
	server_start(&server, NULL);
	test_accepted();
	test_plain();
	test_refused();
	test_shape();
	test_first();
	test_no_fds();
	test_busy();
	test_silent();
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
