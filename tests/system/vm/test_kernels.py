"""Kernels and drivers on a machine that boots them: a module before the boot, another driver by a reboot, and back."""

from __future__ import annotations

import pytest

from sim.repository import driver as stand_in
from sim.vm.machine import Machine
from tests.system.site import said
from tests.system.test_driver import BROKEN
from tests.system.vm.conftest import Server

DRIVER, NEWER = "580.105.08", "590.44.01"
LAYER = ("--layer", "driver")
CLOUD, REAL_TIME = "linux-image-cloud-amd64", "linux-image-rt-amd64"


@pytest.fixture(autouse=True)
def settled(server: Server) -> None:
    """What a container could not take is taken."""
    server.site.apply()
    assert loaded(server.machine) == DRIVER


def test_a_new_kernel_has_its_module_before_it_is_booted(server: Server) -> None:
    machine = server.machine
    install(machine, CLOUD)
    assert "cloud" not in kernel(machine)

    done = server.site.rig("apply", "--yes", *LAYER)

    assert done.returncode == 0, said(done)
    assert "cloud" in kernel(machine), said(done)
    assert loaded(machine) == DRIVER
    server.is_as_declared(*LAYER)


def test_a_kernel_that_cannot_have_the_module_is_not_booted(server: Server) -> None:
    machine = server.machine
    before, boot = kernel(machine), machine.boot_id()
    machine.run(f"echo {BROKEN!r} > /etc/dkms/nvidia-{DRIVER}.conf")
    install(machine, REAL_TIME)

    done = server.site.rig("apply", "--yes", *LAYER)

    assert done.returncode in (1, 2), said(done)
    assert f"nvidia {DRIVER} cannot be built" in done.stdout + done.stderr, said(done)
    assert machine.boot_id() == boot
    # Nobody asks before a power cut.
    machine.kill()
    machine.start()
    assert (kernel(machine), loaded(machine)) == (before, DRIVER)

    machine.run(f"rm /etc/dkms/nvidia-{DRIVER}.conf")
    server.site.apply(*LAYER)
    assert loaded(machine) == DRIVER
    server.is_as_declared(*LAYER)


def test_the_driver_is_upgraded_by_a_reboot_and_taken_back(server: Server) -> None:
    machine = server.machine
    boot = machine.boot_id()
    done = server.site.rig("driver", "upgrade", "basement", "--to", stand_in.branch(NEWER), "--yes")
    assert done.returncode == 0, said(done)
    assert loaded(machine) == NEWER and machine.boot_id() != boot

    back = server.site.rig("driver", "rollback", "basement", "--yes")
    assert back.returncode == 0, said(back)
    assert loaded(machine) == DRIVER
    server.is_as_declared(*LAYER)


def test_a_driver_that_does_not_come_up_is_taken_back_by_itself(server: Server) -> None:
    machine = server.machine
    # It builds and installs, and its module is not taken by the kernel: only the boot shows it.
    hook = f"install nvidia test $(modinfo -F version nvidia) != {NEWER} && modprobe --ignore-install nvidia"
    machine.run("cat > /etc/modprobe.d/zz-refused.conf", input=f"{hook}\n")

    done = server.site.rig("driver", "upgrade", "basement", "--to", stand_in.branch(NEWER), "--yes")

    assert done.returncode == 1, said(done)
    assert "gone back" in done.stdout, said(done)
    assert loaded(machine) == DRIVER
    machine.run("rm /etc/modprobe.d/zz-refused.conf")
    server.site.apply(*LAYER)
    server.is_as_declared(*LAYER)


def install(machine: Machine, package: str) -> None:
    """As `apt upgrade` would bring it; a module that cannot be built makes it fail half way."""
    command = f"apt-get -qq update && apt-get -qq -y --no-install-recommends install {package}"
    machine.run(f"export DEBIAN_FRONTEND=noninteractive; {command}", check=False, timeout=1800)
    assert machine.run(f"dpkg-query -W -f '${{db:Status-Abbrev}}' {package}").stdout.startswith("i")


def kernel(machine: Machine) -> str:
    return machine.run("uname -r").stdout.strip()


def loaded(machine: Machine) -> str | None:
    words = machine.run("cat /proc/driver/nvidia/version", check=False).stdout.split()
    return next((word for word in words if word in stand_in.VERSIONS), None)
