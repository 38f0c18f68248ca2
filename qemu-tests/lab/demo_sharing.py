# SPDX-License-Identifier: GPL-2.0-only
"""The demos' second act: two guests draw by the engine of one card, or through one server."""

import contextlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from nested import BUILD, initrd, parse_ppm

MODULE = "mvgpu_raw.ko"
DRAW = "raw-draw"
APPEND = "mvgpu.drivers=no"
SIZE = (480, 270)
SHOTS = 12
FRAMES_PER_SHOT = 8
FRAMES = SHOTS * FRAMES_PER_SHOT
SECONDS = 60


def image():
    """The initramfs of the act's guests."""
    return initrd("sharing", {MODULE: os.path.join(BUILD, MODULE),
                              DRAW: os.path.join(BUILD, "bin", DRAW)})


def _boot(guests):
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.ready()
        guest.sh(f"insmod /{MODULE}")


def _draw(guests, seeds):
    """Both at once, with a look at the screens every few frames: pairs of what they showed."""
    pairs = []
    with ThreadPoolExecutor() as pool:
        for shot in range(SHOTS):
            list(pool.map(lambda guest, seed, first=shot * FRAMES_PER_SHOT: guest.sh(
                f"/{DRAW} show 0 {SIZE[0]} {SIZE[1]} {seed} {first} {FRAMES_PER_SHOT}"),
                guests, seeds))
            pairs.append(tuple(guest.screen() for guest in guests))
    return pairs


def _compare(guest, shown, seed):
    """The last frame, pixel by pixel, against what the reference makes of the same commands."""
    done = subprocess.run([os.path.join(BUILD, "bin", DRAW), "ppm", *map(str, SIZE), str(seed),
                           str(FRAMES - 1)], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS, check=True)
    if shown != parse_ppm(done.stdout):
        raise RuntimeError(f"{guest.name}'s picture is not what it drew")


def act(steps, guests, what, seed):
    """The act: `guests` are two that have not been started, `what` is what they have.

    Returns pairs of pictures (width, height, bytes of RGB).
    """
    seeds = [(seed + number) % (1 << 32) for number in range(len(guests))]
    with contextlib.ExitStack() as stack:
        for guest in guests:
            stack.callback(guest.close)
        try:
            with steps.step(f"two guests booted, {what}, with mvgpu_raw"):
                _boot(guests)
            with steps.step(f"each drew {FRAMES} frames by its engine"):
                pairs = _draw(guests, seeds)
            with steps.step("both screens compared with the reference, pixel by pixel"):
                for compared in zip(guests, pairs[-1], seeds):
                    _compare(*compared)
        except Exception:
            for guest in guests:
                print(f"{guest.name}:", *guest.tail(), sep="\n  ", flush=True)
            raise
    return pairs
