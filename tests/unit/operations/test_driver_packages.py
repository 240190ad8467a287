"""The driver's packages: what is installed, held, purged, repaired; facts in, commands out."""

from __future__ import annotations

import pytest

from rigwright.catalog import catalog
from rigwright.choice.cards import unknown_cards
from rigwright.facts.debconf import Debconf
from rigwright.facts.driver import DriverPackages, DriverRemains, Offer, Offers, Place
from rigwright.facts.gpus import PciGpu
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.operations import apt, debconf, refusal
from rigwright.operations.driver import packages
from tests.unit.operations.driver_hosts import (
    CARD,
    DEBIAN,
    HOST,
    NEW,
    OFFERS,
    SET,
    VENDOR,
    VERSION,
    WHOLE,
    have,
    offered,
    wanted,
)
from tests.unit.operations.harness import Case, run


def nvidias(version: str) -> dict[str, Offer]:
    """What NVIDIA's repository for bookworm offers of its driver 580."""
    what = wanted("bookworm", source="nvidia", branch=580)
    return offered(version, *what.packages.packages, place=Place(500, f"{what.repository}  Packages", "NVIDIA"))


PACKAGES = [
    Case("installed: all there", packages.installed, {"wanted": DEBIAN}, {**HOST, DriverPackages: WHOLE}),
    Case(
        "installed: bare host",
        packages.installed,
        {"wanted": DEBIAN},
        {**HOST, DriverPackages: {}},
        has=[
            "sh -s -- '' --purge --no-install-recommends --allow-downgrades --allow-change-held-packages ",
            "nvidia-kernel-dkms=550.163.01-2",
            "libcuda1=550.163.01-2",
            'apt install "$@"',
        ],
        lacks=["nvidia-open-kernel-dkms"],
    ),
    Case(
        "installed: only what is missing",
        packages.installed,
        {"wanted": DEBIAN},
        {**HOST, DriverPackages: {name: found for name, found in WHOLE.items() if name != "nvidia-smi"}},
        has=[
            " linux-headers-amd64 nvidia-smi=550.163.01-2\n",
            # what comes along by dependence, in the version of the rest
            "Pin: version 550.163.01*Pin-Priority: 1001",
            '-o Dir::Etc::preferences="$work/preferences" "$@"',
        ],
        lacks=["libcuda1="],
        why=["driver 550.163.01: nvidia-smi absent, wanted 550.163.01-2", "linux-headers-amd64: absent"],
    ),
    Case(
        "installed: kernels' missing headers come along, not before, where they would have the old driver built",
        packages.installed,
        {"wanted": wanted("bookworm", source="nvidia", branch=580)},
        {
            **HOST,
            Kernels: KernelsState(NEW, {NEW: Kernel(False, 100.0)}),
            Packages: PackagesState(installed={"linux-image-amd64": "1", "linux-headers-amd64": "1"}),
            DriverPackages: have("535.309.01-1", "nvidia-kernel-dkms"),
            Offers: nvidias("580.105.08-1")
            | offered("1", "linux-image-amd64", "linux-headers-amd64", f"linux-headers-{NEW}"),
        },
        has=[f" linux-headers-{NEW} nvidia-driver-cuda=580.105.08-1 "],
    ),
    Case(
        "installed: another source's packages go",
        packages.installed,
        {"wanted": DEBIAN},
        {
            **HOST,
            DriverPackages: WHOLE | have("580.105.08-1", "nvidia-driver-cuda"),
            Offers: OFFERS | offered("580.105.08-1", "nvidia-driver-cuda", place=VENDOR),
        },
        has=[" nvidia-driver-cuda-\n"],
        why=[
            "driver 550.163.01: as it should be, but not alone",
            "nvidia-driver-cuda 580.105.08-1 of another source, wanted absent: drivers do not mix",
        ],
    ),
    Case(
        "installed: refuses what no source offers",
        packages.installed,
        {"wanted": wanted("trixie", source="distribution", version="550.1.1")},
        {**HOST, DriverPackages: {}},
        refuses="trixie's archive offers no driver 550.1.1: it has 550.163.01",
    ),
    Case("offered: it is", packages.offered, {"wanted": DEBIAN}, {**HOST, DriverPackages: {}}),
    Case(
        "offered: it is not",
        packages.offered,
        {"wanted": wanted("trixie", source="distribution", version="550.1.1")},
        {**HOST, DriverPackages: {}},
        refuses="trixie's archive offers no driver 550.1.1",
    ),
    Case("unmixed: one source", packages.unmixed, {"wanted": DEBIAN}, {**HOST, DriverPackages: WHOLE}),
    Case(
        "unmixed: leftovers",
        packages.unmixed,
        {"wanted": DEBIAN},
        {
            **HOST,
            DriverPackages: WHOLE | have("580.105.08-1", "nvidia-settings", "libxnvctrl0"),
            Packages: PackagesState(held=frozenset({"libxnvctrl0", "nvidia-smi", "docker-ce"})),
            Offers: OFFERS | offered("580.105.08-1", "nvidia-settings", "libxnvctrl0", place=VENDOR),
        },
        has=["sh -s -- 'libxnvctrl0 nvidia-smi' --purge --no-install-recommends", "nvidia-settings- libxnvctrl0-\n"],
    ),
    Case("held: all", packages.held, {}, {DriverPackages: WHOLE, Packages: PackagesState(held=frozenset(SET))}),
    Case(
        "held: one released",
        packages.held,
        {},
        {DriverPackages: WHOLE, Packages: PackagesState(held=frozenset(SET) - {"libcuda1"})},
        commands=["apt-mark hold libcuda1"],
        why=["not held: libcuda1"],
    ),
    Case("purged: nothing there", packages.purged, {}, {DriverRemains: {}}),
    Case(
        "purged: packages and what is left of them",
        packages.purged,
        {},
        {DriverRemains: {"nvidia-smi": VERSION, "nvidia-persistenced": "configuration left"}},
        has=["--allow-change-held-packages --purge remove nvidia-persistenced nvidia-smi"],
        why=["installed, wanted absent: nvidia-persistenced, nvidia-smi"],
    ),
]
QUESTION = {"package": "nvidia-support", "question": "nvidia-support/check", "kind": "boolean", "answer": "false"}
OTHER = [
    Case("debconf: answered", debconf.answered, QUESTION, {Debconf: {"nvidia-support/check": "false"}}),
    Case(
        "debconf: not answered",
        debconf.answered,
        QUESTION,
        {Debconf: {"nvidia-support/check": "true"}},
        commands=["echo 'nvidia-support nvidia-support/check boolean false' | debconf-set-selections"],
        why=["nvidia-support/check: true, wanted false"],
    ),
    Case("repaired: nothing unfinished", apt.repaired, {}, {Packages: PackagesState()}),
    Case(
        "repaired: what was interrupted is finished, and a module that cannot be built is named",
        apt.repaired,
        {},
        {Packages: PackagesState(unfinished={"linux-headers-amd64": "iU", "nvidia-kernel-dkms": "iF"})},
        has=[
            "sh -s --\n",
            "&& env LC_ALL=C DEBIAN_FRONTEND=noninteractive dpkg --force-confdef",
            "check 2>&1) || case $said in *'frontend lock'*)",
            "-f install",
            "cannot be built for kernel",
        ],
        why=["dpkg left unfinished: linux-headers-amd64, nvidia-kernel-dkms"],
    ),
    Case(
        "repaired: a module that cannot be built does not stop its replacement",
        apt.repaired,
        {"modules_may_fail": True},
        {Packages: PackagesState(audit=True)},
        has=["sh -s -- modules-may-fail\n"],
        why=["dpkg left unfinished: an interrupted run"],
    ),
    Case("refused", refusal.refused, {"text": "no driver can be had"}, refuses="no driver can be had"),
]


@pytest.mark.parametrize("case", [*PACKAGES, *OTHER], ids=str)
def test_packages(case: Case) -> None:
    case.check()


def test_a_card_that_nobody_knows_is_remarked(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(packages, "remark", said.append)
    unknown = unknown_cards(catalog(), [CARD, PciGpu("0000:04:00.0", "0x3fff", 8, 16, "", None)])
    Case("", packages.offered, {"wanted": DEBIAN, "unknown": unknown}, {**HOST, DriverPackages: {}}).check()
    assert "card 0000:04:00.0 (10de:3fff): its generation is not known here" in said[0]


def test_a_package_that_is_there_by_halves_is_installed_again() -> None:
    facts = {**HOST, DriverPackages: WHOLE | have(VERSION, "nvidia-smi", status="hHR")}
    (command,) = run(packages.installed, {"wanted": DEBIAN}, facts).commands
    assert f" --reinstall nvidia-smi={VERSION}\n" in command
