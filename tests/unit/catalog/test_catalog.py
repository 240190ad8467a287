"""The catalogue holds together, and its names come out whole."""

from __future__ import annotations

import re
from itertools import product

import pytest
from pydantic import ValidationError

from rigwright.catalog import catalog
from rigwright.catalog.driver import Flavour, Source
from rigwright.catalog.releases import Release
from rigwright.spec.containers import Containers

FINGERPRINT = re.compile(r"[0-9A-F]{40}")
RELEASES = list(catalog().releases.values())
SOURCES: tuple[Source, ...] = ("nvidia", "distribution")
FLAVOURS: tuple[Flavour, ...] = ("open", "proprietary")


@pytest.mark.parametrize("name", catalog().gpus)
def test_cards(name: str) -> None:
    gpu = catalog().gpus[name]
    assert gpu.generation in catalog().driver.generations
    assert gpu.nvml.endswith(name)
    assert all(re.fullmatch(r"[0-9a-f]{4}", device) for device in gpu.devices)
    assert (gpu.min_w or 1) <= gpu.default_w <= (gpu.max_w or gpu.default_w)
    plugs = {"6-pin": 75, "8-pin": 150, "EPS": 300, "12VHPWR": 600, "12V-2x6": 600}
    for feed in gpu.feeds:
        carries = sum(plugs[plug] for plug in feed.cables) + catalog().machine.budget.slot_w
        on_a_board = not feed.cables and gpu.default_w > 75  # SXM: the carrier board feeds it
        assert on_a_board or carries >= (feed.default_w or gpu.default_w), feed


def test_device_ids_name_one_card_each() -> None:
    devices = [device for gpu in catalog().gpus.values() for device in gpu.devices]
    assert len(devices) == len(set(devices))


def test_the_reference_cards_figures() -> None:
    gpu = catalog().gpus["GeForce RTX 3090"]
    assert (gpu.devices, gpu.memory_gb, gpu.compute, gpu.generation) == (("2204",), 24, "8.6", "ampere")
    assert gpu.limit_w(["8-pin", "8-pin"]) == 350
    assert gpu.limit_w(["8-pin", "8-pin", "8-pin"]) == 420
    assert gpu.feed(["12VHPWR"]) is None


def test_slots_halve_with_their_neighbours() -> None:
    board = catalog().machine.boards["ASRock X99 WS-E"]
    assert [board.width(slot, frozenset({"PCIE1", "PCIE5"})) for slot in board.slots] == [16, 8, 16, 8, 16, 8, 16]
    everything = frozenset(board.slots)
    assert [board.width(slot, everything) for slot in board.slots] == [16, 8, 8, 8, 8, 8, 8]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.codename)
def test_releases(release: Release) -> None:
    assert release.open_modules or release.open_modules_why
    assert release.nvidia.fingerprint is None or FINGERPRINT.fullmatch(release.nvidia.fingerprint)
    assert (release.nvidia.key_file is None) == (release.nvidia.fingerprint is None)
    url = catalog().driver.nvidia.key_url(release)
    assert url is None or url.endswith(f"/{release.nvidia.directory}/x86_64/{release.nvidia.key_file}")
    kernel = "6.12.117+deb13-amd64" if release.id == "debian" else "6.8.0-50-generic"
    assert release.headers_meta(kernel) in {"linux-headers-amd64", "linux-headers-generic"}
    assert release.headers_of(kernel) == f"linux-headers-{kernel}"
    assert release.headers_meta("6.1.0-custom") is None
    for engine in ("docker", "podman"):
        assert catalog().containers.engine_packages(engine, "distribution", release.codename)  # type: ignore[arg-type]


def test_the_longest_kernel_flavour_is_taken() -> None:
    assert catalog().release("bookworm").headers_meta("6.1.0-56-cloud-amd64") == "linux-headers-cloud-amd64"


def test_an_unverified_key_is_not_made_up() -> None:
    assert catalog().release("resolute").nvidia.fingerprint is None


def test_unknown_releases_are_named_with_those_known() -> None:
    with pytest.raises(KeyError, match="release 'forky' is not in the catalogue, which has bookworm, trixie"):
        catalog().release("forky")


