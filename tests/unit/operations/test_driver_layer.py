"""The whole layer on every release: a bare host's facts in, what would be done out."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.facts.cuda import CudaState, CudaToolkits
from rigwright.facts.debconf import Debconf
from rigwright.facts.dkms import Dkms
from rigwright.facts.driver import DriverPackages, DriverRemains, Offer, Offers, Place
from rigwright.facts.files import Files
from rigwright.facts.gpus import Gpus, PciGpu
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.modules import Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.smi import Smi
from rigwright.facts.sources import Archive, SourceFile, Sources, SourcesState
from rigwright.spec.cuda import Cuda
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from rigwright.spec.tuning import Tuning
from tasks.cuda import cuda
from tasks.driver import BLACKLIST, PERSISTENCE, driver
from tasks.driver.repository import PREFERENCES, SOURCE
from tests.unit.operations.harness import Step, file, steps
from tests.unit.operations.releases import CODENAMES, RELEASE, UBUNTU

VERSIONS = {"bookworm": "535.309.01-1~deb12u1", "trixie": "550.163.01-2"}


def bare(codename: str, *, branch: int, vendor: bool, signed: bool = True) -> dict[Any, Any]:
    """A fresh installation with one RTX 3090, whose sources are read and offer this branch."""
    release = RELEASE[codename]
    (kernel,) = release.kernels
    origin = "Ubuntu" if codename in UBUNTU else "Debian"
    archive = Place(500, "http://mirror.example/archive x Packages", origin)
    url = catalog().driver.nvidia.url(catalog().release(codename))
    place = Place(500, f"{url}  Packages", "NVIDIA") if vendor else archive
    version = f"{branch}.95.05-1" if vendor else VERSIONS.get(codename, f"{branch}.95.05-0ubuntu0.1")

    def offers(names: list[str]) -> dict[str, Offer]:
        found = {}
        for name in names:
            if name.startswith("linux-modules-nvidia-") and not signed:
                continue
            where = archive if name.startswith("linux-") else place
            what = "6.8.0-1.1" if name.startswith("linux-") else version
            found[name] = Offer(None, what, {what: (where,)})
        return found

    text = f"deb http://mirror.example/archive {codename} main\n"
    fetched = Archive(origin, codename)
    return {
        Release: release,
        Gpus: [PciGpu("0000:03:00.0", "0x2204", 8, 16, "GA102 [GeForce RTX 3090]", "ampere")],
        Sources: SourcesState(
            {"/etc/apt/sources.list": SourceFile(text, "644")},
            {f"mirror.example_archive_dists_{codename}": fetched},
        ),
        Packages: PackagesState(installed={f"linux-image-{next(iter(catalog().release(codename).headers))}": "1"}),
        Kernels: KernelsState(kernel, {kernel: Kernel(False, 100.0)}, "update-initramfs", 50.0, (), kernel),
        Modules: ModulesState(loaded=frozenset({"nouveau"})),
        DriverPackages: {},
        DriverRemains: {},
        Debconf: {},
        Dkms: {},
        Smi: [],
        Offers: offers,
    }


def done(codename: str, facts: dict[Any, Any], **declared: Any) -> dict[str, Step]:
    tuning = declared.pop("tuning", {})
    return steps(driver, Rig(name="x", driver=Driver(**declared), tuning=Tuning(**tuning)), facts)


def text(step: Step) -> str:
    return "\n".join(step.commands)


BRANCH = {"bookworm": 580, "trixie": 590, "jammy": 580, "noble": 580, "resolute": 595}


@pytest.mark.parametrize("codename", CODENAMES)
def test_from_nvidias_repository(codename: str) -> None:
    facts = bare(codename, branch=BRANCH[codename], vendor=True)
    fingerprint = "A" * 40 if codename == "resolute" else None
    found = done(codename, facts, source="nvidia", branch=BRANCH[codename], repository_fingerprint=fingerprint)
    release = catalog().release(codename)
    assert f"URIs: {catalog().driver.nvidia.url(release)}/" in text(found["Add NVIDIA's repository"])
    assert f"Signed-By: {catalog().driver.nvidia.keyring}" in text(found["Add NVIDIA's repository"])
    assert (release.nvidia.fingerprint or fingerprint) in text(found["Fetch the repository's key"])
    pin = text(found["Pin the driver"])
    assert f"Pin: version {BRANCH[codename]}.*\nPin-Priority: 1000" in pin
    assert pin.index("Pin-Priority: -1") < pin.index("Pin-Priority: 1000")
    kernel = RELEASE[codename].kernel_running
    assert f"linux-headers-{kernel}" in text(found["Install headers for every kernel"])
    install = text(found["Install the driver"]).partition("\n<<<\n")[0]
    names = catalog().driver.package_set("nvidia", release, BRANCH[codename], "open").packages
    assert all(f" {name}={BRANCH[codename]}.95.05-1" in install for name in names)
    assert text(found["Keep the kernel's own drivers off the cards"]).count("blacklist ") == 3


@pytest.mark.parametrize("codename", CODENAMES)
def test_from_the_distribution(codename: str) -> None:
    ubuntu = codename in UBUNTU
    branch = {"branch": 580} if ubuntu else {}
    found = done(codename, bare(codename, branch=580, vendor=False), source="distribution", **branch)
    added = text(found["Add the archive's components"])
    _, _, components = added.rpartition(f" {codename} ")
    assert set(components.split()) == {"main", *catalog().release(codename).components}
    assert "Add NVIDIA's repository" not in found
    assert f"Pin: release o={'Ubuntu' if ubuntu else 'Debian'}\nPin-Priority: 1000" in text(found["Pin the driver"])
    install = text(found["Install the driver"]).partition("\n<<<\n")[0]
    if ubuntu:
        kernel = RELEASE[codename].kernel_running
        assert f" linux-modules-nvidia-580-server-open-{kernel}=" in install
        assert " linux-modules-nvidia-580-server-open-generic=" in install
        assert " nvidia-utils-580-server=580.95.05-0ubuntu0.1" in install
        assert "nvidia-dkms" not in install
        assert "Tell the packages not to wait for the old module" not in found
    else:
        assert f"nvidia-kernel-dkms={VERSIONS[codename]}" in shlex.split(install)
        assert "open" not in install
        assert "boolean false" in text(found["Tell the packages not to wait for the old module"])


def test_ubuntu_without_ready_signed_modules_builds_them() -> None:
    found = done("noble", bare("noble", branch=580, vendor=False, signed=False), source="distribution", branch=580)
    install = text(found["Install the driver"]).partition("\n<<<\n")[0]
    assert " nvidia-dkms-580-server-open=580.95.05-0ubuntu0.1" in install
    assert "linux-modules-nvidia" not in install


def test_the_signing_key_nobody_has_vouched_for_is_refused() -> None:
    facts = bare("resolute", branch=595, vendor=True)
    with pytest.raises(Exception, match=r"declare driver\.repository_fingerprint"):
        done("resolute", facts, source="nvidia", branch=595)


def test_a_branch_that_the_repository_does_not_have_is_refused() -> None:
    with pytest.raises(Exception, match="begins with branch 590, and 580 is declared"):
        done("trixie", bare("trixie", branch=590, vendor=True), source="nvidia", branch=580)


def test_source_none_does_nothing() -> None:
    assert done("trixie", bare("trixie", branch=550, vendor=False), source="none") == {}


def test_absent_takes_back_all_that_is_ours_and_nothing_else() -> None:
    ring = catalog().driver.nvidia.keyring
    facts = bare("bookworm", branch=580, vendor=True) | {
        DriverRemains: {"nvidia-driver-cuda": "580.95.05-1", "libcuda1": "580.95.05-1"},
        Files: {path: file() for path in (SOURCE, PREFERENCES, BLACKLIST, PERSISTENCE, ring)},
        Packages: PackagesState(installed={"nvidia-driver-cuda": "580.95.05-1", "htop": "3"}),
    }
    found = done("bookworm", facts, source="nvidia", branch=580, state="absent")
    commands = "\n".join(text(step) for step in found.values())
    assert "--purge remove libcuda1 nvidia-driver-cuda" in commands
    for path in (SOURCE, PREFERENCES, BLACKLIST, PERSISTENCE, ring):
        assert f"rm -f -- {path}" in commands or f" {path}" in text(found["Take back our files"])
    assert "htop" not in commands


def test_absent_keeps_the_repository_for_toolkits_but_lets_it_serve_no_driver() -> None:
    rig = Rig(name="x", driver=Driver(source="nvidia", branch=580, state="absent"), cuda=Cuda(toolkits=["12.8"]))
    found = steps(driver, rig, bare("bookworm", branch=580, vendor=True))
    assert "Remove NVIDIA's repository" not in found
    assert "Pin: release l=NVIDIA CUDA\nPin-Priority: -1" in text(
        found["Keep NVIDIA's repository from serving drivers"]
    )


FINISH = "Finish what dpkg left half done"


@pytest.mark.parametrize(
    ("layer", "alone", "finishes"),
    [(driver, "driver", True), (cuda, "cuda", True), (driver, "base,driver", False), (cuda, "base,cuda", False)],
)
def test_a_layer_without_base_finishes_what_dpkg_left(layer: Any, alone: str, finishes: bool) -> None:
    facts = bare("bookworm", branch=580, vendor=True)
    facts[Packages] = replace(facts[Packages], unfinished={"nvidia-kernel-open-dkms": "iF"})
    facts |= {CudaToolkits: CudaState()}
    rig = Rig(name="x", driver=Driver(source="nvidia", branch=580), cuda=Cuda())
    done = steps(layer, rig, facts, {"layers": alone})
    assert (next(iter(done)) == FINISH) == finishes
    if finishes:
        assert done[FINISH].commands[0].startswith("sh -s --")


def test_headers_come_with_the_driver_and_are_looked_at_after_it() -> None:
    found = done("bookworm", bare("bookworm", branch=580, vendor=True), source="nvidia", branch=580)
    names = list(found)
    assert names.index("Install the driver") < names.index("Install headers for every kernel")
    assert f" linux-headers-{RELEASE['bookworm'].kernel_running} " in text(found["Install the driver"])
