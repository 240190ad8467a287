"""A machine that loses its power anywhere is as declared after the next run, and its file system is sound."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Sequence

import pytest

from sim.vm.machine import Machine
from sim.vm.soundness import what_is_unsound
from tests.system.site import BIN, Site, environment
from tests.system.vm.conftest import Server

SEED = 3090
A_ROUND = 5
"""Cuts before it is looked at whether the machine comes to the declared state."""
OTHERWISE = (
    "tuning.sysctl={'net.ipv4.tcp_fin_timeout': 31}",
    "tuning.kernel_cmdline=['iommu=off']",
    "tuning.module_options.nvidia.NVreg_PreserveVideoMemoryAllocations=0",
    "base.packages={'tree': False, 'nano': True}",
    "base.timezone=Etc/UTC",
    "access.ssh.max_auth_tries=4",
    "runtimes.services.llm.args.threads=1",
)
"""Something in most layers; it takes a package, the initramfs, the boot entries and a reboot."""
LOST = ("/var/lib/rigwright-gateway", "/etc/ssh/ssh_host_rsa_key")


@pytest.fixture
def cuts(request: pytest.FixtureRequest) -> int:
    wanted = request.config.getoption("cuts")
    assert isinstance(wanted, int)
    return wanted


def test_power_cuts(server: Server, cuts: int) -> None:
    """Whichever part of an apply, its reboot or a restore they fall into."""
    chance = random.Random(SEED)
    server.site.apply()
    lasts_s = _lasting(server.site, "apply", "--yes", *_set(OTHERWISE))
    declared: Sequence[str] = ()
    done = 0
    while done < cuts:
        for _ in range(min(A_ROUND, cuts - done)):
            _cut(server, ("apply", "--yes", *_set(declared)), chance.uniform(0, lasts_s))
            done += 1
        server.site.apply(*_set(declared))
        server.is_as_declared(*_set(declared))
        declared = () if declared else OTHERWISE
    server.site.apply()

    machine = server.machine
    machine.power_off()
    assert what_is_unsound(machine) == ""
    machine.start()


def test_power_cuts_in_a_restore(server: Server, cuts: int) -> None:
    machine, site = server.machine, server.site
    site.apply()
    saved = site.rig("backup", "run", "basement")
    assert saved.returncode == 0, saved.stdout + saved.stderr
    before = _content(machine)
    chance = random.Random(SEED)
    restore = ("restore", "basement", "--yes", "--over-newer")
    lasts_s = _lasting(site, *restore)
    for _ in range(max(1, cuts // 6)):
        machine.run(f"rm -rf {LOST[0]}/* ; sync")
        _cut(server, restore, chance.uniform(0, lasts_s))
        again = site.rig(*restore)
        assert again.returncode == 0, again.stdout + again.stderr
        assert _content(machine) == before
    server.is_as_declared()


def _cut(server: Server, arguments: Sequence[str], after_s: float) -> None:
    """Run `rig`, take the machine's power away so many seconds later, and give it back."""
    machine = server.machine
    with subprocess.Popen(
        [str(BIN / "rig"), *arguments], cwd=server.site.project, env=environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as client:  # fmt: skip
        time.sleep(after_s)
        machine.kill()
        said = client.communicate(timeout=300)[0]
    assert "Traceback" not in said, said
    machine.start()
    errors = machine.run("journalctl -k -b --no-pager --grep 'EXT4-fs error|I/O error'", check=False).stdout
    assert "error" not in errors.lower().replace("-- no entries --", ""), errors


def _lasting(site: Site, *arguments: str) -> float:
    began = time.monotonic()
    site.rig(*arguments, check=True)
    return time.monotonic() - began


def _content(machine: Machine) -> str:
    return machine.run(f"cd {LOST[0]} && find . -type f ! -path '*/locks/*' -exec sha256sum {{}} + | sort").stdout


def _set(assignments: Sequence[str]) -> list[str]:
    return [word for each in assignments for word in ("--set", each)]
