// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs-write FILE TEXT: one write(), as a program would do it, and its result
 * as the name of the error, or "ok". A TEXT of "@FILE" is that file's content.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char content[1 << 20];

static ssize_t content_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		err(1, "%s", path);
	len = read(fd, content, sizeof(content));
	if (len < 0)
		err(1, "%s", path);
	close(fd);
	return len;
}

int main(int argc, char **argv)
{
	const char *text;
	ssize_t len;
	int fd;

	if (argc != 3)
		errx(1, "usage: sysfs-write FILE TEXT|@FILE");
	text = argv[2];
	len = strlen(text);
	if (text[0] == '@') {
		len = content_of(text + 1);
		text = content;
	}

	fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, len) < 0)
		puts(strerrorname_np(errno));
	else
		puts("ok");
	return 0;
}
