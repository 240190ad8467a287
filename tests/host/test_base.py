"""Layer `base`: the archive, the clock, names, the journal, upgrades, and what they leave alone."""

from __future__ import annotations

import json
import re

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice import base as choice
from rigwright.facts.release import Release as ReleaseFact
from rigwright.operations.journal import FLUSHED
from rigwright.spec.base import Base
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask
from tests.host.storage import disks, stored, swapping, test_disks, test_disks_at_boot, test_swap  # noqa: F401

DISTRIBUTIONS = {"debian": "Debian", "ubuntu": "Ubuntu"}
USAGE = "ec387f577b844b8fa948f33cad9a75e6"
"""The id of the message in which journald says how much room it takes and may take (SD_MESSAGE_JOURNAL_USAGE)."""

TARGETS = "--format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages'"
NEEDRESTART = "our %nrconf = (verbosity => 0, restart => q(i)); do q(/etc/needrestart/needrestart.conf);"
NEVER = (
    "linux-image-6.12.117+deb13-amd64", "linux-image-generic-hwe-24.04", "linux-headers-amd64",
    "linux-modules-6.8.0-126-generic", "nvidia-driver", "nvidia-kernel-open-dkms", "libnvidia-ml1", "libcuda1",
    "libegl-nvidia0", "cuda-toolkit-12-8", "xserver-xorg-video-nvidia", "firmware-nvidia-gsp", "docker.io",
    "docker-ce", "containerd.io", "runc", "podman", "nvidia-container-toolkit", "libnvidia-container1",
)  # fmt: skip
"""What no unattended upgrade may touch on any host, by the names that distributions and vendors give it."""


@pytest.fixture(scope="session")
def base(rig: Rig) -> Base:
    return rig.base


@pytest.fixture(scope="session")
def seen(host: Host, base: Base) -> Answers:
    """Everything that this file wants to know, in one command."""
    show = "systemctl show -p Id,LoadState,UnitFileState,ActiveState"
    units = "systemd-timesyncd.service chrony.service smartmontools.service apt-daily.timer apt-daily-upgrade.timer"
    journal = f"journalctl -q -n 1 MESSAGE_ID={USAGE}"
    return ask(
        host,
        {
            "release": ReleaseFact().command(),
            "archives": f"apt-get indextargets {TARGETS}",
            "targets": f"apt-get indextargets --no-release-info {TARGETS}",
            "packages": "dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\\n'",
            "audit": "dpkg --audit",
            "names": "uname -n; cat /etc/hostname; hostnamectl --static",
            "own address": "getent ahosts $(cat /etc/hostname) | head -n 1",
            "zone": f"timedatectl show -p Timezone --value; date +%z; TZ={base.timezone} date +%z; cat /etc/timezone",
            "locale": "localectl status | sed -n 's/.*LANG=//p'",
            "locales": "locale -a",
            "login": "env -i /bin/su - nobody -s /bin/sh -c 'echo $LANG'",
            "units": f"{show} {units}",
            "held back": f"for u in {units}; do systemd-analyze condition --unit=$u 2>&1; done"
            " | sed -n 's/ failed[.]$//p'",
            "timesyncd": "systemd-analyze --no-pager cat-config systemd/timesyncd.conf",
            "chrony": "cat /etc/chrony/sources.d/rigwright.sources",
            "chrony in use": "chronyc -c -N sources -a",
            # D-Bus would wait 25 s for a daemon that does not run.
            "ntp in use": "systemctl is-active -q systemd-timesyncd.service"
            " && timedatectl show-timesync -p SystemNTPServers --value",
            "journald": "systemd-analyze --no-pager cat-config systemd/journald.conf",
            "journal": f"{journal} 'JOURNAL_NAME=System Journal' -o json --output-fields=MAX_USE",
            "flushed": f"ls {FLUSHED}",
            "apt": "apt-config dump",
            "needrestart": f"perl -e '{NEEDRESTART} print $nrconf{{restart}}'",
        },
    )


@pytest.fixture(scope="session")
def release(seen: Answers) -> Release:
    return catalog().release(ReleaseFact().process(seen.lines("release")).codename)


@pytest.fixture(scope="session")
def packages(seen: Answers) -> dict[str, str]:
    """Version by name of what is wholly installed."""
    lines = (line.split("|") for line in seen.lines("packages"))
    return {name: version for status, name, version in lines if status[1] == "i"}


@pytest.fixture(scope="session")
def units(seen: Answers) -> dict[str, dict[str, str]]:
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in seen["units"].split("\n\n") if block]
    return {block["Id"]: block for block in blocks}


