"""What goes wrong on a host is said clearly, leaves it no worse, and does not keep another host from being done."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import DEBIANS_DRIVER, declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import site
from tests.system.state import state

pytestmark = [pytest.mark.system, pytest.mark.slow]

LOCKS = (
    'use Fcntl; open(F, "+>>", "/var/lib/dpkg/lock-frontend") or die;'
    ' my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die; sleep'
)
NOBODY = "0" * 40
COMPONENTS = "./apt/sources.list.d/debian.sources"
DRIVERS = (
    "./apt/sources.list.d/rigwright-nvidia.sources",
    "./apt/preferences.d/00-rigwright-nvidia.pref",
    "./group",
    "./gshadow",
    "nvpd",
)
"""The persistence daemon's account stays, as Debian's packages leave theirs."""
Trouble = Callable[[ThrowawayHost, VendorRepositories], AbstractContextManager[None]]


@contextmanager
def lock_held(host: ThrowawayHost, vendors: VendorRepositories) -> Iterator[None]:
    # The kind of lock that dpkg takes; flock(1) has another, of which dpkg knows nothing.
    host.run(f"systemd-run --unit=somebody perl -e {shlex.quote(LOCKS)}")
    yield
    host.run("systemctl stop somebody || true")


@contextmanager
def mirror_down(host: ThrowawayHost, vendors: VendorRepositories) -> Iterator[None]:
    host.cut_outbound()
    yield
    host.restore_outbound()


@contextmanager
def vendor_down(host: ThrowawayHost, vendors: VendorRepositories) -> Iterator[None]:
    vendors.answer_with(503)
    yield
    vendors.restore()


@contextmanager
def disk_full(host: ThrowawayHost, vendors: VendorRepositories) -> Iterator[None]:
    host.run("dd if=/dev/zero of=/filler bs=1M 2>/dev/null || true")
    yield
    host.run("rm /filler")


@contextmanager
def nothing(host: ThrowawayHost, vendors: VendorRepositories) -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong on a host; ``says``: what the error has to tell."""

    name: str
    trouble: Trouble
    says: tuple[str, ...]
    declares: dict[str, Any] = field(default_factory=dict)
    layer: str = "base"
    disk: str | None = None
    mends: bool = True
    """Whether the same declaration can be applied once the trouble is over."""


FAILURES = [
    Failure("the disk is full", disk_full, ("No space left on device",), disk="400M"),
    Failure("another apt holds the lock", lock_held, ("another apt or dpkg has not ended",)),
    Failure("the mirror is down", mirror_down, ("Failed to fetch",)),
    Failure("the vendor's repository is down", vendor_down, ("cannot fetch the repository key", "503"), layer="driver"),
    Failure(
        "the repository's key is another one",
        nothing,
        ("not the declared one", f"expected {NOBODY}"),
        {"driver": {"repository_fingerprint": NOBODY}},
        layer="driver",
        mends=False,
    ),
    Failure(
        "the container toolkit's key is another one",
        nothing,
        ("not the declared one", f"expected {NOBODY}"),
        {"containers": {"toolkit": {"repository_fingerprint": NOBODY}}},
        layer="containers",
        mends=False,
    ),
    Failure(
        "Docker's key is another one",
        nothing,
        ("not the declared one", f"expected {NOBODY}"),
        {"containers": {"source": "vendor", "repository_fingerprint": NOBODY, "toolkit": {"state": "absent"}}},
        layer="containers",
        mends=False,
    ),
]


@pytest.fixture(scope="module")
def vendors() -> Iterator[VendorRepositories]:
    """The vendors' repositories, Docker's among them."""
    with VendorRepositories(docker=("trixie",)) as repositories:
        yield repositories


def _declared(vendors: VendorRepositories, release: str, *more: dict[str, Any]) -> dict[str, Any]:
    """Docker's repository is declared where Docker is to come from it."""
    found = declared(vendors, release, *more)
    if found["containers"].get("source") != "vendor":
        for name in ("repository_url", "repository_fingerprint"):
            found["containers"].pop(name, None)
    return found


