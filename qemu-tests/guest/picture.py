#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""In the host VM: what a stock guest draws is what the screen shows, pixel by pixel.

The arguments name the seed of the first picture, from which the others' follow.
The number of checks so far goes to /out/count, the last picture to /out/screen.png
and what it has to be to /out/expected.ppm: reading PNG is faster outside.
"""

import os
import shlex
import subprocess
import sys

sys.path.insert(0, "/mvgpu/qemu-tests/guests")

from host import Tap, Vgpu, expect, shell  # noqa: E402  (needs the path above)
from nested import BUILD, Guest, parse_ppm  # noqa: E402
from screen import differing  # noqa: E402

TESTCARD = os.path.join(BUILD, "bin/testcard")
EXPECTED = "/out/expected.ppm"

# Name, mode, further options of the test card, what it says of the mode
CASES = (
    ("a mode of the EDID", "1024x768", [], "listed"),
    ("a mode that no list has", "1304x712", [], "made-up"),
    ("a framebuffer 37 rows into its buffer", "800x600", ["--offset-rows", "37"], "listed"),
    ("one flip", "1024x768", ["--flips", "1"], "listed"),
    ("five flips, at an offset", "1024x768", ["--flips", "5", "--offset-rows", "256"], "listed"),
)

tap = Tap()


def card(mode, text, seed):
    return ["--mode", mode, "--text", text, "--seed", str(seed)]


def expected(arguments):
    """The same drawing made here: (width, height, bytes of RGB)."""
    subprocess.run([TESTCARD, *arguments, "--font", f"{BUILD}/font.psf", "--output", EXPECTED],
                   timeout=120, check=True)
    with open(EXPECTED, "rb") as picture:
        return parse_ppm(picture.read())


def draw(guest, arguments, options, listed):
    """The guest draws instead of what it drew before."""
    guest.sh("killall testcard 2>/dev/null; true")
    said = guest.sh(shlex.join(["testcard", *arguments, "--font", "/font.psf", *options]))
    expect(said.split(", ")[-1], f"{listed} mode", "mode")


def compare(guest, arguments, options, listed):
    draw(guest, arguments, options, listed)
    want, got = expected(arguments), guest.screen()
    expect(got[:2], want[:2], "screen's size")
    if got[2] != want[2]:
        raise AssertionError(f"{differing(got, want)} of {want[0] * want[1]} pixels differ")


def dark(guest):
    """Another seed is another picture: the comparison can fail."""
    other, got = expected(card("1024x768", "another", 1)), guest.screen()
    if got[2] == other[2]:
        raise AssertionError("the screen shows what nobody drew")


def run(seed):
    shell("load_modules")
    with Vgpu("bochs-64m") as vgpu, Guest("guest", vgpu, f"{BUILD}/guest.cpio") as guest:
        if not tap.attempt("the guest boots", guest.ready, guests=[guest]):
            return
        for number, (name, mode, options, listed) in enumerate(CASES):
            arguments = card(mode, f"{mode} {name}", seed + number)
            tap.attempt(name, compare, guest, arguments, options, listed, guests=[guest])
        tap.attempt("another picture is told apart", dark, guest)
        expected(arguments)
        guest.qmp("screendump", filename="/out/screen.png", format="png")
    tap.attempt("the modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")


def main():
    run(int(sys.argv[1]))
    with open("/out/count", "w", encoding="ascii") as count:
        count.write(f"{tap.count}\n")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
