# SPDX-License-Identifier: GPL-2.0-only
"""mvgpu-server and QEMU guests that use its devices, side by side in the lab's rootfs."""

import contextlib
import glob
import json
import os
import signal
import struct
import subprocess
import sys
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "guests")]
BUILD = os.environ["B"]
SERVER = os.environ["MVGPU_SERVER"]


def release():
    """The stock kernel of the series that BUILD is for."""
    found = sorted(glob.glob(f"/boot/vmlinuz-{os.path.basename(BUILD)}.*"))
    if not found:
        raise RuntimeError(f"no kernel for {BUILD} in /boot")
    return found[-1].removeprefix("/boot/vmlinuz-")


# In a host VM the lab has said it.
if "GUEST_RELEASE" not in os.environ:
    os.environ["GUEST_RELEASE"] = release()

from nested import (KERNEL_ARGS, RELEASE, Guest, Qmp, Timeout, Wire,  # noqa: E402  (see above)
                    parse_ppm)

SECONDS = 120
STEP = 0.05


def wait_for(what, condition):
    """Polls until the condition holds: what it returned."""
    deadline = time.monotonic() + SECONDS
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise Timeout(what)
        time.sleep(STEP)
    return result


class Server:
    """A server with some devices of a kind; a `with` block ends it."""

    def __init__(self, folder, *options, devices=1):
        self.folder = folder
        self.sockets = [os.path.join(folder, f"gpu{number}.sock") for number in range(devices)]
        self.control = os.path.join(folder, "gpu.ctl")
        self.log = os.path.join(folder, "server.log")
        self.options = options
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [SERVER, *self.options, "--control", self.control,
                 *(f"--socket={socket}" for socket in self.sockets)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("the server's socket", self._listens)

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended: {self.tail()}")
        return subprocess.run([SERVER, "--control", self.control, "--tell", "list"],
                              capture_output=True, check=False).returncode == 0

    def tell(self, command):
        done = subprocess.run([SERVER, "--control", self.control, "--tell", command],
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stderr.strip()}")
        return done.stdout

    def screenshot(self, path, number=0):
        self.tell(f"screenshot {number} {path}")
        with open(path, "rb") as picture:
            return parse_png(picture.read())

    def attached(self):
        """Whether there is a client."""
        return any(line.endswith(" attached") for line in self.tell("list").splitlines())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def tail(self, count=15):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-count:])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it with SIGKILL if it has not ended."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(SECONDS)


def device(server, number=0, **properties):
    """QEMU's name for a device of the server's, as -device and device_add take it."""
    return {"driver": "vfio-user-pci", "id": "vgpu",
            "socket": {"type": "unix", "path": server.sockets[number]}, **properties}


class UserGuest(Guest):
    """A guest of which no mdev is asked; `devices` are dictionaries for -device.

    The server can share its memory, or has to ask for it.
    """

    def __init__(self, name, folder, *, shared=True, initrd=None, devices=(), options=(),
                 append="", accel="tcg"):
        memory = "memory-backend-memfd,share=on" if shared else "memory-backend-ram"
        self.name = name
        self.log = os.path.join(folder, name + ".console")
        self.errors = os.path.join(folder, name + ".qemu")
        self.wires = {wire: Wire(f"{name}'s {wire}") for wire in ("qmp", "serial")}
        self.qmp = Qmp(self.wires["qmp"])
        self.argv = [*self._common(), "-accel", accel, "-machine", "q35,memory-backend=ram0",
                     "-object", f"{memory},id=ram0,size=256M", *options]
        for one in devices:
            self.argv += ["-device", json.dumps(one)]
        self.argv += ["-kernel", "/boot/vmlinuz-" + RELEASE, "-initrd", initrd or os.path.join(BUILD, "guest.cpio"),
                      "-append", f"{KERNEL_ARGS} {append}".strip()]
        self.process = None


def testcard(*arguments):
    """The test card as it should look: (width, height, bytes of RGB)."""
    path = "/tmp/expected.ppm"
    subprocess.run([os.path.join(BUILD, "bin/testcard"), *arguments, "--font",
                    os.path.join(BUILD, "font.psf"), "--output", path], check=True,
                   stdin=subprocess.DEVNULL, timeout=SECONDS)
    with open(path, "rb") as picture:
        return parse_ppm(picture.read())


def parse_png(data):
    """(width, height, bytes of RGB) of a PNG as the server writes it: RGB, rows without filter."""
    width = height = 0
    packed = b""
    at = 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + size]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, at + 8 + size)[0]:
            raise RuntimeError("a broken PNG")
        if kind == b"IHDR":
            width, height, *rest = struct.unpack(">IIBBBBB", body)
            if rest != [8, 2, 0, 0, 0]:
                raise RuntimeError(f"a PNG of another kind: {rest}")
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    rows = zlib.decompress(packed)
    stride = 1 + 3 * width
    if any(rows[::stride]) or len(rows) != stride * height:
        raise RuntimeError("a PNG with filters")
    return width, height, b"".join(rows[y * stride + 1:(y + 1) * stride] for y in range(height))


def differ(shown, expected):
    """How two pictures differ, as text; empty if they do not."""
    if shown[:2] != expected[:2]:
        return f"{shown[0]}x{shown[1]} instead of {expected[0]}x{expected[1]}"
    if shown[2] == expected[2]:
        return ""
    wrong = sum(shown[2][i:i + 3] != expected[2][i:i + 3] for i in range(0, len(shown[2]), 3))
    return f"{wrong} of {len(shown[2]) // 3} pixels"


@contextlib.contextmanager
def explained(*witnesses):
    """Shows what servers and guests have said last when something goes wrong."""
    try:
        yield
    except Exception:
        for witness in witnesses:
            tail = witness.tail()
            print(tail if isinstance(tail, str) else "\n".join(tail), file=sys.stderr)
        raise
