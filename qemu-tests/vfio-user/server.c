// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mvgpu_regs.h"
#include "server.h"

#define MAX_ARGUMENTS	32
#define STEP_US		10000

const char *server_program(void)
{
	const char *program = getenv("MVGPU_SERVER");

	if (!program)
		tap_bail("MVGPU_SERVER does not name the server's program");
	return program;
}

void server_folder(struct server *server)
{
	strcpy(server->folder, "/tmp/mvgpu-test.XXXXXX");
	if (!mkdtemp(server->folder))
		tap_bail("no folder: %s", strerror(errno));
	snprintf(server->socket, sizeof(server->socket), "%s/gpu.sock", server->folder);
	snprintf(server->log, sizeof(server->log), "%s/log", server->folder);
}

void server_folder_remove(struct server *server)
{
	DIR *folder = opendir(server->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(server->folder);
}

static pid_t start(const struct server *server, const char *const *arguments)
{
	const char *program = server_program();
	pid_t pid = fork();
	int log;

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log = open(server->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(program, (char *const *)arguments);
	_exit(127);
}

static int ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void show_log(const struct server *server)
{
	char line[512];
	FILE *log = fopen(server->log, "r");

	while (log && fgets(line, sizeof(line), log))
		tap_diag("%.*s", (int)strcspn(line, "\n"), line);
	if (log)
		fclose(log);
}

int server_run(const struct server *server, const char *const *arguments)
{
	const char *all[MAX_ARGUMENTS] = { server_program() };
	unsigned int i;

	for (i = 0; arguments[i]; i++)
		all[i + 1] = arguments[i];
	return ended(start(server, all));
}

int server_tell(const struct server *server, const char *control, const char *command)
{
	return server_run(server,
			  (const char *const []) { "--control", control, "--tell", command, NULL });
}

bool server_logged(const struct server *server, const char *text)
{
	FILE *log = fopen(server->log, "r");
	bool found = false;
	char line[512];

	while (log && !found && fgets(line, sizeof(line), log))
		found = strstr(line, text);
	if (log)
		fclose(log);
	return found;
}

void server_start(struct server *server, const char *const *extra)
{
	const char *arguments[MAX_ARGUMENTS], *last = server->socket;
	char listening[128];
	unsigned int i, n = 0;

	server_folder(server);
	arguments[n++] = server_program();
	arguments[n++] = "--log-level";
	arguments[n++] = "debug";
	arguments[n++] = "--socket";
	arguments[n++] = server->socket;
	if (getenv("MVGPU_POLL")) {
		arguments[n++] = "--poll";
		arguments[n++] = getenv("MVGPU_POLL");
	}
	while (extra && *extra) {
		if (!strcmp(*extra, "--socket"))
			last = extra[1];
		arguments[n++] = *extra++;
	}
	arguments[n] = NULL;
	snprintf(listening, sizeof(listening), "%s: listening", last);
	server->pid = start(server, arguments);

	for (i = 0; i < VUC_PATIENCE_MS * 1000 / STEP_US; i++) {
		if (server_logged(server, listening))
			return;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
			break;
		usleep(STEP_US);
	}
	show_log(server);
	tap_bail("the server does not listen");
}

int server_stop(struct server *server, int number)
{
	int status;

	kill(server->pid, number);
	status = ended(server->pid);
	if (status && status != -number)
		show_log(server);
	server_folder_remove(server);
	return status;
}

unsigned int server_descriptors(const struct server *server)
{
	char path[64];
	unsigned int count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", server->pid);
	folder = opendir(path);
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

bool server_settles(const struct server *server, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < VUC_PATIENCE_MS * 1000 / STEP_US; i++) {
		if (server_descriptors(server) == count)
			return true;
		usleep(STEP_US);
	}
	tap_diag("%u descriptors are open, not %u", server_descriptors(server), count);
	return false;
}

int server_attach(const struct server *server)
{
	int fd = vuc_attach(server->socket);

	if (fd < 0) {
		show_log(server);
		tap_bail("no session: %s", strerror(-fd));
	}
	return fd;
}

bool closed(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	char data[4096];
	ssize_t got;

	do {
		if (poll(&end, 1, VUC_PATIENCE_MS) <= 0)
			return false;
		got = recv(fd, data, sizeof(data), 0);
	} while (got > 0);
	return true;
}

bool answers(int fd)
{
	return read32(fd, BAR2, MVGPU_REG_ID) == MVGPU_ID_VALUE;
}

uint32_t read32(int fd, unsigned int region, uint64_t offset)
{
	uint32_t value = 0xdeadbeef;

	vuc_read(fd, region, &value, sizeof(value), offset);
	return value;
}

bool write32(int fd, unsigned int region, uint64_t offset, uint32_t value)
{
	return vuc_write(fd, region, &value, sizeof(value), offset) == sizeof(value);
}
