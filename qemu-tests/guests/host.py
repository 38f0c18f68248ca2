# SPDX-License-Identifier: GPL-2.0-only
"""What the tests in the host VM share: TAP, our modules, vGPUs."""

import os
import re
import subprocess
import sys
import time
import traceback
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
VM_SH = os.path.join(os.path.dirname(HERE), "lib", "vm.sh")
PARENT = "/sys/class/mdev_bus/mvgpu.0"
MDEVS = "/sys/bus/mdev/devices"


class Tap:
    """Counts as it goes; done() is the plan and the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, name, *why):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        if not good:
            self.diag(*why)
        return good

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    @staticmethod
    def diag(*lines):
        for text in lines:
            for line in str(text).splitlines():
                print("# " + line, flush=True)

    def attempt(self, name, function, *arguments, guests=()):
        """One test: fails when the function raises; the guests' last words go with it."""
        begun = time.monotonic()
        try:
            function(*arguments)
        except Exception:
            self.ok(False, name, traceback.format_exc(limit=-8))
            for guest in guests:
                self.diag(f"--- {guest.name}", *guest.tail())
            return False
        self.ok(True, f"{name} ({time.monotonic() - begun:.1f} s)")
        return True

    def relay(self, name, status, output):
        """What a program has printed, as TAP, and its exit status: its checks are checks here."""
        plan = count = 0
        for line in output.splitlines():
            if found := re.fullmatch(r"(not )?ok \d+ - (.*)", line):
                self.ok(not found[1], f"{name}: {found[2]}")
                count += 1
            elif found := re.fullmatch(r"1\.\.(\d+)", line):
                plan = int(found[1])
            else:
                self.diag(line.removeprefix("# "))
        return self.ok(status == 0 and plan == count > 0, f"{name} runs to its end",
                       f"status {status}, {count} checks of {plan}")

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def expect(got, expected, what):
    """Fails the test that is being attempted."""
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def shell(commands):
    """Runs commands with vm.sh at hand; CalledProcessError if they fail."""
    done = subprocess.run(["bash", "-c", f". {VM_SH}; {commands}"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"{commands}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def read(path):
    with open(path, encoding="utf-8") as content:
        return content.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as sink:
        sink.write(text)


class Vgpu:
    """An mdev of the first card, removed at the end of the `with` block."""

    def __init__(self, kind="bochs-16m"):
        self.kind = kind
        self.uuid = str(uuid.uuid4())
        self.path = os.path.join(MDEVS, self.uuid)

    def __enter__(self):
        write(f"{PARENT}/mdev_supported_types/mvgpu-{self.kind}/create", self.uuid)
        return self

    def __exit__(self, *_):
        write(os.path.join(self.path, "remove"), "1")

    def stats(self):
        """The counters in debugfs."""
        lines = read(f"/sys/kernel/debug/mvgpu/{self.uuid}/stats").splitlines()
        return {name: int(value) for name, value in map(str.split, lines)}
