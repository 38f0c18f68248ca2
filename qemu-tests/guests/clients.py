#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The clients of mdev's sysfs, as Debian has them: mdevctl, udev, libvirt, QEMU for a user."""

import contextlib
import json
import os
import pwd
import random
import re
import subprocess
import uuid

from boot import expect_screen, expected_picture
from host import MDEVS, Tap, expect, read, shell, write
from libvirt import (LibvirtGuest, hostdev_xml, refused, run, start_libvirt, start_udev, virsh,
                     wait_for)
from nested import BUILD, Guest

CARD = "mvgpu.0"
TYPE = "mvgpu-bochs-16m"
INSTANCES = 64
NAMESPACE = "/sys/kernel/debug/mdev/devices"
RULES = "/mvgpu/vendor-mvgpu/60-mvgpu.rules"
USER = "libvirt-qemu"
LOCKED_BYTES = "65536"
NODE_XML = """<device><parent>{parent}</parent><capability type='mdev'>
<type id='{type}'/><uuid>{uuid}</uuid></capability></device>"""

tap = Tap()


def exists(name):
    return os.path.exists(os.path.join(MDEVS, name))


def active():
    """mdevctl's view of what is there: {uuid: type}."""
    found = json.loads(run("mdevctl", "list", "--dumpjson"))
    return {name: device["mdev_type"] for parents in found for devices in parents.values()
            for entry in devices for name, device in entry.items()}


def mdevctl_types():
    cards = json.loads(run("mdevctl", "types", "--dumpjson"))
    types = {name: entry for kind in cards[0][CARD] for name, entry in kind.items()}
    expect(sorted(types), ["mvgpu-bochs-16m", "mvgpu-bochs-16m-kvm", "mvgpu-bochs-256m",
                           "mvgpu-bochs-64m", "mvgpu-native-1024m", "mvgpu-native-256m",
                           "mvgpu-native-64m"], "types")
    expect(types[TYPE]["available_instances"], INSTANCES, "available instances")
    expect(types[TYPE]["device_api"], "vfio-pci", "device API")


def mdevctl_transient():
    """Without a definition: started, and gone when it is stopped."""
    name = str(uuid.uuid4())
    run("mdevctl", "start", "-u", name, "-p", CARD, "-t", TYPE)
    expect(active(), {name: TYPE}, "active mdevs")
    refused("mdevctl", "start", "-u", name, "-p", CARD, "-t", TYPE)
    refused("mdevctl", "start", "-u", str(uuid.uuid4()), "-p", CARD, "-t", "mvgpu-none")
    run("mdevctl", "stop", "-u", name)
    expect(active(), {}, "active mdevs")
    refused("mdevctl", "stop", "-u", name)


def mdevctl_defined():
    """With one: it outlives what is started from it, and can be changed."""
    name = str(uuid.uuid4())
    run("mdevctl", "define", "-u", name, "-p", CARD, "-t", TYPE)
    expect(exists(name), False, "existence of an mdev that is defined")
    run("mdevctl", "modify", "-u", name, "--addattr=weight", "--value=300")
    run("mdevctl", "modify", "-u", name, "--addattr=pinned_kib", "--value=4096")
    run("mdevctl", "start", "-u", name)
    expect([read(f"{MDEVS}/{name}/{file}").strip() for file in ("weight", "pinned_kib")],
           ["300", "4096"], "attributes of the definition")
    run("mdevctl", "stop", "-u", name)
    run("mdevctl", "modify", "-u", name, "--delattr", "--index=1")
    run("mdevctl", "modify", "-u", name, "--delattr", "--index=0")
    run("mdevctl", "modify", "-u", name, "-t", "mvgpu-bochs-64m", "--auto")
    expect(run("mdevctl", "list", "-d").split(), [name, CARD, "mvgpu-bochs-64m", "auto"],
           "definition")
    run("mdevctl", "start", "-u", name)
    expect(active(), {name: "mvgpu-bochs-64m"}, "active mdevs")
    run("mdevctl", "stop", "-u", name)
    run("mdevctl", "undefine", "-u", name)
    expect(run("mdevctl", "list", "-d"), "", "definitions")


