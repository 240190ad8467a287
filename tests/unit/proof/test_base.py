"""What the proof of layers base and access makes of what a host says: three answers, each in its place."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.base import never_upgraded
from rigwright.spec.base import Base
from rigwright.spec.rig import Rig
from tests.host import storage, test_access, test_base
from tests.host.answers import CouldNotTell
from tests.host.reading import Answers

LIMIT = '{"MAX_USE": "1073741824"}'


def _base(**keys: Any) -> Base:
    return Rig.model_validate({"name": "x", "driver": {"branch": 580}, "base": keys}).base


def test_the_journals_limit_is_as_journald_says() -> None:
    test_base.test_journal_size(Answers(journal=LIMIT, flushed="yes"), _base())
    with pytest.raises(AssertionError, match="may take 1024 MiB, declared 200"):
        test_base.test_journal_size(Answers(journal=LIMIT, flushed="yes"), _base(journald={"max_use_mb": 200}))


def test_what_journald_said_long_ago_is_not_known_to_be_wrong() -> None:
    with pytest.raises(CouldNotTell, match="rotated out"):
        test_base.test_journal_size(Answers(journal="", flushed="/run/systemd/journal/flushed"), _base())
    with pytest.raises(AssertionError, match="no journal on disk"):
        test_base.test_journal_size(Answers(journal="", flushed=""), _base())


CHRONY = {
    "chrony.service": {"LoadState": "loaded", "ActiveState": "active"},
    "systemd-timesyncd.service": {"LoadState": "not-found", "ActiveState": "inactive"},
}
POOL = "^,?,2.debian.pool.ntp.org,0,6,0,4294967295,0.000000000,0.000000000,0.000000000"
MINE = "^,*,10.0.0.123,2,6,377,12,0.000000000,0.000000000,0.000000000"


@pytest.mark.parametrize(("said", "holds"), [(f"{POOL}\n{MINE}", True), (POOL, False), ("", False)])
def test_chrony_itself_says_whom_it_asks(said: str, holds: bool) -> None:
    seen = Answers({"chrony": "server 10.0.0.123 iburst prefer", "chrony in use": said, "held back": ""})
    base = _base(ntp_servers=["10.0.0.123"])
    if holds:
        test_base.test_ntp_servers(seen, base, CHRONY)
        return
    with pytest.raises(AssertionError, match="has not taken up its settings"):
        test_base.test_ntp_servers(seen, base, CHRONY)


def _upgrades(*patterns: str) -> Answers:
    lines = [f'Unattended-Upgrade::Package-Blacklist:: "{pattern}";' for pattern in patterns]
    return Answers(apt="\n".join([*lines, 'Unattended-Upgrade::Remove-Unused-Kernel-Packages "false";']))


def test_an_exclusion_that_somebody_added_is_no_fault() -> None:
    base = _base(unattended_upgrades={"never": [r"^x\.y$"]})
    rig = Rig.model_validate({"name": "x", "driver": {"branch": 580}, "base": base.model_dump()})
    mine = never_upgraded(rig, catalog())
    test_base.test_upgrades_leave_alone(_upgrades(*mine, "^postgresql"), base, {})
    with pytest.raises(AssertionError, match="not left alone"):
        test_base.test_upgrades_leave_alone(_upgrades(*mine[:-1], r"^x\\.y$"), base, {})


def _at_boot(**states: str) -> Answers:
    blocks = [
        f"Id={name}\nLoadState={'masked' if state == 'masked' else 'loaded'}\nUnitFileState={state}"
        for name, state in (("ssh.service", states["service"]), ("ssh.socket", states["socket"]))
    ]
    return Answers({"at boot": "\n\n".join(blocks)})


@pytest.mark.parametrize(
    ("service", "socket", "holds"),
    [
        ("enabled", "disabled", True),
        ("disabled", "enabled", True),
        ("disabled", "disabled", False),
        ("masked", "enabled", False),
    ],
)
def test_sshd_is_there_after_a_boot(service: str, socket: str, holds: bool) -> None:
    if holds:
        test_access.test_ssh_at_boot(_at_boot(service=service, socket=socket))
        return
    with pytest.raises(AssertionError, match="nobody could log in after a boot"):
        test_access.test_ssh_at_boot(_at_boot(service=service, socket=socket))


def test_options_that_no_mount_shows_are_not_looked_for() -> None:
    assert not storage.VISIBLE & {"noauto", "nofail", "nobarrier", "strictatime", "x-systemd.automount"}
