#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""50 rounds of load, create, open, remove, unload, and 3 with a guest, leave nothing behind.

What says so, and what it would show:
  slab        objects in use in each slab cache, all caches shrunk before: a
              kmalloc'ed object, kernfs node, inode, file that is not freed
  vmalloc     areas of /proc/vmallocinfo: a vmalloc'ed or ioremapped area
  cgroup      bytes of per-CPU memory and vmalloc that the rounds' own memory
              cgroup is still charged with: what was allocated on a user's
              account, undisturbed by the rest of the system
  pages       free pages, caches dropped before: chunks of VRAM and the rest
  modules     the references of the modules below ours
  names       what is left in sysfs, debugfs and /dev/vfio

A leak grows with the rounds and noise does not: a count has to grow by one for
every second round, in the first half of the rounds and in the second.

Arguments: "rounds", "guests", both without any.
"""

import contextlib
import glob
import os
import subprocess
import sys
import time

from host import PARENT, Tap, Vgpu, read, shell, write
from nested import BUILD, Guest

WARM_UP = 5
ROUNDS = 50
GUEST_ROUNDS = 3
KINDS = ("bochs-16m", "bochs-256m")
CGROUP = "/sys/fs/cgroup/rounds"
MODULES = "/tmp/modules"
PAGE = 4096

# Free pages come and go for many reasons: this is to catch VRAM, which is
# allocated in chunks of 2 MiB.
PAGES_PER_ROUND = (64 << 10) // PAGE
GUEST_PAGES = (2 << 20) // PAGE
SETTLE_TRIES = 15

tap = Tap()


def load():
    for module in ("mdev", "mvgpu"):
        subprocess.run(["insmod", f"{MODULES}/{module}.ko"], check=True, timeout=60)


def unload():
    for module in ("mvgpu", "mdev"):
        subprocess.run(["rmmod", module], check=True, timeout=60)


def one_round():
    """All that a user does with our modules; the programs leave everything open when they exit."""
    load()
    with contextlib.ExitStack() as stack:
        vgpus = [stack.enter_context(Vgpu(kind)) for kind in KINDS]
        for vgpu in vgpus:
            vgpu.stats()
            subprocess.run([f"{BUILD}/bin/tour", vgpu.uuid], check=True, timeout=60,
                           stdout=subprocess.DEVNULL)
    unload()


def rounds(count):
    """In a child, in the cgroup: what is charged there afterwards is left over."""
    child = os.fork()
    if not child:
        status = 1
        try:
            write(f"{CGROUP}/cgroup.procs", str(os.getpid()))
            for _ in range(count):
                one_round()
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("a round has failed")


def slabs():
    """Objects in use by cache; a shrunk cache has no free ones that count as used."""
    for control in glob.glob("/sys/kernel/slab/*/shrink"):
        with contextlib.suppress(OSError):
            write(control, "1")
    lines = read("/proc/slabinfo").splitlines()[2:]
    return {f"slab {name}": int(used) for name, used, *_ in map(str.split, lines)}


def cgroup():
    """Bytes charged to the rounds' cgroup."""
    kinds = ("percpu", "vmalloc")
    lines = map(str.split, read(f"{CGROUP}/memory.stat").splitlines())
    return {f"cgroup {name}": int(value) for name, value in lines if name in kinds}


def vmalloc():
    return {"vmalloc areas": len(read("/proc/vmallocinfo").splitlines())}


def free_pages():
    for line in read("/proc/vmstat").splitlines():
        name, value = line.split()
        if name == "nr_free_pages":
            return int(value)
    raise RuntimeError("no nr_free_pages")


def settle():
    """Frees what may be freed: caches, and what waits for a grace period."""
    os.sync()
    for _ in range(2):
        write("/proc/sys/vm/drop_caches", "3")
        write("/proc/sys/vm/compact_memory", "1")
        time.sleep(0.5)


def counts():
    settle()
    used = {**slabs(), **cgroup(), **vmalloc()}
    return used, free_pages()


def module_references():
    """References by module, without the load address."""
    lines = map(str.split, read("/proc/modules").splitlines())
    return {name: (refs, users) for name, _, refs, users, *_ in lines}


