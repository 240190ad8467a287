"""What the base layer gets from a declaration."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice import base
from rigwright.spec.rig import Rig

LEFT_ALONE = (
    "linux-image-6.12.117+deb13-amd64", "linux-image-amd64", "linux-headers-6.8.0-126-generic", "linux-generic",
    "linux-modules-nvidia-580-server-open-generic", "linux-main-modules-zfs-7.0.0-28-generic", "linux-hwe-6.8-tools",
    "linux-kbuild-6.12", "nvidia-driver-580", "libnvidia-compute-580", "libcuda1", "libnvcuvid1", "libnvoptix1",
    "libegl-nvidia0", "libgl1-nvidia-glvnd-glx", "xserver-xorg-video-nvidia", "firmware-nvidia-gsp", "cuda-drivers",
    "docker.io", "docker-ce-cli", "containerd", "runc", "podman", "crun", "libnvidia-container-tools",
)  # fmt: skip
UPGRADED = (
    "linux-libc-dev", "linux-base", "libnvme1", "openssl", "libc6", "runcmd", "crunch", "firmware-realtek", "libegl1",
)  # fmt: skip


def _rig(**parts: Any) -> Rig:
    return Rig.model_validate({"name": "x", **parts}, strict=False)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert any(re.match(pattern, name) for pattern in base.never_upgraded(_rig(), catalog()))


@pytest.mark.parametrize("name", UPGRADED)
def test_upgraded(name: str) -> None:
    assert not any(re.match(pattern, name) for pattern in base.never_upgraded(_rig(), catalog()))


def test_patterns_mean_the_same_to_apt() -> None:
    """unattended-upgrades hands them to apt as pins too, whose regular expressions are POSIX ones."""
    for pattern in base.never_upgraded_by_default(catalog()):
        assert not re.search(r"\(\?|\\[dws]|[*+?]\?", pattern), pattern


def test_declared_patterns_come_on_top() -> None:
    rig = _rig(base={"unattended_upgrades": {"never": ["^mine$"]}})
    assert base.never_upgraded(rig, catalog())[-1] == "^mine$"


@pytest.mark.parametrize(
    ("parts", "codename", "expected"),
    [
        ({"driver": {"source": "none"}}, "trixie", ()),
        ({"driver": {"source": "none"}}, "noble", ("universe",)),
        ({"driver": {"source": "none"}, "hardware": {"cpu": "Xeon E5-2680 v4"}}, "trixie", ("non-free-firmware",)),
        ({"driver": {"state": "absent"}}, "bookworm", ()),
        ({"driver": {"source": "distribution"}}, "bookworm", ("contrib", "non-free", "non-free-firmware")),
        ({"driver": {"source": "distribution"}}, "jammy", ("restricted", "universe", "multiverse")),
        ({"base": {"components": ["contrib"]}}, "trixie", ("contrib",)),
        ({"base": {"components": []}, "driver": {"source": "distribution"}}, "trixie", ()),
    ],
)
def test_components(parts: dict[str, Any], codename: str, expected: tuple[str, ...]) -> None:
    assert base.components(_rig(**parts), catalog().release(codename)) == expected


@pytest.mark.parametrize(
    ("installed", "declared", "expected"),
    [
        ((), {}, "systemd-timesyncd"),
        (("chrony",), {}, "chrony"),
        (("systemd-timesyncd",), {"chrony": True}, "chrony"),
        (("chrony",), {"chrony": False}, "systemd-timesyncd"),
        (("chrony",), {"systemd-timesyncd": True, "chrony": False}, "systemd-timesyncd"),
    ],
)
def test_what_keeps_the_clock(installed: tuple[str, ...], declared: dict[str, bool], expected: str) -> None:
    assert base.time_daemon(installed, declared) == expected
    rig = _rig(base={"packages": declared})
    assert expected in base.packages(rig, installed)
    assert len({"chrony", "systemd-timesyncd"} & set(base.packages(rig, installed))) == 1
    assert base.other_clocks(rig, installed) == ()


@pytest.mark.parametrize(
    ("installed", "parts", "expected"),
    [
        (("ntpsec",), {}, ("ntpsec",)),
        (("ntpsec",), {"packages": {"ntpsec": False}}, ()),
        (("ntpsec",), {"time_sync": False}, ()),
        (("openntpd",), {"packages": {"chrony": True}}, ("openntpd",)),
        (("chrony",), {"packages": {"systemd-timesyncd": True}}, ("chrony",)),
    ],
)
def test_a_clock_that_somebody_chose_does_not_go_silently(
    installed: tuple[str, ...], parts: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert base.other_clocks(_rig(base=parts), installed) == expected


def test_packages_follow_from_what_is_declared() -> None:
    disks = {"a": {"uuid": "12345678", "mount": "/a", "fs": "xfs"}, "b": {"uuid": "12345679", "mount": "/b"}}
    rig = _rig(
        base={
            "packages": {"htop": True, "nano": False},
            "locale": "de_DE.UTF-8",
            "time_sync": False,
            "smartd": False,
            "needrestart": "absent",
            "unattended_upgrades": {"enabled": False},
            "swap": {"kind": "zram", "size_gib": 4},
            "disks": disks,
        }
    )
    assert base.packages(rig, {}) == ("e2fsprogs", "htop", "locales", "systemd-zram-generator", "xfsprogs")
    assert base.removed(rig) == ("nano", "needrestart")
