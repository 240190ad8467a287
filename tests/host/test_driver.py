"""Layer `driver`: one driver, from one source, for every kernel, held; loaded, and the cards kept awake as declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.cards import generations
from rigwright.choice.driver import Wanted, repository_url, wanted_driver
from rigwright.choice.flavour import Impossible
from rigwright.choice.secure_boot import advice
from rigwright.choice.toolkits import toolkits_from_nvidia
from rigwright.facts.driver import DriverPackage, DriverPackages, Offers, upstream_version
from rigwright.facts.gpus import Gpus
from rigwright.facts.release import Release as ReleaseFact
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

OURS = {
    "the list of NVIDIA's repository": "/etc/apt/sources.list.d/rigwright-nvidia.sources",
    "the driver's pin": "/etc/apt/preferences.d/00-rigwright-nvidia.pref",
    "the blacklist of nouveau": "/etc/modprobe.d/rigwright-nouveau.conf",
    "the persistence daemon's drop-in": "/etc/systemd/system/nvidia-persistenced.service.d/50-rigwright.conf",
}
RIVALS = ("nouveau", "nova_core", "nova")
UNIT = "nvidia-persistenced.service"
_NAMES = "nvidia nvidia-current nvidia-current-open"


@pytest.fixture(scope="session")
def seen(host: Host) -> Answers:
    """Everything that this file wants to know, in one command; its questions are not those that the layer itself asks."""
    return ask(
        host,
        {
            "ours": f"ls -d {' '.join(OURS.values())}",
            "release": ReleaseFact().command(),
            "gpus": Gpus().command(),
            "packages": DriverPackages().command(),
            "unfinished": "dpkg --audit",
            "held": "apt-mark showhold",
            "indexes": "apt-get indextargets --format '$(REPO_URI)|$(SIGNED_BY)|$(FILENAME)' 'Created-By: Packages'",
            "policy": "apt-cache policy $(dpkg-query -W -f '${Package} ${source:Package}\\n' | awk '$2 ~ /nvidia/ {print $1}')",
            "kernels": "ls /boot/vmlinuz-* | sed 's|.*vmlinuz-||'",
            "headers": "for k in /boot/vmlinuz-*; do k=${k##*vmlinuz-}; [ -e /lib/modules/$k/build/Makefile ] && echo $k; done",
            "modules": f"for k in /boot/vmlinuz-*; do k=${{k##*vmlinuz-}}; for m in {_NAMES}; do modinfo -k $k $m >/dev/null && "
            'echo "$k|$m|$(modinfo -k $k -F version $m)|$(modinfo -k $k -F license $m)"; done; done',
            "initrds": "for i in /boot/initrd.img-*; do [ -e $i ] && find /etc/modprobe.d -newer $i | sed \"s|^|$i |\"; done",
            "libcuda": "for l in $(ldconfig -p | awk '$1 == \"libcuda.so.1\" { print $NF }'); do readlink -f $l; done",
            "running": "cat /proc/driver/nvidia/version",
            "container": "systemd-detect-virt --container",
            "loaded": "cd /sys/module && ls -d " + " ".join(RIVALS),
            "modprobe": "modprobe --showconfig | grep '^blacklist '",
            "unit": f"systemctl show -p UnitFileState,ActiveState,ExecStart {UNIT}",
            "smi": "timeout 30 nvidia-smi --query-gpu=index,driver_version,persistence_mode --format=csv,noheader",
            "xid": "journalctl --no-pager -q -k -b -o cat --grep 'NVRM: Xid' | tail -n 3; echo end; journalctl -q -k -n 1",
        },
    )


@pytest.fixture(scope="session")
def keys(host: Host, seen: Answers, ring: str) -> list[str]:
    """Fingerprints of the primary keys that apt trusts for NVIDIA's repository."""
    if not ring.startswith("/"):
        return []
    lines = ask(host, {"key": f"gpg --no-options --no-keyring --with-colons --show-keys {ring}"}).lines("key")
    return [line.split(":")[9] for before, line in zip(lines, lines[1:], strict=False) if before.startswith("pub:")]


@pytest.fixture(scope="session")
def ring(seen: Answers, nvidia_url: str) -> str:
    """The keyring that apt checks NVIDIA's repository with; empty where it has none."""
    return next((signed_by for url, signed_by in _indexes(seen) if url == nvidia_url), "")


@pytest.fixture(scope="session")
def release(seen: Answers) -> Release:
    return catalog().release(ReleaseFact().process(seen.lines("release")).codename)


@pytest.fixture(scope="session")
def nvidia_url(rig: Rig, release: Release) -> str:
    return repository_url(rig, release, catalog())


@pytest.fixture(scope="session")
def packages(seen: Answers) -> dict[str, DriverPackage]:
    return DriverPackages().process(seen.lines("packages"))


@pytest.fixture
def wanted(rig: Rig, release: Release, seen: Answers) -> Wanted:
    """The declared driver; the tests that need one hold their tongue where none is declared."""
    if rig.driver.state == "absent":
        pytest.fail("no driver is declared; test_state says what should not be there")
    cards = generations(rig, catalog(), Gpus().process(seen.lines("gpus")))
    try:
        return wanted_driver(rig, release, catalog(), cards)
    except Impossible as impossible:
        raise AssertionError(str(impossible)) from None


def _indexes(seen: Answers) -> Iterator[tuple[str, str]]:
    for line in seen.lines("indexes"):
        url, signed_by, _ = line.split("|", 2)
        yield url.rstrip("/"), signed_by
