# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts as a guest takes them: mvgpu_irqtest counts them, the tests here compare.

Each test takes an IrqDevice, and raises an exception where a count is not right.
"""

import os
import random
import re
import time

from host import expect
from nested import BUILD, SECONDS, Timeout

MODULE = "mvgpu_irqtest.ko"
FILES = {MODULE: os.path.join(BUILD, MODULE)}
VECTORS = 8
CAUSES = 8
SETTLE = 0.2
STRAYS = r"\d+"


class IrqDevice:
    """A vGPU of a guest whose initramfs has FILES, worked by mvgpu_irqtest."""

    def __init__(self, guest):
        self.guest = guest
        self.path = ""

    def bind(self, number=0):
        """Takes the guest's vGPU of that number, in the order of their addresses."""
        found = self.guest.sh(
            "for d in /sys/bus/pci/devices/*; do"
            " [ $(cat $d/vendor):$(cat $d/device) = 0x1234:0x1111 ] && echo $d; done; true")
        self.path = found.split()[number]
        self.guest.sh(f"[ -e /sys/module/mvgpu_irqtest ] || insmod /{MODULE}")
        self.guest.sh(f"[ ! -e {self.path}/driver ] ||"
                      f" basename {self.path} > {self.path}/driver/unbind")
        self.guest.sh(f"echo mvgpu_irqtest > {self.path}/driver_override &&"
                      f" basename {self.path} > /sys/bus/pci/drivers/mvgpu_irqtest/bind")

    def put(self, attribute, value):
        self.guest.sh(f"echo '{value}' > {self.path}/{attribute}")

    def get(self, attribute):
        return self.guest.sh(f"cat {self.path}/{attribute}")

    def config(self, offset):
        """One byte of config space."""
        return int(self.guest.sh(f"dd if={self.path}/config bs=1 skip={offset} count=1"
                                 " 2>/dev/null | hexdump -e '1/1 \"%d\\n\"'"))

    def set_config(self, offset, value):
        self.guest.sh(f"printf '\\x{value:02x}' | dd of={self.path}/config bs=1 seek={offset}"
                      " conv=notrunc 2>/dev/null")

    def poll(self, attribute, expected):
        """Waits until an attribute reads as expected."""
        deadline = time.monotonic() + SECONDS
        while (got := self.get(attribute)) != expected:
            if time.monotonic() > deadline:
                raise Timeout(f"{attribute} is {got}, not {expected}")


def expect_counts(device, counts, stray="0"):
    """That these interrupts came, by vector, and no other one."""
    time.sleep(SETTLE)
    got = device.get("counts")
    if not re.fullmatch(" ".join(map(str, counts)) + f" stray {stray}", got):
        raise AssertionError(f"interrupts: {got}, expected {counts}, stray {stray}")


def intx(device, stray="0"):
    """By level: one interrupt a cause, and again while another cause holds the level."""
    times = random.randint(20, 60)
    device.put("interrupts", "intx")
    device.put("raise", f"0x04 {times}")
    expect_counts(device, [times], stray)
    device.put("raise", f"0x83 {times}")
    expect_counts(device, [4 * times], stray)


def intx_disable(device):
    """The command register's Interrupt Disable holds INTx back, the status register tells of it."""
    device.put("interrupts", "intx")
    command = device.config(5)
    device.set_config(5, command | 0x04)
    device.put("post", "0x01")
    expect_counts(device, [0])
    expect(device.get("status"), "0x1", "pending causes")
    expect(device.config(6) & 0x08, 0x08, "Interrupt Status")
    device.set_config(5, command & ~0x04)
    device.poll("counts", "1 stray 0")
    expect(device.config(6) & 0x08, 0, "Interrupt Status, later")


def msi(device):
    """By message, of one vector: all causes go there."""
    times = random.randint(20, 60)
    device.put("interrupts", "msi 1")
    device.put("raise", f"0x01 {times}")
    device.put("raise", f"0x20 {times}")
    expect_counts(device, [2 * times])


def msix(device, vectors):
    """By message, a number for each cause: vectors that are missing fall to the first one."""
    times = [random.randint(5, 20) for _ in range(CAUSES)]
    expected = times[:vectors]
    expected[0] += sum(times[vectors:])
    device.put("interrupts", f"msix {vectors}")
    for cause, count in enumerate(times):
        device.put("raise", f"{1 << cause:#x} {count}")
    expect_counts(device, expected)


def msix_mask(device):
    """A masked vector becomes pending, once, and is taken when it is unmasked."""
    device.put("interrupts", f"msix {VECTORS}")
    device.put("mask", "3 1")
    device.put("post", "0x08")
    device.poll("pending", "0x8")
    device.put("raise", "0x10 5")
    expect_counts(device, [0, 0, 0, 0, 5, 0, 0, 0])
    device.put("mask", "3 0")
    device.poll("counts", "0 0 0 1 5 0 0 0 stray 0")
    expect(device.get("pending"), "0x0", "pending after it")
    device.put("raise", "0x08 7")
    expect_counts(device, [0, 0, 0, 8, 5, 0, 0, 0])


BASIC = [
    ("INTx", intx),
    ("MSI", msi),
    ("MSI-X, all vectors", msix, VECTORS),
]
FULL = [
    *BASIC,
    ("MSI-X, 3 vectors", msix, 3),
    ("MSI-X, a masked vector", msix_mask),
    ("INTx, after messages", intx),
    ("INTx, disabled and enabled", intx_disable),
]

# Where QEMU stands between eventfd and KVM it takes any access to a BAR for the end of an INTx: a
# driver that reads the cause before it acknowledges gets a second, empty interrupt.
PAST_KVM = [
    ("INTx", intx, STRAYS),
    *BASIC[1:],
    ("MSI-X, a masked vector", msix_mask),
]


def attempt_all(tap, name, device, tests):
    """Runs a list of tests as those above."""
    for what, test, *arguments in tests:
        tap.attempt(f"{name}: {what}", test, device, *arguments, guests=[device.guest])
