"""One driver after another on a real host: versions, flavours and sources change whole, and what fails is put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "driver", "--layer", "cuda")
DECLARED: dict[str, Any] = {
    "driver": {"source": "nvidia", "version": "580.105.08"},
    "cuda": {"toolkits": ["12.8", "13.0"], "default": "12.8"},
    "containers": {"state": "absent", "toolkit": {"state": "absent"}},
}
BROKEN = 'MAKE[0]="echo /build/nv-pci.c:237:9: error: too few arguments to function; false"'
"""What DKMS is told to run instead of the compiler."""


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories
) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host that is to have driver 580 and two toolkits from the stand-in of NVIDIA's repository."""
    with gpu_host("basement", request.param) as host:
        repository = vendors.declaration(request.param)["driver"]
        declared = {**DECLARED, "driver": {**DECLARED["driver"], **repository}}
        found = site(tmp_path_factory.mktemp("driver"), {host: declared})
        yield host, found


@pytest.fixture
def server(made: tuple[ThrowawayHost, Site]) -> tuple[ThrowawayHost, Site]:
    """The host, in the declared state."""
    made[1].apply(*LAYERS)
    return made


def packages(host: ThrowawayHost) -> str:
    """Every package that has to do with the driver, its state, version and hold."""
    return host.run(
        "dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\\n' | grep -E 'nvidia|cuda' || true"
    ).stdout


def is_as_declared(rig: Site, *changed: str) -> None:
    proof = rig.document("verify", *LAYERS, *changed)
    assert proof["exit_status"] == 0, changes(proof)
    plan = rig.document("plan", *LAYERS, *changed)
    assert plan["exit_status"] == 0, changes(plan)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(("driver.version=580.95.05",), id="an older version"),
        pytest.param(("driver.version=null", "driver.branch=590"), id="a newer branch"),
        pytest.param(("driver.flavour=proprietary",), id="the other flavour"),
        pytest.param(('cuda.toolkits=["12.8"]', "cuda.default=null"), id="one toolkit less"),
        pytest.param(("driver.state=absent", "cuda.state=absent"), id="none at all"),
    ],
)
def test_it_changes_whole_and_back(server: tuple[ThrowawayHost, Site], changed: tuple[str, ...]) -> None:
    host, rig = server
    before = packages(host)
    settings = tuple(part for each in changed for part in ("--set", each))
    rig.apply(*LAYERS, *settings)
    is_as_declared(rig, *settings)
    assert packages(host) != before
    rig.apply(*LAYERS)
    is_as_declared(rig)
    assert packages(host) == before


def test_what_an_interrupted_removal_of_a_toolkit_left_goes(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    before = packages(host)
    host.run("dpkg --remove --force-hold --force-depends cuda-toolkit-13-0")
    assert "cuda-nvcc-13-0" in packages(host)
    fewer = ("--set", 'cuda.toolkits=["12.8"]')
    proof = rig.document("verify", *LAYERS, *fewer)
    assert proof["exit_status"] == 1, "the parts are there"
    rig.apply(*LAYERS, *fewer)
    assert "13-0" not in packages(host)
    is_as_declared(rig, *fewer)
    rig.apply(*LAYERS)
    is_as_declared(rig)
    assert packages(host) == before


def test_a_newer_driver_that_cannot_be_built_is_put_back(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    before = packages(host)
    modules = host.run("dkms status").stdout
    host.run(f"echo {BROKEN!r} > /etc/dkms/nvidia-590.44.01.conf")

    applied = rig.document("apply", "--yes", *LAYERS, "--set", "driver.version=590.44.01")

    assert applied["exit_status"] == 1
    (error,) = [each["error"] for each in applied["hosts"][0]["operations"] if each["status"] == "failed"]
    assert "kernel module nvidia 590.44.01 cannot be built for kernel" in error
    assert "nv-pci.c:237:9: error: too few arguments" in error
    assert "apt and dpkg are in order" in error
    assert host.run("dpkg --audit").stdout == ""
    assert host.run("dkms status").stdout == modules
    host.run("rm /etc/dkms/nvidia-590.44.01.conf")
    rig.apply(*LAYERS)
    is_as_declared(rig)
    assert packages(host) == before


def test_a_missing_dependency_comes_back_though_the_branch_has_a_newer_release(
    server: tuple[ThrowawayHost, Site],
) -> None:
    host, rig = server
    rig.apply(*LAYERS, "--set", "driver.version=580.95.05")
    branch = ("--set", "driver.version=null", "--set", "driver.branch=580")
    rig.apply(*LAYERS, *branch)
    before = packages(host)
    assert " libcuda1 580.95.05-1" in before
    host.run("apt-get -qq -y --allow-change-held-packages purge libcuda1 nvidia-driver-cuda")

    rig.apply(*LAYERS, *branch)

    is_as_declared(rig, *branch)
    assert packages(host) == before


def test_an_old_driver_that_cannot_be_built_does_not_keep_its_replacement_out(
    server: tuple[ThrowawayHost, Site],
) -> None:
    host, rig = server
    host.run("dkms unbuild nvidia/580.105.08 --all && apt-get -qq -y purge 'linux-headers-*' gpg")
    host.run(f"echo {BROKEN!r} > /etc/dkms/nvidia-580.105.08.conf")
    host.run("apt-get -qq -y install linux-headers-amd64 || true")
    assert "linux-headers-amd64" in host.run("dpkg --audit").stdout
    newer = ("--set", "driver.version=590.44.01")

    rig.apply(*LAYERS, *newer)

    is_as_declared(rig, *newer)
    host.run("rm /etc/dkms/nvidia-580.105.08.conf")
    rig.apply(*LAYERS)
    is_as_declared(rig)


def test_dpkg_left_half_done_by_somebody_else_is_named(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    host.run(f"echo {BROKEN!r} > /etc/dkms/nvidia.conf")
    host.run("apt-get -qq -y --allow-change-held-packages --reinstall install nvidia-kernel-open-dkms || true")
    assert "nvidia-kernel-open-dkms" in host.run("dpkg --audit").stdout

    applied = rig.document("apply", "--yes", "--layer", "base")

    assert applied["exit_status"] == 1
    (error,) = [each["error"] for each in applied["hosts"][0]["operations"] if each["status"] == "failed"]
    assert "nvidia 580.105.08 cannot be built" in error and "rig apply --layer driver" in error
    host.run("rm /etc/dkms/nvidia.conf")
    rig.apply(*LAYERS)
    is_as_declared(rig)
