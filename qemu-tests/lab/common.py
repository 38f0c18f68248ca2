# SPDX-License-Identifier: GPL-2.0-only
"""Paths, progress lines, locks and bounded commands shared by the lab's parts."""

import contextlib
import fcntl
import hashlib
import os
import selectors
import signal
import subprocess
import sys
import time

LAB = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(LAB))
BUILD = os.path.join(CHECKOUT, "build")
START = time.monotonic()
HEARTBEAT = 15


class Fail(Exception):
    """Ends the lab with its text as the reason and `status` as exit status."""

    def __init__(self, reason, status=1):
        super().__init__(reason)
        self.status = status


def say(text):
    """One progress line on stderr, with the seconds since the lab started."""
    print(f"[{time.monotonic() - START:6.1f} s] {text}", file=sys.stderr, flush=True)


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "mvgpu")


def kernels():
    """The kernel series that the rootfs holds, newest last."""
    with open(os.path.join(LAB, "rootfs", "kernels"), encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip() and line[0] != "#"]


def check_space(path, mib, what):
    stat = os.statvfs(path)
    free = stat.f_bavail * stat.f_frsize >> 20
    if free < mib:
        raise Fail(f"{what} needs {mib} MiB in {path}, {free} MiB are free "
                   "(XDG_CACHE_HOME moves the cache elsewhere)")


def hash_files(paths):
    """A short name for the content of some files."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as content:
            data = content.read()
        digest.update(b"%s %d\n" % (os.path.basename(path).encode(), len(data)))
        digest.update(data)
    return digest.hexdigest()[:16]


def tail(path, count=40):
    try:
        with open(path, "rb") as content:
            content.seek(max(0, os.path.getsize(path) - 65536))
            lines = content.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        return [f"({error})"]
    return lines[-count:]


@contextlib.contextmanager
def locked(path, shared=False, wait=900, what="another run"):
    """Holds a lock file; gives up after `wait` seconds with a reason."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        deadline = time.monotonic() + wait
        told = False
        while True:
            try:
                fcntl.flock(handle, mode | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Fail(f"{path} is still held by {what} after {wait} s") from None
            if not told and wait:
                say(f"waiting for {what} ({path})")
                told = True
            time.sleep(0.2)
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def one_of_few(count, wait=3600):
    """Holds one of `count` places that all labs of this user share.

    More VMs at once than processors make each of them slow enough for its own
    timeouts to strike.  Whoever holds the queue's lock looks for a place; the
    others wait for that lock, which the kernel hands on in the order of arrival.
    """
    folder = os.path.join(cache_dir(), "places")
    os.makedirs(folder, exist_ok=True)
    deadline = time.monotonic() + wait
    with contextlib.ExitStack() as place:
        with open(os.path.join(folder, "queue"), "w", encoding="ascii") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            while not _take_place(place, folder, count):
                if time.monotonic() >= deadline:
                    raise Fail(f"all {count} places for VMs are still taken after {wait} s")
                time.sleep(0.2)
        yield


def _take_place(stack, folder, count):
    for number in range(count):
        with contextlib.suppress(Fail):
            stack.enter_context(locked(os.path.join(folder, str(number)), wait=0))
            return True
    return False


def stop(process, grace=0.0):
    """Ends a process that was started in a session of its own, children included."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if number == signal.SIGTERM and not grace:
            continue
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace or 10)
            if number == signal.SIGKILL:
                return


@contextlib.contextmanager
def started(argv, **options):
    """A child in a session of its own that never outlives the block."""
    options.setdefault("stdin", subprocess.DEVNULL)
    process = subprocess.Popen(argv, start_new_session=True, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            stop(process)


def lines_of(process, stream, deadline, heartbeat=None):
    """Yields the lines of a child's output until it ends; Fail at the deadline."""
    pending = b""
    quiet_since = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            if now >= deadline:
                stop(process, grace=10)
                raise Fail("timeout", 124)
            if heartbeat and now - quiet_since >= HEARTBEAT:
                say(heartbeat)
                quiet_since = now
            if not selector.select(min(1.0, deadline - now)):
                continue
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            quiet_since = time.monotonic()
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
    if pending:
        yield pending.decode("utf-8", "replace")


def run(what, argv, log, timeout, show=None, **options):
    """Runs a command with its output in `log`.

    `show` picks the lines of stderr that are worth a progress line.  A failure ends the
    lab with the last lines of the log.
    """
    deadline = time.monotonic() + timeout
    reason = None
    with open(log, "w", encoding="utf-8") as record, \
            started(argv, stderr=subprocess.PIPE,
                    **{"stdout": record, **options}) as process:
        try:
            for line in lines_of(process, process.stderr, deadline, f"still at it: {what}"):
                record.write(line + "\n")
                record.flush()
                text = show(line) if show else None
                if text:
                    say(text)
            process.wait(max(1, deadline - time.monotonic()))
        except (Fail, subprocess.TimeoutExpired) as failure:
            if time.monotonic() < deadline - 1:
                raise
            reason = f"{what}: no end within {timeout} s ({failure})"
    if reason is None and process.returncode:
        reason = f"{what}: exit status {process.returncode}"
    if reason:
        raise Fail("\n".join([reason, "last lines of " + log + ":", *tail(log, 15)]))
