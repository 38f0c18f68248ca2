# SPDX-License-Identifier: GPL-2.0-only
"""The demo's second act, in the host VM: two guests draw by the engine of one card.

Leaves in /out a picture of each guest, and pairs of frames for an animation.
"""

import contextlib
import glob
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from nested import BUILD, Guest, initrd, parse_ppm

MODULE = "mvgpu_raw.ko"
DRAW = "raw-draw"
SIZE = (480, 270)
SHOTS = 12
FRAMES_PER_SHOT = 8
FRAMES = SHOTS * FRAMES_PER_SHOT
SECONDS = 60


def _boot(guests):
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.ready()
        guest.sh(f"insmod /{MODULE}")


def _draw(guests, seeds):
    """Both at once, with a look at the screens every few frames."""
    with ThreadPoolExecutor() as pool:
        for shot in range(SHOTS):
            list(pool.map(lambda guest, seed, first=shot * FRAMES_PER_SHOT: guest.sh(
                f"/{DRAW} show 0 {SIZE[0]} {SIZE[1]} {seed} {first} {FRAMES_PER_SHOT}"),
                guests, seeds))
            for guest in guests:
                guest.qmp("screendump", filename=f"/tmp/{guest.name}-{shot:03}.ppm")


def _compare(guest, seed):
    """The last frame, pixel by pixel, against what the reference makes of the same commands."""
    done = subprocess.run([os.path.join(BUILD, "bin", DRAW), "ppm", *map(str, SIZE), str(seed),
                           str(FRAMES - 1)], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=SECONDS, check=True)
    if guest.screen() != parse_ppm(done.stdout):
        raise RuntimeError(f"{guest.name}'s picture is not what it drew")


def _save(guests):
    """QEMU writes line by line, which is slow on the way out of this VM."""
    for guest in guests:
        guest.qmp("screendump", filename=f"/tmp/{guest.name}.png", format="png")
        for path in [f"/tmp/{guest.name}.png", *glob.glob(f"/tmp/{guest.name}-*.ppm")]:
            shutil.copy(path, "/out")


def act(steps, vgpus, seed):
    """The act: `vgpus` are two, of one card."""
    image = initrd("sharing", {MODULE: os.path.join(BUILD, MODULE),
                               DRAW: os.path.join(BUILD, "bin", DRAW)})
    guests = [Guest(f"guest-{name}", vgpu, image, append="mvgpu.drivers=no")
              for name, vgpu in zip(("one", "two"), vgpus)]
    seeds = [(seed + number) % (1 << 32) for number in range(len(guests))]
    with contextlib.ExitStack() as stack:
        for guest in guests:
            stack.callback(guest.close)
        try:
            with steps.step(f"two guests booted, a {vgpus[0].type} each, with mvgpu_raw"):
                _boot(guests)
            with steps.step(f"each drew {FRAMES} frames by the engine of one card"):
                _draw(guests, seeds)
            with steps.step("both screens compared with the reference, pixel by pixel"):
                for guest, its_seed in zip(guests, seeds):
                    _compare(guest, its_seed)
            with steps.step("pictures brought out"):
                _save(guests)
        except Exception:
            for guest in guests:
                print(f"{guest.name}:", *guest.tail(), sep="\n  ", flush=True)
            raise
