// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a message costs the server, in what can be counted on any machine: its system calls; and
 * that no message costs nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/ptrace.h>

#include "mvgpu_regs.h"
#include "server.h"

#define MESSAGES	200

static struct server server;
static atomic_bool done;

/* The accesses come from another thread: this one waits for the server's next system call. */
static void *accesses(void *data)
{
	int fd = *(int *)data;
	unsigned int i;

	for (i = 0; i < MESSAGES; i++) {
		read32(fd, BAR2, MVGPU_REG_ID);
		write32(fd, BAR2, MVGPU_REG_SCRATCH, i);
	}
	atomic_store(&done, true);
	/* Something has to end the wait. */
	read32(fd, BAR2, MVGPU_REG_ID);
	return NULL;
}

/* The thread that serves the session: the youngest. */
static pid_t session_thread(void)
{
	char path[64];
	struct dirent *entry;
	pid_t youngest = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", server.pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)))
		if (atoi(entry->d_name) > youngest)
			youngest = atoi(entry->d_name);
	if (tasks)
		closedir(tasks);
	return youngest;
}

/* Counts the system calls of the thread until @done, by kind. */
static int count(pid_t thread, unsigned long *receives, unsigned long *sends,
		 unsigned long *others)
{
	struct ptrace_syscall_info info;
	int status;

	while (!atomic_load(&done)) {
		if (ptrace(PTRACE_SYSCALL, thread, 0, 0))
			return -errno;
		if (waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status))
			return -ECHILD;
		if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) < 0)
			return -errno;
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (info.entry.nr == SYS_recvmsg)
			++*receives;
		else if (info.entry.nr == SYS_sendmsg)
			++*sends;
		else
			++*others;
	}
	return 0;
}

/* Processor time of the server so far, in milliseconds. */
static long cpu_ms(const struct server *of)
{
	unsigned long user, system;
	char path[64];
	FILE *stat;
	int got = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", of->pid);
	stat = fopen(path, "r");
	if (stat) {
		got = fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			     &user, &system);
		fclose(stat);
	}
	if (got != 2)
		return -1;
	return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* An empty ring, which wakes the engine. */
static void enable_ring(int fd)
{
	write32(fd, CONFIG, PCI_COMMAND, PCI_COMMAND_MASTER);
	write32(fd, BAR2, MVGPU_REG_RING(0, MVGPU_RING_ORDER), MVGPU_RING_MIN_ORDER);
	write32(fd, BAR2, MVGPU_REG_RING(0, MVGPU_RING_CTRL), MVGPU_RING_CTRL_ENABLE);
	/* Of zeroes, which are no command: the ring stops. */
	write32(fd, BAR2, MVGPU_TAIL(0), 1);
	write32(fd, BAR2, MVGPU_REG_RING(0, MVGPU_RING_KICK), 1);
}

/* Polling goes on for a millisecond or two after the last message or command, not longer. */
static void test_idle(void)
{
	struct server polling;
	long before, after;
	int fd;

	server_start(&polling, (const char *const []) { "--poll", "1000", "--engine-poll", "1000",
							NULL });
	fd = server_attach(&polling);
	enable_ring(fd);
	answers(fd);
	before = cpu_ms(&polling);
	sleep(2);
	after = cpu_ms(&polling);
	tap_ok(before >= 0 && after - before <= 100, "a server that polls is idle without messages");
	tap_diag("%ld ms of processor time in 2 s", after - before);
	close(fd);
	tap_is(server_stop(&polling, SIGTERM), 0, "the server ends as it should");
}

int main(void)
{
	unsigned long receives = 0, sends = 0, others = 0;
	pthread_t accessor;
	pid_t thread;
	int fd, status, ret;

	server_start(&server, NULL);
	fd = server_attach(&server);
	answers(fd);
	thread = session_thread();
	if (ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_INTERRUPT, thread, 0, 0) ||
	    waitpid(thread, &status, __WALL) != thread)
		tap_skip_all("the server cannot be traced here: %s", strerror(errno));
	if (pthread_create(&accessor, NULL, accesses, &fd))
		tap_bail("no thread");
	ret = count(thread, &receives, &sends, &others);
	ptrace(PTRACE_DETACH, thread, 0, 0);
	pthread_join(accessor, NULL);

	tap_ret(ret, 0, "the session's thread is traced");
	tap_diag("%u messages: %lu receives, %lu sends, %lu others", 2 * MESSAGES, receives, sends,
		 others);
	/* One receive is interrupted at the beginning, one message is under way at the end. */
	tap_ok(sends >= 2 * MESSAGES - 1 && sends <= 2 * MESSAGES + 1, "a message takes one send");
	tap_ok(receives <= 2 * MESSAGES + 2, "and one receive");
	tap_is(others, 0, "and no other system call");
	close(fd);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	test_idle();
	return tap_done();
}