def mdevctl_auto():
    """The card's uevent has udev start what is defined so.

    Debian's rule looks for mdevctl where it is not.
    """
    if not os.path.exists("/usr/sbin/mdevctl"):
        os.symlink("/usr/bin/mdevctl", "/usr/sbin/mdevctl")
    name = str(uuid.uuid4())
    run("mdevctl", "define", "-u", name, "-p", CARD, "-t", TYPE, "--auto")
    run("rmmod", "mvgpu")
    run("insmod", os.path.join(BUILD, "mvgpu.ko"))
    wait_for("the mdev that is to start with its card", lambda: exists(name))
    run("udevadm", "settle")
    run("mdevctl", "stop", "-u", name)
    run("mdevctl", "undefine", "-u", name)


def node_name(name, parent):
    return "mdev_" + "_".join([name, parent]).replace("-", "_").replace(".", "_")


def nodes(capability):
    return virsh("nodedev-list", "--cap", capability).split()


def nodedev_create():
    """libvirt makes mdevs of parents that are PCI functions."""
    run("rmmod", "mvgpu")
    run("insmod", os.path.join(BUILD, "mvgpu.ko"), "pci=1", "cards=2")
    cards = sorted(os.listdir("/sys/class/mdev_bus"))
    parents = ["pci_" + re.sub(r"[:.]", "_", card) for card in cards]
    expect(len(cards), 2, "cards")
    wait_for("the cards in libvirt's list", lambda: sorted(nodes("mdev_types")) == parents)
    seen = virsh("nodedev-dumpxml", parents[1])
    for part in (f"<type id='{TYPE}'>", "<deviceAPI>vfio-pci</deviceAPI>",
                 f"<availableInstances>{INSTANCES}</availableInstances>"):
        expect(part in seen, True, f"{part} in\n{seen}")

    name = str(uuid.uuid4())
    node = node_name(name, cards[1].replace(":", "_"))
    path = "/tmp/node.xml"
    write(path, NODE_XML.format(parent=parents[1], type=TYPE, uuid=name))
    virsh("nodedev-create", path)
    expect(exists(name), True, "existence of what libvirt creates")
    wait_for("the new device in libvirt's list", lambda: node in nodes("mdev"))
    virsh("nodedev-destroy", node)
    expect(exists(name), False, "existence of what libvirt destroys")
    wait_for("the device to leave libvirt's list", lambda: node not in nodes("mdev"))

    virsh("nodedev-define", path)
    virsh("nodedev-start", node)
    expect(active(), {name: TYPE}, "active mdevs")
    virsh("nodedev-destroy", node)
    virsh("nodedev-undefine", node)


def nodedev_vgpu():
    """A vGPU that mdevctl starts is in libvirt's list, and can be destroyed there."""
    name = str(uuid.uuid4())
    node = node_name(name, CARD)
    run("mdevctl", "start", "-u", name, "-p", CARD, "-t", TYPE)
    wait_for("the vGPU in libvirt's list", lambda: node in nodes("mdev"))
    seen = virsh("nodedev-dumpxml", node)
    for part in (f"<type id='{TYPE}'/>", f"<parent_addr>{CARD}</parent_addr>", "<iommuGroup "):
        expect(part in seen, True, f"{part} in\n{seen}")
    virsh("nodedev-destroy", node)
    expect(exists(name), False, "existence of what libvirt destroys")


def runs_as_user(guest):
    ids = guest.process_status()["Uid"].split()
    expect(set(ids), {str(pwd.getpwnam(USER).pw_uid)}, "QEMU's user")


def picture(guest):
    card = ["--mode", "1024x768", "--text", guest.name, "--seed", str(random.getrandbits(32))]
    guest.sh(f"testcard {' '.join(card)} --font /font.psf")
    expect_screen(guest, expected_picture(card))
    guest.sh("killall testcard")


def start_remove(name):
    return subprocess.Popen(["mdevctl", "stop", "-u", name], stdin=subprocess.DEVNULL)


def is_removing(name):
    return f"{name} removing" in read(NAMESPACE)


def start_vgpu():
    name = str(uuid.uuid4())
    run("mdevctl", "start", "-u", name, "-p", CARD, "-t", TYPE)
    run("udevadm", "settle")
    return name