def names():
    """What a user can see of us."""
    seen = [path for path in (PARENT, "/sys/class/mdev_bus", "/sys/bus/mdev", "/sys/module/mdev",
                              "/sys/module/mvgpu", "/sys/kernel/debug/mvgpu",
                              "/sys/bus/platform/drivers/mvgpu") if os.path.exists(path)]
    return seen + sorted(glob.glob("/dev/vfio/*") + glob.glob("/sys/kernel/iommu_groups/*")
                         + glob.glob("/sys/devices/platform/mvgpu*")
                         + glob.glob("/sys/class/vfio/*"))


def growing(before, middle, after, least):
    """The counts that have grown by `least` or more, twice."""
    return [f"{name}: {before.get(name, 0)}, {middle[name]}, {after[name]}"
            for name in after if name in middle
            if middle[name] - before.get(name, 0) >= least and after[name] - middle[name] >= least]


def report(name, lines):
    tap.ok(not lines, name, *lines)


def without_guest():
    rounds(WARM_UP)
    half = ROUNDS // 2
    references, seen = module_references(), names()
    used = [counts()]
    for _ in range(2):
        rounds(half)
        used.append(counts())
    (before, free0), (middle, free1), (after, free2) = used
    limit = PAGES_PER_ROUND * half
    report(f"{ROUNDS} rounds: slab caches, cgroup, vmalloc areas do not grow",
           growing(before, middle, after, half // 2))
    tap.ok(free0 - free1 < limit or free1 - free2 < limit, f"{ROUNDS} rounds: nor do pages",
           f"free: {free0}, {free1}, {free2}")
    tap.diag(f"free pages: {free0}, {free1}, {free2}")
    report(f"{ROUNDS} rounds: references of other modules are as before",
           differences(references, module_references()))
    report(f"{ROUNDS} rounds: no name of ours is left", differences(seen, names()))


def differences(before, after):
    return [] if before == after else [f"before: {before}", f"after: {after}"]


def firmware_round():
    """As little of a guest as there is, to have all caches of QEMU's and KVM's made."""
    load()
    with Vgpu() as vgpu, Guest("warm-up", vgpu) as guest:
        guest.screen()
        guest.quit()
    unload()


def guest_round(image):
    load()
    with Vgpu() as vgpu:
        with Guest("leak", vgpu, image) as guest:
            guest.ready()
            guest.sh("testcard --mode 1024x768 --text leak --font /font.psf")
            guest.screen()
            guest.quit()
    unload()


def are_free_again(free):
    """Whether a guest has left none behind; the first one fills caches of the kernel's own."""
    return any(free[n] - free[n + 1] < GUEST_PAGES for n in range(GUEST_ROUNDS - 1))


def with_guests():
    image = os.path.join(BUILD, "guest.cpio")
    firmware_round()
    references, seen = module_references(), names()
    before, _ = counts()
    free = []
    for _ in range(GUEST_ROUNDS):
        guest_round(image)
        after, pages = counts()
        free.append(pages)
    # What is leaked never comes back; what the kernel keeps for a while does.
    for _ in range(SETTLE_TRIES):
        if are_free_again(free):
            break
        settle()
        free[-1] = max(free[-1], free_pages())
    tap.ok(are_free_again(free), f"{GUEST_ROUNDS} guests: pages are free again", f"free: {free}")
    tap.diag(f"free pages: {free}")
    own = [name for name in after if "kvm" in name or "vfio" in name]
    report(f"{GUEST_ROUNDS} guests: no object of KVM's or VFIO's is left",
           [f"{name}: {before.get(name, 0)}, {after[name]}" for name in own
            if after[name] > before.get(name, 0)])
    report(f"{GUEST_ROUNDS} guests: references of other modules are as before",
           differences(references, module_references()))
    report(f"{GUEST_ROUNDS} guests: no name of ours is left", differences(seen, names()))


def main():
    shell(f"klog_mark; load_modules && unload_modules && mkdir -p {MODULES} {CGROUP} &&"
          f" strip --strip-debug -o {MODULES}/mdev.ko $B/mdev.ko &&"
          f" strip --strip-debug -o {MODULES}/mvgpu.ko $B/mvgpu.ko &&"
          " echo +memory > /sys/fs/cgroup/cgroup.subtree_control")
    for name, test in (("rounds", without_guest), ("guests", with_guests)):
        if name in sys.argv[1:] or not sys.argv[1:]:
            tap.attempt(f"{name}: all done", test)
    tap.attempt("KVM and VFIO unload", shell,
                "modprobe -r vfio_iommu_type1 vfio kvm_amd || modprobe -r kvm_intel")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
