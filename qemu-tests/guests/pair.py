#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Two guests on one card at once; scan-outs anywhere in VRAM; what reset and sudden death leave.

The guests have no driver for the vGPU: `barcard` draws through its BARs.
"""

import contextlib
import os
import random
import subprocess
import time

from host import Tap, Vgpu, expect, shell
from nested import BUILD, SECONDS, Guest, Timeout, initrd, parse_ppm
from screen import differing

BARCARD = os.path.join(BUILD, "bin/barcard")
REG_SCRATCH = 0x1008
REG_INTR_STATUS = 0x1010
REG_INTR_ENABLE = 0x1014
REG_INTR_RAISE = 0x101c
BAR_VRAM = 0
BAR_REGS = 2

tap = Tap()


def expected_picture(seed, width, height):
    """What barcard draws: (width, height, bytes of RGB)."""
    done = subprocess.run([BARCARD, "ppm", str(seed), str(width), str(height)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    return parse_ppm(done.stdout)


class BarGuest(Guest):
    """A guest that draws through the BARs."""

    def barcard(self, *arguments):
        return self.sh("/barcard " + " ".join(map(str, arguments)))

    def draw(self, width, height, virt_width=0, x=0, y=0):
        """A picture of a new seed in VRAM where scan-out (x, y) would be: the seed."""
        stride = 4 * max(width, virt_width)
        seed = random.getrandbits(32)
        self.barcard("draw", seed, y * stride + 4 * x, stride, width, height)
        return seed

    def show(self, width, height, virt_width=0, x=0, y=0):
        self.barcard("mode", width, height, max(width, virt_width), x, y)

    def expect_screen(self, seed, width, height):
        got, expected = self.screen(), expected_picture(seed, width, height)
        expect(got[:2], expected[:2], f"{self.name}'s screen's size")
        if got[2] != expected[2]:
            raise AssertionError(f"{self.name}: {differing(got, expected)} of {width * height}"
                                 " pixels differ")

    def dirty(self):
        """Leaves traces: a picture, a register, an interrupt that is pending and enabled."""
        self.show(640, 480)
        self.draw(640, 480)
        self.barcard("write", REG_SCRATCH, 0x5eed)
        self.barcard("write", REG_INTR_ENABLE, 1)
        self.barcard("write", REG_INTR_RAISE, 1)
        expect(self.barcard("read", REG_INTR_STATUS), "0x1", "pending causes")


def boot_both(guests):
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.ready()


def side_by_side(one, two):
    """Each draws while the other does; VRAM and screens have what their own guest drew."""
    seeds = {}
    sizes = {one: (800, 600), two: (640, 480)}
    for _ in range(2):
        for guest, size in sizes.items():
            guest.show(*size)
            seeds[guest] = guest.draw(*size)
    for guest, (width, height) in sizes.items():
        guest.expect_screen(seeds[guest], width, height)
        guest.barcard("verify", seeds[guest], 0, 4 * width, width, height)


def offsets(guest):
    """Scan-outs that start at a page, in a page, and with a stride of their own."""
    for width, height, virt_width, x, y in ((320, 200, 0, 0, 0),
                                            (320, 200, 1024, 0, 1),
                                            (320, 200, 1024, 0, 1000),
                                            (320, 200, 1024, 3, 7),
                                            (320, 200, 1200, 3, 7),
                                            (328, 200, 1200, 871, 2500)):
        seed = guest.draw(width, height, virt_width, x, y)
        guest.show(width, height, virt_width, x, y)
        try:
            guest.expect_screen(seed, width, height)
        except AssertionError as wrong:
            raise AssertionError(f"{width}x{height} of {virt_width} at ({x}, {y})") from wrong


def flips(guest):
    """Between pictures of one shape that stay in VRAM: in pages, and across."""
    width, height, virt_width = 512, 300, 1024
    at = [(0, 0), (0, 400), (0, 1000), (5, 1400)]
    seeds = {place: guest.draw(width, height, virt_width, *place) for place in at}
    for _ in range(8):
        place = random.choice(at)
        guest.show(width, height, virt_width, *place)
        guest.expect_screen(seeds[place], width, height)
    place = at[1]
    guest.show(width, height, virt_width, *place)
    seed = guest.draw(width, height, virt_width, *place)
    guest.expect_screen(seed, width, height)


def out_of_vram(guest):
    """A picture that VRAM does not hold is none; the next good one is shown again."""
    guest.show(1024, 768, 1024, 0, 4000)
    guest.screen()
    seed = guest.draw(320, 200)
    guest.show(320, 200)
    guest.expect_screen(seed, 320, 200)


def bars(guest):
    """Waits until the machine's firmware has given the vGPU its BARs: {number: address}."""
    deadline = time.monotonic() + SECONDS
    while True:
        for bus in guest.qmp("query-pci"):
            for device in bus["devices"]:
                if device["qdev_id"] == "vgpu":
                    found = {bar["bar"]: bar["address"] for bar in device["regions"]}
                    if len(found) == 3 and min(found.values()) > 0:
                        return found
        if time.monotonic() > deadline:
            raise Timeout(f"{guest.name}: no BARs")
        time.sleep(0.2)


