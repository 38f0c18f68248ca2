# SPDX-License-Identifier: GPL-2.0-only
"""Chooses how the host VM is accelerated: TCG or KVM.

The file /dev/kvm proves nothing: some clouds' KVM cannot run ordinary kernels
(QEMU aborts, or the guest dies and QEMU waits for ever), and a KVM without
nesting is of no use here, because the host VM needs KVM inside.  So a VM is
booted, and has to say that its own KVM runs a guest.  The answer is kept until
this machine boots again.

ACCEL=tcg or ACCEL=kvm chooses without asking.
"""

import os
from dataclasses import dataclass

from common import Fail, cache_dir, locked, say

DEVICE = "/dev/kvm"
PROBE_SECONDS = 60


@dataclass
class Acceleration:
    accel: str
    cpu: str


TCG = Acceleration("tcg,thread=multi", "EPYC-v4,+svm,+npt")
KVM = Acceleration("kvm", "host")


def _boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as content:
        return content.read().strip()


def _probe(works):
    """Whether KVM works, from the answer kept for this boot or by trying."""
    path = os.path.join(cache_dir(), "kvm-works")
    with locked(path + ".lock", what="another run that tries KVM"):
        try:
            with open(path, encoding="ascii") as content:
                boot, answer = content.read().split()
            if boot == _boot_id():
                return answer == "yes"
        except (OSError, ValueError):
            pass
        say("trying whether this machine's KVM runs a VM with KVM inside ...")
        answer = works()
        with open(path, "w", encoding="ascii") as content:
            content.write(f"{_boot_id()} {'yes' if answer else 'no'}\n")
        return answer


def choose(works):
    """The acceleration for a VM whose time is not counted.

    `works` boots a VM with KVM and says whether it had KVM inside.
    """
    forced = os.environ.get("ACCEL", "")
    if forced:
        if forced not in ("tcg", "kvm"):
            raise Fail(f"ACCEL={forced}: neither tcg nor kvm", 2)
        return KVM if forced == "kvm" else TCG
    if not os.path.exists(DEVICE):
        say(f"host VM by TCG: no {DEVICE}")
    elif not os.access(DEVICE, os.R_OK | os.W_OK):
        say(f"host VM by TCG: no permission for {DEVICE} (group kvm?)")
    elif not _probe(works):
        say(f"host VM by TCG: {DEVICE} does not run a VM with KVM inside")
    else:
        say("host VM by KVM")
        return KVM
    return TCG
