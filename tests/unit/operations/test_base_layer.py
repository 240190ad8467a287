"""The layers base and access as wholes, on every release: what a bare host gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rigwright.facts.accounts import Accounts, AccountsState
from rigwright.facts.disks import Disks, DisksState
from rigwright.facts.firewall import Firewall, FirewallState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.session import Session, SessionState
from rigwright.facts.settings import Settings, SettingsState
from rigwright.facts.sources import Archive, SourceFile, Sources, SourcesState
from rigwright.facts.sshd import Sshd, SshdState
from rigwright.facts.swap import Swap, SwapState
from rigwright.facts.units import Units
from rigwright.spec.rig import Rig
from tasks.access import access
from tasks.base import base
from tests.unit.operations.harness import Step, steps, unit
from tests.unit.operations.releases import CODENAMES, DEBIAN, RELEASE

KEY = "ssh-ed25519 AAAAC3Nz anna@desk"
UBUNTU_SERVER = {"needrestart": "3", "unattended-upgrades": "2", "nftables": "1", "sudo": "1", "openssh-server": "9"}


def _bare(codename: str, installed: Mapping[str, str] | None = None) -> dict[Any, Any]:
    family = "Debian" if codename in DEBIAN else "Ubuntu"
    return {
        Release: RELEASE[codename],
        Packages: PackagesState(installed=dict(installed or {})),
        Sources: SourcesState(
            {"/etc/apt/sources.list": SourceFile(f"deb http://mirror.example/x {codename} main\n", "644")},
            {f"mirror.example_x_dists_{codename}": Archive(family, codename)},
        ),
        Settings: SettingsState(
            "", "x", (), "/etc/default/locale", (), frozenset({"C.utf8"}), None, "", "Etc/UTC", zone_exists=True
        ),
        Units: {"systemd-journald.service": unit(enabled="static"), "ssh.service": unit()},
        Swap: SwapState((), "", None, False, ()),
        Disks: DisksState(),
        Session: SessionState("10.0.0.7", 22),
        Firewall: FirewallState(nft="/usr/sbin/nft", wanted=[]),
        Sshd: SshdState(ports=(22,), keys=1),
        Accounts: AccountsState({}, frozenset(), frozenset({"/bin/bash"})),
    }


def _rig(**parts: Any) -> Rig:
    values = {"name": "basement", "driver": {"source": "distribution"}, **parts}
    return Rig.model_validate(values, strict=False)


def _text(found: Mapping[str, Step], name: str) -> str:
    return "\n".join(found[name].commands)


COMPONENTS = {
    "bookworm": "main contrib non-free non-free-firmware",
    "trixie": "main contrib non-free non-free-firmware",
    "jammy": "main restricted universe multiverse",
    "noble": "main restricted universe multiverse",
    "resolute": "main restricted universe multiverse",
}


@pytest.mark.parametrize("codename", CODENAMES)
def test_components(codename: str) -> None:
    found = steps(base, _rig(), _bare(codename))
    line = f"deb http://mirror.example/x {codename} {COMPONENTS[codename]}\n"
    assert line in _text(found, "Add archive components to the mirror in use")


@pytest.mark.parametrize("codename", CODENAMES)
def test_upgrades_come_from_the_security_archive_alone(codename: str) -> None:
    text = _text(steps(base, _rig(), _bare(codename)), "Configure unattended security updates")
    if codename in DEBIAN:
        assert f'"origin=Debian,codename={codename}-security,label=Debian-Security";' in text
    else:
        assert f'"origin=Ubuntu,archive={codename}-security,label=Ubuntu";' in text
        assert f'"origin=UbuntuESM,archive={codename}-infra-security,label=UbuntuESM";' in text
    assert "#clear Unattended-Upgrade::Origins-Pattern;" in text
    assert "#clear Unattended-Upgrade::Allowed-Origins;" in text


@pytest.mark.parametrize("codename", CODENAMES)
def test_packages_of_a_bare_host(codename: str) -> None:
    text = _text(steps(base, _rig(), _bare(codename)), "Install the base packages")
    for name in ("systemd-timesyncd", "unattended-upgrades", "needrestart", "smartmontools", "lm-sensors"):
        assert f" {name}" in text
    for name in ("chrony", "systemd-zram-generator", " locales"):
        assert name not in text


def test_the_clock_stays_with_chrony_where_it_is() -> None:
    """As on Ubuntu 26.04, whose installer brings it."""
    rig = _rig(base={"ntp_servers": ["ntp.example"]})
    found = steps(base, rig, _bare("resolute", {**UBUNTU_SERVER, "chrony": "4.6"}))
    assert "systemd-timesyncd" not in _text(found, "Install the base packages")
    assert "/etc/chrony/sources.d/rigwright.sources" in _text(found, "Name the NTP servers")
    assert "server ntp.example iburst prefer" in _text(found, "Name the NTP servers")
    assert "systemctl enable chrony.service" in _text(found, "Keep the clock")


def test_chrony_that_is_declared_keeps_the_clock() -> None:
    """The two forbid each other: with both wanted, apt would install neither."""
    found = steps(base, _rig(base={"packages": {"chrony": True}}), _bare("trixie", {"systemd-timesyncd": "257"}))
    assert " chrony" in _text(found, "Install the base packages")
    assert "systemd-timesyncd" not in _text(found, "Install the base packages")
    assert "systemctl enable chrony.service" in _text(found, "Keep the clock")


def test_another_clock_is_not_removed_silently() -> None:
    with pytest.raises(Exception, match=r"ntpsec keeps this host's clock.*base\.packages\.ntpsec = False"):
        steps(base, _rig(), _bare("trixie", {"ntpsec": "1.2"}))


def test_the_clock_left_alone() -> None:
    facts = _bare("trixie", {"systemd-timesyncd": "257"})
    facts[Units] = {**facts[Units], "systemd-timesyncd.service": unit()}
    found = steps(base, _rig(base={"time_sync": False}), facts)
    assert found["Keep the clock"].commands == (
        "systemctl disable systemd-timesyncd.service",
        "systemctl stop systemd-timesyncd.service",
    )


@pytest.mark.parametrize("codename", CODENAMES)
def test_no_service_starts_before_it_is_configured(codename: str) -> None:
    """Debian's packages start theirs while they are installed."""
    rig = _rig(base={"ntp_servers": ["ntp.example"], "swap": {"kind": "zram", "size_gib": 8}})
    found = steps(base, rig, _bare(codename))
    names = list(found)
    install = names.index("Install the base packages")
    for name in (
        "Name the NTP servers",
        "Configure unattended security updates",
        "Keep needrestart quiet",
        "Size the compressed swap",
    ):
        assert found[name].commands
        assert names.index(name) < install, name
    for name in ("Keep the clock", "Run apt-daily-upgrade.timer", "Swap to compressed memory", "Watch the drives"):
        assert found[name].commands
        assert names.index(name) > install, name


