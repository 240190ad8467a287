"""apt: what is missing is installed, what is half done is finished, and nothing else happens."""

from __future__ import annotations

import pytest

from rigwright.facts.keyrings import Keyrings
from rigwright.facts.packages import Packages, PackagesState
from rigwright.operations import apt
from tests.unit.operations.harness import Case, run

KEY = "02182E60104FCDC26EAE1B8597A5D4CB8793F200"
RING = "/etc/apt/keyrings/x.gpg"


def _has(**state: object) -> dict[object, object]:
    return {Packages: PackagesState(**state)}  # type: ignore[arg-type]


CASES = [
    Case("installed", apt.install, {"packages": ["htop"]}, _has(installed={"htop": "3"})),
    Case(
        "missing", apt.install, {"packages": ["htop", "tmux"]}, _has(installed={"htop": "3"}),
        has=["--no-install-recommends", " install tmux || {"], lacks=["htop", "allow-downgrades"],
        why=["tmux: absent, wanted installed"],
    ),
    Case(
        "an exact version may be a step down", apt.install, {"packages": {"x": "1.0-1"}},
        _has(installed={"x": "2.0-1"}),
        has=["--allow-downgrades --allow-change-held-packages", "install x=1.0-1"],
        why=["x: 2.0-1, wanted 1.0-1"],
    ),
    Case(
        "half done: finished first", apt.install, {"packages": ["x"]}, _has(unfinished={"x": "iF"}),
        has=["--configure -a", "install x"], why=["x: iF, wanted installed"],
    ),
    Case(
        "others go as it comes", apt.install, {"packages": ["x"], "instead_of": ["y", "z"]},
        _has(installed={"y": "1"}, residual=frozenset({"z"}), held=frozenset({"y"})),
        has=["--allow-change-held-packages", "install x y- ||"], lacks=["purge", "z-"],
        why=["x: absent, wanted installed; y: 1, wanted absent"],
    ),
    Case(
        "others go that came later", apt.install, {"packages": ["x"], "instead_of": ["y"]},
        _has(installed={"x": "1", "y": "1"}), has=["install y- ||"], why=["y: 1, wanted absent"],
    ),
    Case("nothing half done", apt.repaired, {}, _has()),
    Case(
        "half done", apt.repaired, {}, _has(unfinished={"tree": "iU"}),
        has=["dpkg --force-confdef --force-confold --configure -a", "-f install"], why=["dpkg left unfinished: tree"],
    ),
    Case(
        "a source is tried before it is put in place",
        apt.source,
        {"path": "/etc/apt/sources.list.d/x.sources", "text": "Types: deb\n"},
        has=['cp "$new" $work/tried.sources', "sourceparts=-", '[ $status = 0 ] && sync "$new" && mv -fT "$new"'],
    ),
    Case("lists are current", apt.updated, {}, _has(lists_current=True)),
    Case("lists are old", apt.updated, {}, _has(), has=["APT::Update::Error-Mode=any update", "/var/lib/rigwright/"]),
    Case(
        "others are read without ours", apt.updated, {}, _has(sources_read=frozenset({"/a/rigwright-x.sources"})),
        has=["! -name 'rigwright-*.sources'", "/apt-read/others"],
    ),
    Case(
        "a source of ours is read alone", apt.updated, {"source": "/a/rigwright-x.sources"}, _has(lists_current=True),
        has=["sourcelist=/a/rigwright-x.sources -o Dir::Etc::sourceparts=- ", "/apt-read/rigwright-x.sources"],
        why=["apt has not read /a/rigwright-x.sources as it stands now"],
    ),
    Case(
        "a source of ours is read", apt.updated, {"source": "/a/rigwright-x.sources"},
        _has(sources_read=frozenset({"/a/rigwright-x.sources"})),
    ),
    Case("not there", apt.remove, {"names": ["nano"]}, _has()),
    Case(
        "to be removed",
        apt.remove,
        {"names": ["n"]},
        _has(installed={"n": "8"}),
        has=["another apt or dpkg has not ended", "--purge", "remove n"],
    ),
    Case("configuration left", apt.remove, {"names": ["n"]}, _has(residual=frozenset({"n"})), has=["--purge"]),
    Case("configuration may stay", apt.remove, {"names": ["n"], "purge": False}, _has(residual=frozenset({"n"}))),
    Case("held", apt.held, {"names": ["x"]}, _has(held=frozenset({"x"}))),
    Case("to be held", apt.held, {"names": ["x", "y"]}, _has(held=frozenset({"x"})), commands=["apt-mark hold y"]),
    Case("to be released", apt.released, {"names": ["x"]}, _has(held=frozenset("xy")), commands=["apt-mark unhold x"]),
    Case(
        "the key is there", apt.key, {"url": "http://k", "fingerprint": KEY, "keyring": RING}, {Keyrings: {RING: [KEY]}}
    ),
    Case(
        "another key is there", apt.key, {"url": "http://k", "fingerprint": KEY, "keyring": RING},
        {Keyrings: {RING: ["1" * 40]}},
        has=[f'"$found" != "{KEY} "', "nothing was changed", f"mv -f {RING}.rigwright {RING}"],
    ),
]  # fmt: skip


def test_what_cannot_be_finished_is_left_to_others_where_that_was_asked_for() -> None:
    facts = {Packages: PackagesState(unfinished={"linux-headers-amd64": "iU"})}
    first, _ = run(apt.install, {"packages": ["gpg"]}, facts).commands
    assert "--configure -a" in first
    (command,) = run(apt.install, {"packages": ["gpg", "x"], "beside_unfinished": True}, facts).commands
    assert command.endswith("""|| [ "$(dpkg-query -W -f '${db:Status-Status} ' gpg x)" = 'installed installed ' ]; }""")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_apt(case: Case) -> None:
    case.check()


def test_apt_never_asks_and_waits_for_others() -> None:
    (command,) = run(apt.install, {"packages": ["x"]}, _has()).commands  # type: ignore[arg-type]
    for part in (
        "DEBIAN_FRONTEND=noninteractive",
        "NEEDRESTART_SUSPEND=1",
        "DPkg::Lock::Timeout=300",
        "--force-confold",
    ):
        assert part in command