@pytest.mark.parametrize(("source", "release", "flavour"), list(product(SOURCES, RELEASES, FLAVOURS)))
@pytest.mark.parametrize("branch", [550, 580, 590, 615])
def test_package_names_come_out_whole(source: Source, release: Release, flavour: Flavour, branch: int) -> None:
    found = catalog().driver.package_set(source, release, branch, flavour)
    for name in (*found.packages, found.persistence, found.module, found.dkms):
        assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name), name
    assert any("open" in name for name in found.kernel) == (flavour == "open")
    assert found.persistence in found.packages


def test_names_that_need_a_branch_say_so() -> None:
    with pytest.raises(ValueError, match="noble: the driver's package names depend on the branch"):
        catalog().driver.package_set("distribution", catalog().release("noble"), None, "open")


PACKAGES = [
    ("distribution", "trixie", None, "proprietary", ["nvidia-smi", "libcuda1", "nvidia-kernel-dkms"]),
    ("nvidia", "bookworm", 580, "open", ["nvidia-driver-cuda", "nvidia-persistenced", "nvidia-kernel-open-dkms"]),
    ("distribution", "noble", 580, "open", ["nvidia-headless-no-dkms-580-server-open", "nvidia-utils-580-server"]),
    ("nvidia", "noble", 580, "open", ["libnvidia-compute-580", "nvidia-dkms-580-open"]),
    ("nvidia", "noble", 590, "proprietary", ["libnvidia-compute", "nvidia-dkms"]),
]


@pytest.mark.parametrize(("source", "codename", "branch", "flavour", "names"), PACKAGES)
def test_package_sets(source: Source, codename: str, branch: int | None, flavour: Flavour, names: list[str]) -> None:
    found = catalog().driver.package_set(source, catalog().release(codename), branch, flavour)
    assert set(names) <= set(found.packages)


def test_debians_modules_have_their_own_names() -> None:
    trixie = catalog().release("trixie")
    debian = catalog().driver.package_set("distribution", trixie, None, "proprietary")
    assert [debian.module_on_disk(name) for name in ("nvidia", "nvidia_uvm", "nvidia-drm", "nvme")] == [
        "nvidia-current",
        "nvidia-current-uvm",
        "nvidia-current-drm",
        "nvme",
    ]
    vendor = catalog().driver.package_set("nvidia", trixie, 590, "open")
    assert [vendor.module_on_disk(name) for name in ("nvidia", "nvidia_uvm")] == ["nvidia", "nvidia_uvm"]


def test_toolkits() -> None:
    cuda = catalog().cuda
    assert (cuda.package("12.8"), cuda.prefix("12.8")) == ("cuda-toolkit-12-8", "/usr/local/cuda-12.8")
    assert (cuda.least_branch("13.0"), cuda.least_branch("12.99"), cuda.least_branch("10.2")) == (580, 525, None)
    for toolkit in cuda.toolkits:
        floor = cuda.floor_branch[int(toolkit.split(".")[0])]
        assert (cuda.least_branch(toolkit) or 0) >= floor


def test_all_four_packages_of_the_container_toolkit_move_together() -> None:
    versions = catalog().containers.toolkit.versions("1.19.0")
    assert len(versions) == 4
    assert set(versions.values()) == {"1.19.0-1"}


def test_what_is_recommended_is_fit() -> None:
    known = catalog()
    assert known.containers.toolkit.recommended not in known.containers.toolkit.regressions
    assert known.driver.recommended >= max(each.first for each in known.driver.generations.values())
    assert known.driver.recommended >= known.driver.open_modules["first_default"]
    assert Containers().toolkit.version == known.containers.toolkit.recommended


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.codename)
def test_what_a_release_says_of_cdi_follows_from_what_cdi_needs(release: Release) -> None:
    def fit(version: str, needs: str) -> bool:
        return [int(part) for part in version.split(".")] >= [int(part) for part in needs.split(".")]

    engines = catalog().containers
    assert release.docker_cdi == fit(release.docker, engines.docker.cdi["needs"])
    assert release.podman_cdi == fit(release.podman, engines.podman.cdi["needs"])


def test_a_key_that_nobody_reads_is_refused() -> None:
    with pytest.raises(ValidationError):
        Release(**{**catalog().release("trixie").model_dump(), "colour": "red"})
