#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The engine as guests use it: commands, interrupts, errors, resets; a guest beside a hostile one.

The guests have mvgpu_raw, and programs of qemu-tests/raw/ that print TAP.
"""

import contextlib
import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from host import Tap, Vgpu, expect, shell
from nested import BUILD, RELEASE, SECONDS, Guest, initrd, parse_ppm
from screen import differing

MODULE = "mvgpu_raw.ko"
PROGRAMS = ("barcard", "raw-commands", "raw-draw", "raw-errors", "raw-hostile", "raw-irq")
# A guest's kernel is a stock one, whichever the host VM has.
STOCK_BUILD = os.path.join(os.path.dirname(BUILD), ".".join(RELEASE.split(".")[:2]))
FILES = {MODULE: os.path.join(STOCK_BUILD, MODULE),
         **{name: os.path.join(BUILD, "bin", name) for name in PROGRAMS}}
ROUNDS = 30
MODE = "320 200"
FRAMES = 10
PROGRAM_SECONDS = 240
BOCHS = ",addr=0x11"
RING_CTRL, RING_STATE, RING_ORDER = 0x1100, 0x1104, 0x1110


def start(guest, command):
    """Runs a program in a guest: its status and output, and how long it took."""
    begun = time.monotonic()
    return *guest.try_sh("/" + command, PROGRAM_SECONDS), time.monotonic() - begun


def relay(tap, guest, command, status, output, took):
    """Its checks are checks of this test."""
    if not tap.relay(f"{guest.name}: {command}", status, output):
        tap.diag(*guest.tail())
    tap.diag(f"{took:.1f} s")


def run(tap, guest, command):
    relay(tap, guest, command, *start(guest, command))


def load(guest):
    guest.sh(f"insmod /{MODULE}")


def bind_bochs(guest):
    """The vGPU that looks like bochs-display is bound by hand: its device is the second one.

    A ring that somebody has left on, as before a kexec, is off before it could go on.
    """
    path = guest.sh("for d in /sys/bus/pci/devices/*; do"
                    " [ $(cat $d/device) = 0x1111 ] && echo $d; done; true")
    expect(guest.sh(f"[ -e {path}/driver ] || echo free"), "free", "bochs type")
    guest.sh(f"/barcard write {RING_ORDER:#x} 4 && /barcard write {RING_CTRL:#x} 1")
    expect(guest.sh(f"/barcard read {RING_STATE:#x}"), "0x1", "a ring that is left on")
    guest.sh(f"echo mvgpu_raw > {path}/driver_override")
    bind = f"basename {path} > /sys/bus/pci/drivers/mvgpu_raw/"
    guest.sh(bind + "bind && " + bind + "unbind")
    expect(guest.sh(f"/barcard read {RING_STATE:#x}"), "0", "the ring after a driver")
    expect(guest.sh(f"od -A n -t u1 -j 4 -N 1 {path}/config").strip(), "2",
           "Command after a driver: no bus master")
    guest.sh(bind + "bind")


def boot(guests):
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.ready()
        load(guest)


def picture(seed):
    """What raw-draw has to show: (width, height, bytes of RGB)."""
    done = subprocess.run([os.path.join(BUILD, "bin/raw-draw"), "ppm", *MODE.split(), str(seed),
                           str(FRAMES - 1)], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS, check=True)
    return parse_ppm(done.stdout)


def expect_picture(guest, wanted):
    shown = guest.screen()
    expect(shown[:2], wanted[:2], f"{guest.name}'s screen's size")
    if shown[2] != wanted[2]:
        raise AssertionError(f"{guest.name}: {differing(shown, wanted)} pixels differ")


def animate(guest, seed):
    """Lets a guest draw: picture() is what it shows then."""
    expect(guest.sh(f"/raw-draw show 0 {MODE} {seed} 0 {FRAMES}"), f"{FRAMES} frames", "raw-draw")


def draws(guest, seed, wanted):
    animate(guest, seed)
    expect_picture(guest, wanted)


def beside_a_hostile(tap, good, bad):
    """What one guest does is right while the other one writes garbage."""
    command = f"raw-hostile 0 {ROUNDS}"
    with ThreadPoolExecutor() as pool:
        garbage = pool.submit(start, bad, command)
        while not garbage.done():
            run(tap, good, "raw-commands 0 20")
        relay(tap, bad, command, *garbage.result())


def unload(guests):
    for guest in guests:
        guest.sh("rmmod mvgpu_raw")
        expect(guest.sh("dmesg -r | grep -e '^<[0-4]>.*mvgpu' -e 'WARNING: ' -e 'BUG: ' |"
                        " grep -v -e 'taint' -e ': resetting$'; true"), "",
               f"{guest.name}'s kernel log")


def main():
    tap = Tap()
    shell("klog_mark; load_modules")
    image = initrd("engine", FILES)
    with contextlib.ExitStack() as stack:
        first, second, bochs = (stack.enter_context(Vgpu(kind)) for kind in
                                ("native-64m", "native-256m", "bochs-16m"))
        options = ["-device", f"vfio-pci,sysfsdev={bochs.path}{BOCHS}"]
        good = Guest("good", first, image, append="mvgpu.drivers=no", options=options)
        bad = Guest("bad", second, image, append="mvgpu.drivers=no")
        guests = (good, bad)
        for guest in guests:
            stack.callback(guest.close)
        if tap.attempt("two guests boot, with the raw driver", boot, guests, guests=guests):
            run(tap, good, "raw-commands 0 40")
            run(tap, good, "raw-irq 0")
            run(tap, good, "raw-errors 0")
            tap.attempt("a bochs type is bound by hand", bind_bochs, good, guests=[good])
            run(tap, good, "raw-commands 1 10")
            seed = random.getrandbits(32)
            wanted = picture(seed)
            tap.attempt("a guest draws by the engine", draws, good, seed, wanted, guests=[good])
            beside_a_hostile(tap, good, bad)
            tap.attempt("its picture is what it was", expect_picture, good, wanted)
            tap.attempt("the driver is unloaded", unload, guests, guests=guests)
    tap.attempt("modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