@proves("base.components")
def test_archive(seen: Answers, rig: Rig, release: Release) -> None:
    """apt reads the components that are needed from each of the distribution's own archives"""
    wanted = set(choice.components(rig, release))
    own = {
        tuple(line.split("|")[1:3])
        for line in seen.lines("archives")
        if line.partition("|")[0].split(" ")[0] == DISTRIBUTIONS[release.id]
    }
    assert own, f"apt has read no archive of {DISTRIBUTIONS[release.id]}"
    read: dict[tuple[str, ...], set[str]] = {}
    for line in seen.lines("targets"):
        _, uri, suite, component = line.split("|")
        read.setdefault((uri, suite), set()).add(component)
    for uri, suite in sorted(own):
        missing = wanted - read.get((uri, suite), set())
        assert not missing, f"{uri} {suite} is read without {', '.join(sorted(missing))}"


@proves("base.packages")
def test_packages(base: Base, packages: dict[str, str]) -> None:
    """Packages are installed or absent as declared"""
    missing = [name for name, wanted in base.packages.items() if wanted and name not in packages]
    assert not missing, f"not installed: {', '.join(missing)}"
    there = [f"{name} {packages[name]}" for name, wanted in base.packages.items() if not wanted and name in packages]
    assert not there, f"installed, declared absent: {', '.join(there)}"


def test_dpkg(seen: Answers) -> None:
    """dpkg has nothing unfinished"""
    assert not seen["audit"], f"dpkg --audit: {' '.join(seen['audit'].split())[:300]}"


@proves("base.hostname")
def test_hostname(seen: Answers, base: Base) -> None:
    """The host has its name, now and at boot, and finds itself under it"""
    names = set(seen.lines("names"))
    if base.hostname is not None:
        assert names == {base.hostname}, f"it is called {', '.join(sorted(names))}; declared {base.hostname}"
    assert seen["own address"], f"the host does not find itself: {', '.join(sorted(names))} has no address"


@proves("base.timezone")
def test_timezone(seen: Answers, base: Base) -> None:
    """The clock shows the declared zone's time"""
    zone, *rest = seen.lines("zone")
    assert zone == base.timezone, f"the time zone is {zone}, declared {base.timezone}"
    assert rest[0] == rest[1], f"the clock is {rest[0]} from UTC, {base.timezone} is {rest[1]}"
    assert rest[2:] in ([], [base.timezone]), f"/etc/timezone says {rest[2]}, declared {base.timezone}"


@proves("base.locale")
def test_locale(seen: Answers, base: Base) -> None:
    """Logins get the declared locale, and it is there"""
    assert seen["locale"] == base.locale, f"LANG is {seen['locale'] or 'not set'}, declared {base.locale}"
    assert seen["login"] == base.locale, f"a login gets LANG {seen['login'] or 'not set'}, declared {base.locale}"
    there = {name.lower().replace("-", "") for name in seen.lines("locales")}
    assert base.locale.lower().replace("-", "") in there, f"the locale {base.locale} is not compiled"


@proves("base.time_sync")
def test_clock(seen: Answers, base: Base, units: dict[str, dict[str, str]]) -> None:
    """Exactly as declared, something keeps the clock"""
    daemons = {name: units[name] for name in ("systemd-timesyncd.service", "chrony.service")}
    at_boot = [name for name, unit in daemons.items() if unit["UnitFileState"] == "enabled"]
    running = [name for name, unit in daemons.items() if unit["ActiveState"] == "active"]
    if not base.time_sync:
        assert not at_boot and not running, f"{', '.join({*at_boot, *running})} keeps the clock, declared: nothing does"
        return
    assert at_boot, "nothing keeps the clock after a boot"
    _could_run(seen, at_boot[0], running)
    assert running, f"{at_boot[0]} is not running"


@proves("base.ntp_servers")
def test_ntp_servers(seen: Answers, base: Base, units: dict[str, dict[str, str]]) -> None:
    """The clock follows the declared servers"""
    chrony = units["chrony.service"]["LoadState"] == "loaded"
    if chrony:
        named = re.findall(r"^server (\S+)", seen["chrony"], re.MULTILINE)
    else:
        named = _setting(seen["timesyncd"], "NTP").split()
    assert named == base.ntp_servers, (
        f"servers besides the distribution's: {', '.join(named) or 'none'}; "
        f"declared: {', '.join(base.ntp_servers) or 'none'}"
    )
    if not base.ntp_servers:
        return
    unit = "chrony.service" if chrony else "systemd-timesyncd.service"
    _could_run(seen, unit, ["yes"] if units[unit]["ActiveState"] == "active" else [])
    used = [line.split(",")[2] for line in seen.lines("chrony in use")] if chrony else seen["ntp in use"].split()
    # chrony asks the distribution's servers besides.
    as_declared = set(base.ntp_servers) <= set(used) if chrony else used == base.ntp_servers
    assert as_declared, f"{unit} asks {', '.join(used) or 'nobody'}: it has not taken up its settings"


@proves("base.journald.max_use_mb")
def test_journal_size(seen: Answers, base: Base) -> None:
    """The journal is on disk, and journald itself says that it may take no more than declared"""
    if not seen["journal"]:
        assert seen["flushed"], "journald keeps no journal on disk"
        could_not_tell("journald says what it may take when it starts, and that message has been rotated out since")
    limit = int(json.loads(seen["journal"])["MAX_USE"]) / 2**20
    assert limit == base.journald.max_use_mb, (
        f"the journal may take {limit:.0f} MiB, declared {base.journald.max_use_mb} (as of journald's last start)"
    )


