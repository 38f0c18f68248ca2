#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The machines that a vGPU can be part of, and what firmware makes of it.

Arguments: the cases to run, all without any.
"""

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import time

from host import Tap, Vgpu, expect, shell, write
from irqtest import BASIC, FILES, IrqDevice, attempt_all
from nested import BOOT_SECONDS, BUILD, Guest, Timeout, initrd, parse_ppm
from screen import differing, shows

MODE = "1024x768"
FONT = os.path.join(BUILD, "font.psf")
OVMF = "/usr/share/OVMF"
PORT = ["-device", "pcie-root-port,id=root0,chassis=1"]
CAPABILITIES = ("Power Management", "MSI", "MSI-X", "Express")

tap = Tap()


def expected_picture(card):
    """What the test card looks like: (width, height, bytes of RGB)."""
    subprocess.run([os.path.join(BUILD, "bin/testcard"), *card, "--font", FONT,
                    "--output", "/tmp/expected.ppm"], timeout=60, check=True)
    with open("/tmp/expected.ppm", "rb") as picture:
        return parse_ppm(picture.read())


def expect_screen(guest, expected):
    got = guest.screen()
    expect(got[:2], expected[:2], "screen's size")
    if got[2] != expected[2]:
        raise AssertionError(f"{differing(got, expected)} of {got[0] * got[1]} pixels differ")


def capabilities(guest, express):
    """The guest sees the device, its capabilities and its BARs."""
    seen = guest.sh("lspci -nnvv -d 1234:1111")
    expect(len(re.findall(r"\[1234:1111\] \(rev 02\)", seen)), 1, "devices")
    found = set(re.findall(r"Capabilities: \[\w+\] (?:\((?:v\d)\) )?(Power Management|MSI-X|MSI|Express)",
                           seen))
    expect(found, set(CAPABILITIES), "capabilities")
    kind = re.search(r"Express \(v\d\) ([^,]+?)(?:, |$)", seen, re.MULTILINE)
    expect(kind and kind[1], express, "kind of PCI Express device")
    expect(re.findall(r"Region (\d): Memory at \w+ \((\d+)-bit, (\S+)\)(?: \[size=(\w+)\])", seen),
           [("0", "32", "prefetchable", "16M"), ("2", "32", "non-prefetchable", "16K"),
            ("4", "32", "non-prefetchable", "4K")], "BARs")


def picture(guest):
    """Stock bochs draws, and the screen has just that."""
    card = ["--mode", MODE, "--text", guest.name, "--seed", str(random.getrandbits(32))]
    guest.sh(f"testcard {' '.join(card)} --font /font.psf")
    expect_screen(guest, expected_picture(card))


def machine(vgpu, name, express, **options):
    """Everything with a stock driver first, interrupts with the one for testing them."""
    guest = Guest(name, vgpu, initrd("boot", FILES), **options)
    device = IrqDevice(guest)
    with contextlib.closing(guest):
        if not tap.attempt(f"{name}: boots", guest.boot, guests=[guest]):
            return
        tap.attempt(f"{name}: capabilities", capabilities, guest, express, guests=[guest])
        tap.attempt(f"{name}: picture", picture, guest, guests=[guest])
        if tap.attempt(f"{name}: driver gives way", replace_driver, guest, device,
                       guests=[guest]):
            attempt_all(tap, name, device, BASIC)


def replace_driver(guest, device):
    guest.sh("killall testcard")
    device.bind()


def wait_text(guest, *texts, grid):
    """Waits until the screen shows one of the texts; how large it is then."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        screen = guest.screen()
        if any(shows(screen, text, *cells) for cells in grid(*screen[:2]) for text in texts):
            return screen[:2]
        if time.monotonic() > deadline:
            shutil.copy(f"/tmp/{guest.name}.ppm", "/out")
            raise Timeout(f"{texts} not on the screen of {screen[0]}x{screen[1]}")
        time.sleep(1)


def seabios_text(guest):
    """The VGA BIOS for bochs-display draws text of 8x16 from the top left."""
    guest.start()
    for text in ("SeaBIOS (version ", "No bootable device."):
        wait_text(guest, text, grid=lambda width, height: [(16, 0, 0)])


def edk2_grid(width, height):
    """EDK2 draws 8x19 cells in the middle, as many as the console's text mode has."""
    return [(19, (width - 8 * columns) // 2, (height - 19 * rows) // 2)
            for columns, rows in ((80, 25), (100, 31), (width // 8, height // 19))]


def ovmf_text(guest):
    """The firmware takes the mode that the EDID prefers, and ends at one of its prompts."""
    guest.start()
    size = wait_text(guest, "UEFI Interactive Shell v2",
                     "BdsDxe: No bootable option or device was found.", grid=edk2_grid)
    expect(f"{size[0]}x{size[1]}", MODE, "screen's size")


def firmware(vgpu, name, test, **options):
    guest = Guest(name, vgpu, **options)
    with contextlib.closing(guest):
        tap.attempt(f"{name}: shows its text", test, guest, guests=[guest])


def seabios(vgpu, name):
    firmware(vgpu, name, seabios_text, properties=",romfile=vgabios-bochs-display.bin")


def ovmf(vgpu, name):
    """With the interrupt of its timer, the only one, made rare.

    EDK2's interrupt handler writes CR8.  Where the host VM's SVM is emulated,
    QEMU (11.1) aborts the host VM if another interrupt is pending by then.
    """
    write("/sys/module/kvm/parameters/min_timer_period_us", "10000000")
    shutil.copy(f"{OVMF}/OVMF_VARS_4M.fd", "/tmp/vars.fd")
    flash = ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
             "-drive", "if=pflash,format=raw,unit=1,file=/tmp/vars.fd"]
    firmware(vgpu, name, ovmf_text, options=flash)


CASES = {
    "pc": (machine, {"express": "Endpoint", "machine": "pc",
                     "accel": "kvm,kernel-irqchip=split"}),
    "q35": (machine, {"express": "Root Complex Integrated Endpoint"}),
    "root-port": (machine, {"express": "Endpoint", "options": PORT, "properties": ",bus=root0"}),
    "seabios": (seabios, {}),
    "ovmf": (ovmf, {}),
}


def main():
    shell("klog_mark; load_modules")
    with Vgpu() as vgpu:
        for name, (case, options) in CASES.items():
            if name in sys.argv[1:] or not sys.argv[1:]:
                case(vgpu, name, **options)
    tap.attempt("modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
