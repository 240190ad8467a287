"""Layer `backup`: what is kept is what is declared, it can be read again, and the newest is of not long ago."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.choice import backup as choice
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

H = 3600
LIST_S = 120
"""How long the repository may take to say what is in it."""


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig) -> Answers:
    """Everything that this file wants to know, in one command; the repository itself is asked, too."""
    listed = f"timeout -k 5 {LIST_S} python3 -I {choice.PROGRAM} list 2>&1" if choice.is_there(rig) else "true"
    return ask(
        host,
        {
            "timer": f"systemctl show -p ActiveState,UnitFileState,NeedDaemonReload {choice.TIMER}",
            "timer file": f"cat /etc/systemd/system/{choice.TIMER}",
            "unit": f"systemctl show -p ActiveState,Result,NeedDaemonReload {choice.UNIT}",
            "unit file": f"cat /etc/systemd/system/{choice.UNIT}",
            "plan": f"cat {choice.PLAN}",
            "modes": f"stat -c '%n=%a %U' {choice.SECRETS} {choice.IDENTITY}",
            "hashes": f"sha256sum {choice.SECRETS} {choice.IDENTITY} | sed -E 's/^([0-9a-f]+) +(.*)$/\\2=\\1/'",
            "known hosts": f"cat {choice.KNOWN_HOSTS}",
            "record": f"cat {choice.RECORD}",
            "list": listed,
            "now": "date +%s",
        },
    )


@proves("backup.schedule")
def test_it_is_scheduled(seen: Answers, rig: Rig) -> None:
    """Backups come when they are declared to, or none at all"""
    timer = seen.pairs("timer")
    if not choice.is_there(rig):
        assert timer.get("ActiveState") != "active", f"no repository is declared, and {choice.TIMER} is active"
        return
    assert timer.get("ActiveState") == "active", f"{choice.TIMER} is {timer.get('ActiveState')}"
    assert timer.get("UnitFileState") == "enabled", f"at boot {choice.TIMER} is {timer.get('UnitFileState')}"
    wanted = f"OnCalendar={rig.backup.schedule}"
    assert wanted in seen.lines("timer file"), f"{choice.TIMER} has no line {wanted}"
    assert timer.get("NeedDaemonReload") == "no", f"{choice.TIMER} was changed, and systemd does not know"


@proves(
    "backup.repository",
    "backup.paths",
    "backup.exclude",
    "backup.keep.daily",
    "backup.keep.weekly",
    "backup.keep.monthly",
    "backup.check_days",
)
def test_what_is_kept(seen: Answers, rig: Rig) -> None:
    """What is kept, where and for how long, is what is declared"""
    if not choice.is_there(rig):
        assert not seen["plan"], f"no repository is declared, and {choice.PLAN} is there"
        return
    wanted, found = _document(choice.plan_text(rig, catalog())), _document(seen["plan"])
    wrong = [name for name in wanted if found.get(name) != wanted[name]]
    assert not wrong, f"{choice.PLAN} is not as declared: {', '.join(wrong)}"


@proves("backup.before", "backup.on_failure")
def test_commands_around_it(seen: Answers, rig: Rig) -> None:
    """What runs before a backup, and when one has failed, is what is declared"""
    if not choice.is_there(rig):
        return
    for name, line in choice.hook_lines(rig).items():
        alike = [each for each in seen.lines("unit file") if each.startswith(line.partition("=")[0] + "=")]
        own = [each for each in alike if each != choice.folder_line(rig)]
        wanted = [line] if getattr(rig.backup, name) else []
        assert own == wanted, f"backup.{name}: {choice.UNIT} has {own or 'no such line'}"
    assert seen.pairs("unit").get("NeedDaemonReload") == "no", f"{choice.UNIT} was changed, and systemd does not know"


@proves("backup.password", "backup.environment", "backup.sftp.identity", "backup.sftp.host_keys")
def test_secrets(seen: Answers, rig: Rig) -> None:
    """The secrets are the declared ones, in files that nobody else may read"""
    if not choice.is_there(rig):
        assert not seen.pairs("modes"), "no repository is declared, and its secrets are there"
        return
    assert rig.backup.password is not None
    try:
        values = {choice.PASSWORD: read_secret(rig.backup.password)}
        values |= {name: read_secret(secret) for name, secret in rig.backup.environment.items()}
        wanted = {choice.SECRETS: choice.secrets_text(values)}
        if rig.backup.sftp is not None:
            wanted[choice.IDENTITY] = choice.identity_text(read_secret(rig.backup.sftp.identity))
    except SecretUnreadable as error:
        could_not_tell(str(error))
    modes, hashes = seen.pairs("modes"), seen.pairs("hashes")
    for path, text in wanted.items():
        assert modes.get(path) == "600 root", f"{path} is {modes.get(path) or 'missing'}, wanted 600 root"
        assert hashes.get(path) == hashlib.sha256(text.encode()).hexdigest(), f"{path} does not hold what is declared"
    known = choice.known_hosts(rig).strip()
    assert seen["known hosts"].strip() == known, f"{choice.KNOWN_HOSTS} does not hold backup.sftp.host_keys alone"


def test_the_last_one_went_well(seen: Answers, rig: Rig) -> None:
    """The last backup came to a good end"""
    if not choice.is_there(rig):
        return
    record, unit = _document(seen["record"]), seen.pairs("unit")
    advice = f"journalctl -u {choice.UNIT}; `rig backup run {rig.name}` tries again"
    if unit.get("ActiveState") != "activating":
        assert not record.get("why"), f"the last backup failed: {record['why']}; {advice}"
        assert unit.get("Result") == "success", f"the last backup failed ({unit.get('Result')}): {advice}"
    assert record.get("succeeded"), f"there has been no backup yet: `rig backup run {rig.name}`"


def test_the_newest_is_not_old(seen: Answers, rig: Rig) -> None:
    """The repository can be opened, and its newest snapshot is not older than declared"""
    if not choice.is_there(rig):
        return
    found = _document(seen["list"])
    assert found, f"the repository does not say what is in it: {seen['list'] or f'no answer in {LIST_S} s'}"
    snapshots = found["snapshots"]
    assert snapshots, f"{rig.backup.repository} holds no snapshot of {rig.name}: `rig backup run {rig.name}`"
    age_h = (int(seen["now"]) - max(each["taken_at"] for each in snapshots)) / H
    assert age_h <= rig.backup.stale_after_h, (
        f"the newest snapshot is {age_h:.0f} h old, and backup.stale_after_h is {rig.backup.stale_after_h}: "
        f"journalctl -u {choice.UNIT}"
    )


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