def expect_fresh(guest, size):
    """Nothing of a former life in VRAM and registers, nor on the display."""
    address = bars(guest)
    path = f"/tmp/{guest.name}.vram"
    guest.qmp("pmemsave", val=address[BAR_VRAM], size=size, filename=path)
    with open(path, "rb") as vram:
        expect(vram.read().count(0), size, "zero bytes of VRAM")
    for register in (REG_SCRATCH, REG_INTR_STATUS, REG_INTR_ENABLE):
        seen = guest.qmp("human-monitor-command", **{
            "command-line": f"xp /1wx {address[BAR_REGS] + register:#x}"})
        expect(seen.split()[1:], ["0x00000000"], f"register {register:#x}")


def reset(one, two):
    """system_reset: the machine that comes up finds the device fresh, the other one its picture."""
    size = (640, 480)
    two.show(*size)
    seed = two.draw(*size)
    one.dirty()
    one.qmp("system_reset")
    one.qmp.wait_event("RESET")
    expect_fresh(one, 16 << 20)
    two.expect_screen(seed, *size)
    two.barcard("verify", seed, 0, 4 * size[0], *size)


def killed(two, vgpu):
    """SIGKILL with a pending interrupt: the next machine with that vGPU finds it fresh."""
    two.dirty()
    two.close()
    expect(vgpu.stats()["vram_mib"], 0, "MiB of VRAM held")
    with Guest("heir", vgpu) as heir:
        try:
            expect_fresh(heir, 4 << 20)
        except Exception:
            tap.diag(*heir.tail())
            raise


def hung(guest):
    """A guest that does not answer is noticed in time, and ends."""
    guest.qmp("stop")
    begun = time.monotonic()
    try:
        guest.sh("true", seconds=2)
    except Timeout:
        pass
    else:
        raise AssertionError("a stopped guest has answered")
    guest.close()
    if time.monotonic() - begun > SECONDS:
        raise AssertionError("it took too long to end")


def main():
    shell("klog_mark; load_modules")
    image = initrd("pair", {"barcard": BARCARD})
    with contextlib.ExitStack() as stack:
        vgpus = [stack.enter_context(Vgpu(kind)) for kind in ("bochs-16m", "bochs-64m")]
        guests = [BarGuest(name, vgpu, image, append="mvgpu.drivers=no")
                  for name, vgpu in zip(("one", "two"), vgpus)]
        for guest in guests:
            stack.callback(guest.close)
        one, two = guests
        if tap.attempt("two guests boot on one card", boot_both, guests, guests=guests):
            for name, test, *arguments in (
                    ("each guest has its own VRAM and screen", side_by_side, one, two),
                    ("framebuffers at offsets, with strides", offsets, one),
                    ("flipped framebuffers", flips, one),
                    ("a framebuffer outside VRAM", out_of_vram, one),
                    ("system_reset leaves the device fresh", reset, one, two),
                    ("so does a SIGKILL", killed, two, vgpus[1]),
                    ("a guest that hangs", hung, one)):
                tap.attempt(name, test, *arguments, guests=guests)
    tap.attempt("modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