def still_waits(remover, name):
    wait_for("the removal to begin", lambda: is_removing(name))
    with contextlib.suppress(subprocess.TimeoutExpired):
        raise AssertionError(f"it has ended: {remover.wait(3)}")


def in_use(guest, name):
    """libvirt itself refuses; the kernel waits for a guest that does not answer."""
    said = refused("virsh", "-c", "qemu:///system", "nodedev-destroy", node_name(name, CARD))
    expect("in use" in said, True, "reason in " + said)
    virsh("suspend", guest.name)
    remover = start_remove(name)
    still_waits(remover, name)
    virsh("resume", guest.name)
    expect(remover.wait(120), 0, "status of the removal")
    unplugged(guest, name)


def unplugged(guest, name):
    """What was removed below a root port is hot-unplugged: the guest goes on without."""
    expect(exists(name), False, "existence of the vGPU")
    expect(guest.sh("lspci -n -d 1234:1111"), "", "vGPUs that the guest sees")
    wait_for("libvirt to forget the vGPU",
             lambda: "<hostdev" not in virsh("dumpxml", guest.name))
    expect(guest.is_active(), True, "life of the domain")


def guest_seconds(guest):
    return float(guest.sh("cat /proc/uptime").split()[0])


def plug_and_unplug(guest):
    """Another vGPU comes and goes while the guest runs."""
    name = start_vgpu()
    virsh("attach-device", guest.name, hostdev_xml(name))
    wait_for("the guest to see the new vGPU",
             lambda: guest.sh("lspci -k -d 1234:1111").count("driver in use: bochs"))
    begun = guest_seconds(guest)
    expect(start_remove(name).wait(120), 0, "status of the removal")
    tap.diag(f"removed in {guest_seconds(guest) - begun:.1f} s of guest time")
    unplugged(guest, name)


def domain():
    """A guest of libvirt's; each test needs what the one before leaves."""
    name = start_vgpu()
    guest = LibvirtGuest("domain", name)
    with contextlib.closing(guest):
        for what, test, *arguments in (
                ("libvirt starts a guest, it boots", guest.boot),
                ("its QEMU is not root's", runs_as_user, guest),
                ("its display is the vGPU", picture, guest),
                ("a vGPU in use is removed when the guest answers", in_use, guest, name),
                ("a vGPU is plugged in, and removed", plug_and_unplug, guest)):
            if not tap.attempt(what, test, *arguments, guests=[guest]):
                break
    if exists(name):
        run("mdevctl", "stop", "-u", name)


class Node:
    """What Guest wants to know of a vGPU."""

    def __init__(self, name):
        self.path = os.path.join(MDEVS, name)


def plain_user():
    """QEMU for an ordinary user, on the root bus: the removal waits for its end."""
    name = start_vgpu()
    guest = Guest("user", Node(name))
    with open(guest.log, "wb"):
        os.chmod(guest.log, 0o666)
    guest.argv = ["prlimit", "--memlock=" + LOCKED_BYTES, "setpriv", "--reuid", USER, "--regid",
                  "kvm", "--clear-groups", *guest.argv]
    with guest:
        remover = start_remove(name)
        still_waits(remover, name)
        wait_for("QEMU to say why it does not unplug",
                 lambda: "does not support hotplugging" in "\n".join(guest.tail()))
        guest.quit()
    expect(remover.wait(120), 0, "status of the removal")


def main():
    shell("klog_mark; load_modules")
    run("cp", RULES, "/etc/udev/rules.d/")
    start_udev()
    for name, test in (("mdevctl: types", mdevctl_types),
                       ("mdevctl: start and stop", mdevctl_transient),
                       ("mdevctl: define, modify, start", mdevctl_defined),
                       ("mdevctl: what starts with its card", mdevctl_auto),
                       ("QEMU as an ordinary user, a vGPU on the root bus", plain_user)):
        tap.attempt(name, test)
    if tap.attempt("libvirt starts", start_libvirt):
        tap.attempt("virsh: a vGPU in nodedev-list", nodedev_vgpu)
        domain()
        tap.attempt("virsh: nodedev-create, -destroy, -define, on PCI cards", nodedev_create)
    tap.attempt("modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
