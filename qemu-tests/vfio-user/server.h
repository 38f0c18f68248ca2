/* SPDX-License-Identifier: GPL-2.0-only */
/* A server under test, in a folder of its own. */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/tap.h"
#include "../lib/util.h"
#include "../lib/vuclient.h"

#define BAR0	0
#define BAR2	2
#define BAR4	4
#define CONFIG	7
#define REGIONS	9

/**
 * struct server - a process
 * @pid: its number
 * @folder: where its sockets are; removed in the end
 * @socket: of its first device
 * @log: what it has written to standard error
 */
struct server {
	pid_t pid;
	char folder[32];
	char socket[64];
	char log[64];
};

/* The program is named by the environment variable MVGPU_SERVER; nothing can run without it. */
const char *server_program(void);

/*
 * Starts a server with one socket, --poll as the environment variable MVGPU_POLL has it, and the
 * arguments in @extra, which ends with NULL and may be NULL; returns when all its sockets listen.
 * Bails out where it does not come to that.
 */
void server_start(struct server *server, const char *const *extra);

/* Whether a line of the log has this text. */
bool server_logged(const struct server *server, const char *text);

/*
 * Runs the program with other arguments, its output in @log: its exit status, or minus the signal.
 */
int server_run(const struct server *server, const char *const *arguments);

/* Gives a command to the server's control socket: the exit status of who gives it. */
int server_tell(const struct server *server, const char *control, const char *command);

/* A signal, and what the server ends with: its exit status, or minus a signal. */
int server_stop(struct server *server, int number);

/* Its own folder, for those that start no server. */
void server_folder(struct server *server);
void server_folder_remove(struct server *server);

/* How many descriptors the server has open. */
unsigned int server_descriptors(const struct server *server);

/* Waits until they are @count: whether it came to that. */
bool server_settles(const struct server *server, unsigned int count);

/* A session with the server; bails out where there is none. */
int server_attach(const struct server *server);

/* Whether the server has closed the connection, which it may do at its leisure. */
bool closed(int fd);

/* Whether the session still answers. */
bool answers(int fd);

/* A register, or a made-up value where the call fails. */
uint32_t read32(int fd, unsigned int region, uint64_t offset);
bool write32(int fd, unsigned int region, uint64_t offset, uint32_t value);

#endif /* SERVER_H */
