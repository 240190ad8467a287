"""What is declared absent goes, and comes back the same; a layer alone does its own work and no other's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from rigwright.spec.rig import LAYERS
from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, site
from tests.system.state import PACKAGES, state

pytestmark = [pytest.mark.system, pytest.mark.slow]

ABSENT = tuple(
    part
    for key in ("rigd.state", "tuning.state", "access.firewall.state", "access.users.owner.state")
    for part in ("--set", f"{key}=absent")
)


def test_what_is_taken_back_comes_back_the_same(declared_host: tuple[ThrowawayHost, Site]) -> None:
    host, rig = declared_host
    before = _state(host)

    rig.apply(*ABSENT)
    for command in ("plan", "verify"):
        found = rig.document(command, *ABSENT)
        assert found["exit_status"] == 0, changes(found)
    gone = set(before) - set(_state(host))
    for what in ("table inet rigwright {", "owner:1001:1001::/home/owner:/bin/bash", "net.ipv4.tcp_fin_timeout = 30"):
        assert what in gone

    rig.apply()
    plan = rig.document("plan")
    assert plan["exit_status"] == 0, changes(plan)
    assert _state(host) == before


def _state(host: ThrowawayHost) -> list[str]:
    """Without the files that accounts are kept in: their lines come back in another order, and are in it sorted."""
    return [line for line in state(host) if not line.endswith("  -") or line.split()[3] not in ("./group", "./gshadow")]


@dataclass(frozen=True)
class Alone:
    """What a layer does to a bare host, alone.

    ``files``: those of /etc that it makes; ``packages``: what the names of those that it installs begin with;
    ``shared``: what other layers would do as well, and need not any more; ``stays``: of its files those that stay when
    it is taken back, for another layer declares them, too; ``short``: what the proof misses, for others bring it.
    """

    layer: str
    files: Collection[str]
    packages: tuple[str, ...] = ()
    shared: Collection[str] = ()
    stays: Collection[str] = ()
    short: Collection[str] = ()


NVIDIAS = "./apt/sources.list.d/rigwright-nvidia.sources"
ALONE = [
    Alone(
        "tuning",
        files={
            "./modprobe.d/rigwright-options.conf",
            "./security/limits.d/60-rigwright.conf",
            "./sysctl.d/60-rigwright.conf",
            "./systemd/system.conf.d/60-rigwright.conf",
            "./systemd/system/rigwright-cpu-governor.service",
            "./systemd/system/rigwright-gpu-links.service",
        },
        short={"test_persistence_at_boot"},  # the daemon comes with the driver
    ),
    Alone(
        "cuda",
        files={
            NVIDIAS,
            "./ld.so.conf.d/000_cuda.conf",
            "./ld.so.conf.d/988_cuda-12.conf",
            "./ld.so.conf.d/988_cuda-13.conf",
            "./profile.d/rigwright-cuda.sh",
        },
        # gpg with its libraries reads the repository's key.
        packages=("cuda-", "gpg", "libassuan", "libgcrypt", "libgpg-error", "libksba", "libnpth"),
        shared={
            "driver | Install what reads the repository's key",
            "driver | Fetch the repository's key",
            "driver | Add NVIDIA's repository",
            "driver | Fetch the repository's lists",
            "containers | Install what reads repository keys",
        },
        stays={NVIDIAS},
    ),
]


@pytest.mark.parametrize("alone", ALONE, ids=lambda each: each.layer)
def test_a_layer_alone_does_its_own_work_and_is_taken_back(
    tmp_path: Path, vendors: VendorRepositories, alone: Alone
) -> None:
    only = ("--layer", alone.layer)
    with gpu_host("basement", "trixie") as host:
        rig = site(tmp_path, {host: declared(vendors, "trixie")})
        bare, packages, others = _files(host), _packages(host), _left_to_others(rig, alone.layer)

        rig.apply(*only)
        _is_as_declared(rig, alone.short, *only)
        assert {line.split()[3] for line in _files(host) ^ bare} == set(alone.files)
        assert packages <= _packages(host)
        strange = {each for each in _packages(host) - packages if not each.split()[1].startswith(alone.packages)}
        assert not strange
        assert others - _left_to_others(rig, alone.layer) == set(alone.shared)

        absent = (*only, "--set", f"{alone.layer}.state=absent")
        rig.apply(*absent)
        _is_as_declared(rig, (), *absent)
        assert {line.split()[3] for line in _files(host) ^ bare} == set(alone.stays)
        assert not {each for each in _packages(host) - packages if alone.layer in each}


def _is_as_declared(rig: Site, but: Collection[str], *arguments: str) -> None:
    plan = rig.document("plan", *arguments)
    assert plan["exit_status"] == 0, changes(plan)
    proof = rig.document("verify", *arguments)
    short = {each["test"] for each in proof["hosts"][0]["answers"] if each["answer"] == "falls short"}
    assert short == set(but), changes(proof)


def _files(host: ThrowawayHost) -> set[str]:
    return {line for line in state(host) if line.endswith("  -")}


def _packages(host: ThrowawayHost) -> set[str]:
    return set(state(host, PACKAGES))


def _left_to_others(rig: Site, layer: str) -> set[str]:
    """What all other layers would have to do."""
    plan = rig.document("plan", "--layer", ",".join(each for each in LAYERS if each != layer))
    operations = plan["hosts"][0]["operations"]
    return {f"{each['layer']} | {each['name']}" for each in operations if each["status"] != "unchanged"}