def test_upgrades_turned_off() -> None:
    found = steps(base, _rig(base={"unattended_upgrades": {"enabled": False}}), _bare("trixie"))
    assert 'APT::Periodic::Unattended-Upgrade "0";' in _text(found, "Configure unattended security updates")
    assert "Run apt-daily.timer" not in found
    assert "unattended-upgrades" not in _text(found, "Install the base packages")


def test_patterns_stand_as_they_are_in_a_file_that_apt_has_tried() -> None:
    """apt undoes no backslashes."""
    found = steps(base, _rig(base={"unattended_upgrades": {"never": [r"^x\.y$"]}}), _bare("trixie"))
    text = _text(found, "Configure unattended security updates")
    assert r'"^x\.y$";' in text
    assert 'apt-config -c "$new" dump' in text


@pytest.mark.parametrize("codename", CODENAMES)
def test_zram(codename: str) -> None:
    found = steps(base, _rig(base={"swap": {"kind": "zram", "size_gib": 8}}), _bare(codename))
    assert " systemd-zram-generator" in _text(found, "Install the base packages")
    assert "zram-size = 8192" in _text(found, "Size the compressed swap")
    assert "systemctl restart systemd-zram-setup@zram0.service" in _text(found, "Swap to compressed memory")


def test_zram_that_the_package_makes_by_default_is_sized_to_nothing() -> None:
    found = steps(base, _rig(base={"swap": {"kind": "none"}}), _bare("bookworm", {"systemd-zram-generator": "1.1"}))
    assert "zram-size = 0" in _text(found, "Size the compressed swap")


def test_swap_that_is_kept_is_not_looked_at() -> None:
    facts = _bare("trixie")
    del facts[Swap]
    assert not [name for name in steps(base, _rig(), facts) if "swap" in name.lower()]


def test_needrestart_absent() -> None:
    found = steps(base, _rig(base={"needrestart": "absent"}), _bare("jammy", UBUNTU_SERVER))
    assert "remove needrestart" in _text(found, "Remove packages declared absent")
    assert "Keep needrestart quiet" not in found


@pytest.mark.parametrize("codename", CODENAMES)
def test_access(codename: str) -> None:
    rig = _rig(access={"users": {"anna": {"keys": [KEY]}, "ben": {"state": "absent"}}})
    found = steps(access, rig, _bare(codename, UBUNTU_SERVER))
    assert found["Install what access needs"].commands == ()
    assert "useradd" in _text(found, "Have user anna")
    assert KEY in _text(found, "Set the keys of anna")
    assert "NOPASSWD: ALL" in _text(found, "Set what anna may do")
    assert found["Remove user ben"].commands == ()
    assert "[prove]" in _text(found, "Set the firewall")
    assert "After=nftables.service" in _text(found, "Load the firewall at boot")
    assert "PermitRootLogin prohibit-password" in _text(found, "Configure sshd")
    *_, last, afterwards = found
    assert last == "Configure sshd", "sshd last: the firewall opens its new port first"
    assert (afterwards, found[afterwards].commands) == ("Close the port that sshd has left", ()), "it was not moved"


def test_access_without_a_firewall() -> None:
    found = steps(access, _rig(access={"firewall": {"state": "absent"}}), _bare("trixie", UBUNTU_SERVER))
    assert found["Take the firewall away"].commands == ()
    assert "Set the firewall" not in found


def test_packages_are_not_judged_before_dpkg_has_ended_its_work() -> None:
    facts = {**_bare("trixie"), Packages: PackagesState(unfinished={"tree": "unpacked"})}
    found = steps(base, _rig(), facts)
    assert "Finish what dpkg left half done" in found["Install the base packages"].waits