@proves("base.journald.max_retention_days")
def test_journal_age(seen: Answers, base: Base) -> None:
    """The journal forgets when declared"""
    have, wanted = _setting(seen["journald"], "MaxRetentionSec"), f"{base.journald.max_retention_days}day"
    assert have == wanted, f"journald's settings come to MaxRetentionSec={have}, declared {wanted}"


@proves("base.unattended_upgrades.enabled")
def test_upgrades(
    seen: Answers, base: Base, release: Release, packages: dict[str, str], units: dict[str, dict[str, str]]
) -> None:
    """Security updates come by themselves, and nothing else does; or none do"""
    daily = _apt(seen, "APT::Periodic::Unattended-Upgrade")
    if not base.unattended_upgrades.enabled:
        assert daily in ([], ["0"]), "unattended upgrades are on, declared off"
        return
    assert daily == ["1"], f"unattended upgrades are not daily ({', '.join(daily) or 'never'})"
    assert _apt(seen, "APT::Periodic::Update-Package-Lists") == ["1"], "the package lists are not fetched daily"
    assert "unattended-upgrades" in packages, "the package unattended-upgrades is not installed"
    for name in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        state = units[name]
        assert (state["UnitFileState"], state["ActiveState"]) == ("enabled", "active"), (
            f"{name} is {state['UnitFileState'] or state['LoadState']} and {state['ActiveState']}"
        )
    origins = _apt(seen, "Unattended-Upgrade::Origins-Pattern::", "Unattended-Upgrade::Allowed-Origins::")
    assert set(origins) == set(choice.security_origins(release)), (
        f"upgrades come from {'; '.join(origins) or 'nowhere'}: wanted the distribution's security archive alone"
    )
    assert _apt(seen, "Unattended-Upgrade::Automatic-Reboot") == ["false"], "unattended upgrades may reboot the host"


@proves("base.unattended_upgrades.never")
def test_upgrades_leave_alone(seen: Answers, base: Base, packages: dict[str, str]) -> None:
    """No unattended upgrade touches kernels, the driver stack, container engines, or what is declared besides"""
    if not base.unattended_upgrades.enabled:
        return
    patterns = _apt(seen, "Unattended-Upgrade::Package-Blacklist::")
    missing = [pattern for pattern in base.unattended_upgrades.never if pattern not in patterns]
    assert not missing, f"declared, and not left alone: {', '.join(missing)}"
    kernels = [name for name in packages if re.match(r"linux-(image|headers|modules)-", name)]
    touched = [name for name in (*NEVER, *kernels) if not any(re.match(pattern, name) for pattern in patterns)]
    assert not touched, f"an unattended upgrade may touch {', '.join(touched)}"
    assert _apt(seen, "Unattended-Upgrade::Remove-Unused-Kernel-Packages") == ["false"], "it may remove kernels"


@proves("base.needrestart")
def test_needrestart(seen: Answers, base: Base, packages: dict[str, str]) -> None:
    """needrestart lists, and never restarts by itself; or is not there"""
    if base.needrestart == "absent":
        assert "needrestart" not in packages, "needrestart is installed, declared absent"
        return
    assert "needrestart" in packages, "needrestart is not installed"
    assert seen["needrestart"] == "l", f"needrestart's mode is {seen['needrestart']!r}, wanted 'l' (list only)"


@proves("base.smartd")
def test_smartd(seen: Answers, base: Base, units: dict[str, dict[str, str]]) -> None:
    """Exactly as declared, smartd watches the drives"""
    unit = units["smartmontools.service"]
    at_boot, running = unit["UnitFileState"] == "enabled", unit["ActiveState"] == "active"
    if not base.smartd:
        assert not at_boot and not running, "smartd is there, declared: nobody watches the drives"
        return
    assert at_boot, f"smartd does not start at boot ({unit['UnitFileState'] or unit['LoadState']})"
    _could_run(seen, "smartmontools.service", ["yes"] if running else [])
    assert running, f"smartd is {unit['ActiveState']}"


# Reading what was said


def _could_run(seen: Answers, unit: str, running: list[str]) -> None:
    reasons = [line.partition(": ")[2] for line in seen.lines("held back") if line.startswith(f"{unit}: ")]
    if not running and reasons:
        could_not_tell(f"{unit} is enabled, but its own condition keeps it from running here ({reasons[0]})")


def _setting(text: str, name: str) -> str:
    """The value that systemd's files come to: the last one counts."""
    values = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return values[-1].strip() if values else ""


def _apt(seen: Answers, *names: str) -> list[str]:
    """The values of apt's settings."""
    found = []
    for line in seen.lines("apt"):
        name, _, value = line.partition(" ")
        if name in names:
            found.append(value.rstrip(";").strip('"'))
    return found
