// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process: its command line, its sockets, its signals, the control socket, pictures.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mvgpu_regs.h"
#include "server.h"

#define EXIT_WRONG	2
#define STEP_US		10000
#define WIDTH		1024u
#define HEIGHT		768u

static bool exists(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

/* Whether a file comes to be, or to go. */
static bool comes(const char *path, bool wanted)
{
	unsigned int i;

	for (i = 0; i < VUC_PATIENCE_MS * 1000 / STEP_US; i++) {
		if (exists(path) == wanted)
			return true;
		usleep(STEP_US);
	}
	return false;
}

static void test_command_line(void)
{
	static const char *const wrong[][6] = {
		{ "--colour" },
		{ "--socket" },
		{ "--type", "none", "--socket", "/tmp/x" },
		{ "--socket", "/tmp/x", "--vram", "17M" },
		{ "--socket", "/tmp/x", "--vram", "8M" },
		{ "--socket", "/tmp/x", "--vram", "512M" },
		{ "--socket", "/tmp/x", "--vram", "16Q" },
		{ "--socket", "/tmp/x", "--vram", "-16M" },
		{ "--socket", "/tmp/x", "--vram", "99999999999999999999" },
		{ "--socket", "/tmp/x", "--mode", "1024" },
		{ "--socket", "/tmp/x", "--mode", "0x0" },
		{ "--socket", "/tmp/x", "--mode", "1024x768x" },
		{ "--socket", "/tmp/x", "--mode", "4088x4095" },
		{ "--socket", "/tmp/x", "--timeout", "0" },
		{ "--socket", "/tmp/x", "--log-level", "loud" },
		{ "--fd", "none" },
		{ "--socket", "/tmp/x", "more" },
		{ "--tell", "list" },
		{ NULL },
	};
	struct server server;
	size_t i;

	server_folder(&server);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		tap_is(server_run(&server, wrong[i]), EXIT_WRONG, "%s %s: a wrong command line",
		       wrong[i][0] ? wrong[i][0] : "none", wrong[i][1] ? wrong[i][1] : "");
	tap_ok(!exists("/tmp/x"), "nothing has been made");
	tap_is(server_run(&server, (const char *const []) { "--help", NULL }), 0, "--help");
	tap_ok(server_logged(&server, "bochs-256m"), "lists the types");
	tap_is(server_run(&server, (const char *const []) { "--version", NULL }), 0, "--version");
	server_folder_remove(&server);
}

static void test_socket_file(void)
{
	struct server server, other;
	char path[80];
	int fd;

	server_start(&server, NULL);
	other = server;
	tap_is(server_run(&other, (const char *const []) { "--socket", server.socket, NULL }), 1,
	       "a socket that is in use is refused");
	fd = server_attach(&server);
	tap_ok(answers(fd), "and goes on");
	close(fd);
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	tap_ok(exists(server.socket), "a server that is killed leaves its socket");
	fd = open(server.log, O_WRONLY | O_TRUNC);
	close(fd);
	strcpy(path, server.socket);
	server_start(&other, (const char *const []) { "--socket", path, NULL });
	fd = vuc_attach(path);
	tap_ok(fd >= 0, "which the next one takes over");
	close(fd);
	tap_is(server_stop(&other, SIGTERM), 0, "SIGTERM ends it");
	tap_ok(!exists(path) && !exists(other.socket), "without its sockets' files");

	snprintf(path, sizeof(path), "%s/file", server.folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	tap_is(server_run(&server, (const char *const []) { "--socket", path, NULL }), 1,
	       "a file that is no socket is refused");
	tap_ok(exists(path), "and stays");
	server_folder_remove(&server);
}

static void test_several(void)
{
	char second[80];
	struct server server;
	int a, b;

	server_folder(&server);
	snprintf(second, sizeof(second), "%s.second", server.folder);
	server_folder_remove(&server);
	server_start(&server, (const char *const []) { "--mode", "640x480", "--socket", second,
						       "--type", "mvgpu-bochs-64m", NULL });
	a = server_attach(&server);
	b = vuc_attach(second);
	tap_ok(b >= 0, "two devices, two clients at once");
	tap_is(read32(a, BAR2, MVGPU_DISPI_REG(MVGPU_DISPI_VIDEO_MEMORY_64K)), 16 << 4,
	       "the first has its type's VRAM");
	tap_is(read32(b, BAR2, MVGPU_DISPI_REG(MVGPU_DISPI_VIDEO_MEMORY_64K)), 64 << 4,
	       "the second its own");
	write32(a, BAR0, 0, 1);
	write32(b, BAR0, 0, 2);
	tap_ok(read32(a, BAR0, 0) == 1 && read32(b, BAR0, 0) == 2, "they share no memory");
	tap_is(server_stop(&server, SIGINT), 0, "SIGINT ends the server under its clients");
	tap_ok(closed(a) && closed(b), "who see it");
	tap_ok(!exists(second), "the second socket is gone too");
	close(a);
	close(b);
}

static bool is_png(const char *path, uint32_t width, uint32_t height)
{
	static const uint8_t start[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	uint8_t head[24] = { };
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		return false;
	got = fread(head, 1, sizeof(head), file);
	fclose(file);
	return got == sizeof(head) && !memcmp(head, start, sizeof(start)) &&
	       (head[18] << 8 | head[19]) == (int)width && (head[22] << 8 | head[23]) == (int)height;
}

static bool dispi(int fd, enum mvgpu_dispi reg, uint16_t value)
{
	return vuc_write(fd, BAR2, &value, sizeof(value), MVGPU_DISPI_REG(reg)) == sizeof(value);
}

static void display_on(int fd)
{
	dispi(fd, MVGPU_DISPI_XRES, WIDTH);
	dispi(fd, MVGPU_DISPI_YRES, HEIGHT);
	dispi(fd, MVGPU_DISPI_BPP, 32);
	dispi(fd, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED | MVGPU_DISPI_LFB_ENABLED);
}

static void test_control(void)
{
	char control[80], picture[80], command[120], signalled[80];
	struct server server;
	int fd;

	server_folder(&server);
	snprintf(control, sizeof(control), "%s.ctl", server.folder);
	snprintf(signalled, sizeof(signalled), "%s.png", server.folder);
	server_folder_remove(&server);
	server_start(&server, (const char *const []) { "--control", control, "--screenshot",
						       signalled, NULL });
	snprintf(picture, sizeof(picture), "%s/a picture.png", server.folder);
	snprintf(command, sizeof(command), "screenshot 0 %s", picture);

	tap_is(server_tell(&server, control, "list"), 0, "list");
	tap_ok(server_logged(&server, "16 MiB 1024x768 free"), "shows the device");
	tap_is(server_tell(&server, control, command), 1, "no picture without a client");
	fd = server_attach(&server);
	server_tell(&server, control, "list");
	tap_ok(server_logged(&server, "16 MiB 1024x768 attached"), "list shows the client");
	tap_is(server_tell(&server, control, command), 1, "no picture while the display is off");
	tap_ok(!exists(picture), "and no file");
	display_on(fd);
	tap_is(server_tell(&server, control, command), 0, "a picture");
	tap_ok(is_png(picture, WIDTH, HEIGHT), "is a PNG of the mode's size");

	tap_is(server_tell(&server, control, "screenshot 1 /tmp/x.png"), 1, "of a device that is not");
	tap_is(server_tell(&server, control, "screenshot 0"), 1, "without a file");
	tap_is(server_tell(&server, control, "screenshot 0 /nonexistent/x.png"), 1, "where it cannot be");
	tap_is(server_tell(&server, control, "screenshot 4294967296 /tmp/x"), 1, "of a number too large");
	tap_is(server_tell(&server, control, "dance"), 1, "an unknown command");
	tap_is(server_tell(&server, control, ""), 1, "an empty one");

	kill(server.pid, SIGUSR1);
	tap_ok(comes(signalled, true) && is_png(signalled, WIDTH, HEIGHT), "SIGUSR1: a picture");
	tap_ok(answers(fd), "the session does not notice");
	close(fd);
	unlink(signalled);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	tap_ok(!exists(control), "without the control socket's file");
	tap_is(server_tell(&server, control, "list"), 1, "and cannot be told any more");
	rmdir(server.folder);
}

/* What systemd does: a listening socket as descriptor 3, and two variables that say so. */
static void test_activation(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server server;
	int listener, fd;
	char pid[16];

	server_folder(&server);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/given", server.folder);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 4))
		tap_bail("no socket: %s", strerror(errno));
	server.pid = fork();
	if (!server.pid) {
		dup2(listener, 3);
		snprintf(pid, sizeof(pid), "%d", getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		execl(server_program(), server_program(), "--log-level", "warning", NULL);
		_exit(127);
	}
	close(listener);
	fd = vuc_attach(address.sun_path);
	tap_ok(fd >= 0 && answers(fd), "a socket that systemd gives is served");
	close(fd);
	kill(server.pid, SIGTERM);
	waitpid(server.pid, NULL, 0);
	tap_ok(exists(address.sun_path), "and its file is left to systemd");

	tap_is(server_run(&server, (const char *const []) { "--fd", "0", NULL }), 1,
	       "a descriptor that does not listen is refused");
	server_folder_remove(&server);
}

int main(void)
{
	test_command_line();
	test_socket_file();
	test_several();
	test_control();
	test_activation();
	return tap_done();
}
