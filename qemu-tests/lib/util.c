// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "tap.h"
#include "util.h"

#define PAGE	4096u

static uint64_t rnd_state = 1;

void rnd_init(void)
{
	const char *seed = getenv("SEED");

	if (seed)
		rnd_state = strtoull(seed, NULL, 0);
	else if (getrandom(&rnd_state, sizeof(rnd_state), 0) != sizeof(rnd_state))
		tap_bail("no random seed: %s", strerror(errno));
	rnd_state |= 1;
	tap_diag("SEED=%#llx", (unsigned long long)rnd_state);
}

/* xorshift64*: G. Marsaglia, "Xorshift RNGs"; multiplier by S. Vigna. */
uint64_t rnd(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 0x2545f4914f6cdd1dull;
}

uint32_t rnd_below(uint32_t limit)
{
	return ((rnd() >> 32) * limit) >> 32;
}

void rnd_fill(void *buf, size_t len)
{
	uint8_t *byte = buf;
	uint64_t word;
	size_t part;

	for (; len; len -= part, byte += part) {
		part = len < sizeof(word) ? len : sizeof(word);
		word = rnd();
		memcpy(byte, &word, part);
	}
}

static sigjmp_buf touch_jump;

static void touch_handler(int signal)
{
	siglongjmp(touch_jump, signal);
}

static int touch(volatile uint8_t *addr, bool write)
{
	struct sigaction catch = { .sa_handler = touch_handler }, old_bus, old_segv;
	int raised;

	sigaction(SIGBUS, &catch, &old_bus);
	sigaction(SIGSEGV, &catch, &old_segv);
	raised = sigsetjmp(touch_jump, 1);
	if (!raised) {
		uint8_t value = *addr;

		if (write)
			*addr = value;
	}
	sigaction(SIGBUS, &old_bus, NULL);
	sigaction(SIGSEGV, &old_segv, NULL);
	return raised;
}

int touch_read(const volatile void *addr)
{
	return touch((volatile uint8_t *)addr, false);
}

int touch_write(volatile void *addr)
{
	return touch(addr, true);
}

int efd_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		tap_bail("eventfd: %s", strerror(errno));
	return fd;
}

uint64_t efd_take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

uint64_t efd_wait(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	return poll(&poller, 1, ms) > 0 ? efd_take(fd) : 0;
}

void *fence_alloc(size_t len)
{
	uint8_t *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (map == MAP_FAILED || mprotect(map + PAGE, PAGE, PROT_NONE))
		tap_bail("no memory for a fence: %s", strerror(errno));
	return map + PAGE - len;
}

void fence_free(void *buf, size_t len)
{
	munmap((uint8_t *)buf + len - PAGE, 2 * PAGE);
}