def _is_no_worse(host: ThrowawayHost, before: list[str], *may_differ: str) -> None:
    """All that was there is there as it was, and nothing is half done. What may have come: whole packages.

    ``may_differ``: files of /etc that the run had come to before it failed, and accounts that packages make for good.
    """

    def told(line: str) -> bool:
        name = line.split()[3] if line.endswith("  -") else line.partition(":")[0]
        return name in may_differ

    after = state(host)
    assert not [line for line in set(before) - set(after) if not told(line)]
    assert not [line for line in set(after) - set(before) if not told(line) and not line.startswith("ii  ")]
    host.run("apt-get check")


def test_another_apt_is_waited_for(tmp_path: Path, vendors: VendorRepositories) -> None:
    with gpu_host("basement", "trixie") as host:
        server = site(tmp_path, {host: _declared(vendors, "trixie")})
        with lock_held(host, vendors):
            host.run("systemd-run --on-active=20 systemctl stop somebody")
            applied = server.document("apply", "--yes", "--layer", "base")
        assert applied["exit_status"] == 0, changes(applied)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: each.name)
def test_one_host_fails_and_the_other_is_done(tmp_path: Path, vendors: VendorRepositories, failure: Failure) -> None:
    with (
        gpu_host("broken", "trixie", disk=failure.disk) as broken,
        gpu_host("sound", "bookworm") as sound,
    ):
        other = {
            "base": {"hostname": "sound"},
            **DEBIANS_DRIVER,
            "driver": {**DEBIANS_DRIVER["driver"], "source": "none"},
        }
        servers = site(
            tmp_path,
            {
                broken: _declared(vendors, "trixie", {"base": {"hostname": "broken"}}, failure.declares),
                sound: _declared(vendors, "bookworm", other, {"containers": {"state": "absent"}}),
            },
        )
        before = state(broken)
        with failure.trouble(broken, vendors):
            applied = servers.document("apply", "--yes", "--layer", failure.layer, "--set", "driver.reboot=false")
            assert applied["exit_status"] == 1, changes(applied)
            outcomes = {each["host"]: each["outcome"] for each in applied["hosts"]}
            assert outcomes["broken"] == "failed" and outcomes["sound"] in ("changed", "as declared"), changes(applied)
            (error,) = [
                each["error"]
                for found in applied["hosts"] if found["host"] == "broken"
                for each in found["operations"] if each["status"] == "failed"
            ]  # fmt: skip
            for text in failure.says:
                assert text in error
        _is_no_worse(broken, before, COMPONENTS)
        if failure.mends:
            assert servers.document("apply", "--yes", "--layer", failure.layer)["exit_status"] == 0


def test_a_failed_module_build_names_the_compilers_error_and_leaves_apt_usable(tmp_path: Path) -> None:
    with (
        VendorRepositories(broken_dkms=True) as vendors,
        gpu_host("broken", "trixie") as broken,
        gpu_host("sound", "bookworm") as sound,
    ):
        base = {"base": {"hostname": "broken"}}
        servers = site(
            tmp_path,
            {
                broken: declared(vendors, "trixie", base, {"driver": {"version": "580.999.01"}}),
                sound: declared(
                    vendors, "bookworm", {"base": {"hostname": "sound"}, "driver": {"version": "580.105.08"}}
                ),
            },
        )
        servers.apply("broken", "--layer", "base")
        before = state(broken)
        applied = servers.document("apply", "--yes", "--layer", "driver", "--set", "driver.reboot=false")
        assert applied["exit_status"] == 1, changes(applied)
        outcomes = {each["host"]: each["outcome"] for each in applied["hosts"]}
        assert outcomes == {"broken": "failed", "sound": "changed"}, changes(applied)
        assert servers.document("plan", "sound", "--layer", "driver")["exit_status"] == 0
        told = changes(applied)
        assert "error: implicit declaration of function" in told and "6.12" in told, told
        log = re.search(r"the whole log: (/var/log/rigwright/dkms-\S+\.log)", told)
        assert log and "error: implicit declaration" in broken.run(f"cat {log[1]}").stdout, told
        _is_no_worse(broken, before, *DRIVERS)
        broken.run("apt-get -y install sl")
        servers.rig("apply", "broken", "--yes", "--layer", "driver", "--set", "driver.version=580.105.08", check=True)
