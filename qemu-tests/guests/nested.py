# SPDX-License-Identifier: GPL-2.0-only
"""A nested QEMU guest, as the tests in the host VM drive it.

QEMU hangs on three wires: QMP, the guest's first serial port (its console, into
a log) and the second one, where the init of the lab's guest takes commands.
Every wait has an end: Timeout tells what was waited for.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

from cpio import Archive  # noqa: E402  (needs the path above)

BUILD = os.environ["B"]
OUT = "/out"
BOOT_SECONDS = 120
SECONDS = 60
# What a stock kernel can leave out, because a guest in an emulated KVM is slow:
# without lastbus=0 alone, 16384 probes of empty slots, each of them an exit.
KERNEL_ARGS = ("console=ttyS0 loglevel=4 panic=-1 oops=panic pci=lastbus=0 mitigations=off "
               "rodata=off nokaslr cryptomgr.notests audit=0 8250.nr_uarts=2 no_timer_check")
RELEASE = os.environ["GUEST_RELEASE"]


class Timeout(Exception):
    """Something did not come in time."""


class Gone(Exception):
    """QEMU has ended."""


class Wire:
    """Our end of a socket to QEMU, read by lines, each wait bounded."""

    def __init__(self, what):
        self.what = what
        self.ours, self.theirs = socket.socketpair()
        self.pending = b""

    def line(self, deadline):
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"nothing from {self.what}")
            self.ours.settimeout(left)
            try:
                chunk = self.ours.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Gone(f"{self.what} has closed")
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode("utf-8", "replace").rstrip("\r")

    def send(self, text):
        self.ours.sendall(text.encode() + b"\n")

    def close(self):
        self.ours.close()
        self.theirs.close()


class Qmp:
    """QEMU's control protocol; events are kept in `events`."""

    def __init__(self, wire):
        self.wire = wire
        self.events = []

    def _message(self, deadline):
        return json.loads(self.wire.line(deadline))

    def start(self):
        deadline = time.monotonic() + SECONDS
        while "QMP" not in self._message(deadline):
            pass
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        deadline = time.monotonic() + SECONDS
        self.wire.send(json.dumps({"execute": command, "arguments": arguments}))
        while True:
            message = self._message(deadline)
            if "event" in message:
                self.events.append(message["event"])
            elif "error" in message:
                raise RuntimeError(f"{command}: {message['error']['desc']}")
            else:
                return message["return"]

    def wait_event(self, name, seconds=SECONDS):
        deadline = time.monotonic() + seconds
        while name not in self.events:
            message = self._message(deadline)
            if "event" in message:
                self.events.append(message["event"])
        self.events.remove(name)


class Guest:
    """One guest with one vGPU.

    A `with` block starts QEMU and ends it; so do start() and close().  Without
    an initrd there is nothing but firmware to boot.
    """

    def __init__(self, name, vgpu, initrd=None, *, machine="q35", accel="kvm", properties="",
                 append="", options=()):
        self.name = name
        self.log = os.path.join(OUT, name + ".console")
        self.errors = os.path.join(OUT, name + ".qemu")
        self.wires = {wire: Wire(f"{name}'s {wire}") for wire in ("qmp", "serial")}
        self.qmp = Qmp(self.wires["qmp"])
        self.argv = [*self._common(), "-machine", machine, "-accel", accel, *options, "-device",
                     f"vfio-pci,id=vgpu,sysfsdev={vgpu.path},display=on{properties}"]
        if initrd:
            self.argv += ["-kernel", "/boot/vmlinuz-" + RELEASE, "-initrd", initrd, "-append",
                          f"{KERNEL_ARGS} {append}".strip()]
        self.process = None

    def _common(self):
        argv = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                "-cpu", "max", "-m", "256", "-name", self.name,
                "-chardev", f"file,id=console,path={self.log}", "-serial", "chardev:console"]
        for name, wire in self.wires.items():
            argv += ["-chardev", f"socket,id={name},fd={wire.theirs.fileno()}"]
        return argv + ["-serial", "chardev:serial", "-qmp", "chardev:qmp"]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Starts QEMU, and returns when it has made its devices."""
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                pass_fds=[wire.theirs.fileno() for wire in self.wires.values()])
        for wire in self.wires.values():
            wire.theirs.close()
        self.qmp.start()

    def boot(self):
        """Starts QEMU and waits until the guest's init listens."""
        self.start()
        self.ready()

    def close(self):
        """Ends QEMU with SIGKILL, no matter what the guest is doing."""
        if self.process:
            self.process.kill()
            self.process.wait(SECONDS)
        for wire in self.wires.values():
            wire.close()

    def quit(self):
        """Lets QEMU end by itself."""
        with contextlib.suppress(Gone):
            self.qmp("quit")
        self.process.wait(SECONDS)

    def ready(self, seconds=BOOT_SECONDS):
        """Waits until the guest's init listens."""
        deadline = time.monotonic() + seconds
        while self.wires["serial"].line(deadline) != "=== ready":
            pass

    def try_sh(self, command, seconds=SECONDS):
        """Runs a command in the guest: its status and output."""
        deadline = time.monotonic() + seconds
        wire = self.wires["serial"]
        wire.send(command)
        lines = []
        while True:
            line = wire.line(deadline)
            end = re.fullmatch(r"=== (\d+)", line)
            if end:
                return int(end[1]), "\n".join(lines)
            lines.append(line)

    def sh(self, command, seconds=SECONDS):
        """Runs a command in the guest that has to succeed: its output."""
        status, output = self.try_sh(command, seconds)
        if status:
            raise RuntimeError(f"{self.name}: {command}: status {status}: {output}")
        return output

    def hmp(self, command):
        """Runs a command of QEMU's monitor for people: its output."""
        return self.qmp("human-monitor-command", **{"command-line": command})

    def screen(self):
        """What the display shows: (width, height, bytes of RGB)."""
        path = os.path.join("/tmp", self.name + ".ppm")
        self.qmp("screendump", filename=path)
        with open(path, "rb") as dump:
            return parse_ppm(dump.read())

    def tail(self, count=15):
        """The last lines of the guest's console and of QEMU's complaints."""
        lines = []
        for path in (self.log, self.errors):
            with contextlib.suppress(OSError), open(path, "rb") as log:
                lines += log.read().decode("utf-8", "replace").splitlines()[-count:]
        return lines


def parse_ppm(data):
    """(width, height, bytes of RGB) of a binary PPM."""
    header = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
    return int(header[1]), int(header[2]), data[header.end():]


def initrd(name, files):
    """The lab's guest initramfs with `files` (name in it: path) added."""
    extra = os.path.join("/tmp", name + ".extra.cpio")
    path = os.path.join("/tmp", name + ".cpio")
    archive = Archive()
    for target, source in files.items():
        archive.copy(target, source)
    archive.write(extra)
    with open(path, "wb") as out:
        for part in (os.path.join(BUILD, "guest.cpio"), extra):
            with open(part, "rb") as content:
                out.write(content.read())
    return path
