"""A secret on a real host: it arrives, and is seen by nobody on its way."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Iterator
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.declared import OWNER_KEY
from tests.system.other_values import HASH_VARIABLE
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

DECLARED: dict[str, Any] = {
    "driver": {"source": "none"},
    "containers": {"state": "absent"},
    "access": {"users": {"owner": {"keys": [OWNER_KEY], "password_hash": {"env": HASH_VARIABLE}}}},
}
# Not as root: sudo writes every command that it runs to the journal.
RIG = ("--layer", "access", "--set", "ssh_user=admin")
PLAIN = ("inventory", "deploy.py", "--data", "layers=access", "--data", "ssh_user=admin")
WAYS = [
    pytest.param(("rig", "apply", "--yes", *RIG), id="rig"),
    pytest.param(("rig", "apply", "--yes", "--json", *RIG), id="rig --json"),
    pytest.param(("pyinfra", "-y", "-vvv", *PLAIN), id="pyinfra -vvv"),
    pytest.param(("pyinfra", "-y", "-vvv", "--debug", *PLAIN), id="pyinfra -vvv --debug"),
]

PROGRAM = "/usr/sbin/chpasswd"
SEEN = "/root/seen"
FAIL = "/root/fail"
WITNESS = f"""#!/bin/sh
for process in /proc/[0-9]*; do
    tr '\\0' '\\n' < $process/cmdline
    tr '\\0' '\\n' < $process/environ
done >> {SEEN} 2>/dev/null
if [ -e {FAIL} ]; then echo 'chpasswd: cannot lock /etc/shadow; try again later.' >&2; exit 1; fi
exec {PROGRAM}.real "$@"
"""
"""In the place of the program that is given the secret: keeps what lists of processes show at that moment."""

PLACES = "/etc /var /tmp /run /dev/shm /home /opt /root /srv"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ThrowawayHost, Site]]:
    """A host on which all of layer access is as declared but the password, and a witness stands beside it."""
    with ThrowawayHost("basement") as host:
        found = site(tmp_path_factory.mktemp("secrets"), {host: DECLARED})
        found.apply(*RIG, "--set", "access.users.owner.password_hash=null")
        host.run(f"mv {PROGRAM} {PROGRAM}.real; cat > {PROGRAM}; chmod 755 {PROGRAM}", input=WITNESS)
        yield host, found


@pytest.fixture
def crypt_hash(server: tuple[ThrowawayHost, Site], monkeypatch: pytest.MonkeyPatch) -> str:
    """The declared hash, another one each time, where it is declared to be. The host's owner has no password."""
    letters = string.ascii_letters + string.digits
    made = "$6$throwaway$" + "".join(secrets.choice(letters) for _ in range(86))
    monkeypatch.setenv(HASH_VARIABLE, made)
    server[0].run(f"usermod --password '!' owner; rm -f {SEEN} {FAIL}")
    return made


@pytest.mark.parametrize("apply", WAYS)
def test_a_password_hash_arrives_and_is_seen_nowhere(
    server: tuple[ThrowawayHost, Site], crypt_hash: str, apply: tuple[str, ...]
) -> None:
    host, rig = server
    applied = rig.run(*apply)
    assert applied.returncode == 0, said(applied)
    assert not _shows(applied.stdout + applied.stderr, crypt_hash), said(applied)
    _is_nowhere_on(host, crypt_hash)
    assert host.run("getent shadow owner").stdout.split(":")[1] == crypt_hash
    plan = rig.document("plan", *RIG)
    assert plan["exit_status"] == 0, changes(plan)


def test_looking_does_not_show_it(server: tuple[ThrowawayHost, Site], crypt_hash: str) -> None:
    """Neither while the host has another password, nor when it has this one."""
    host, rig = server
    looks = [("rig", verb, *json, *RIG) for verb in ("plan", "verify") for json in ([], ["--json"])]
    looks.append(("pyinfra", "-y", "--dry", "-vvv", "--debug", *PLAIN))
    before = [rig.run(*look) for look in looks]
    assert [done.returncode for done in before] == [2, 2, 1, 1, 0], "\n".join(map(said, before))
    host.run("chpasswd -e", input=f"owner:{crypt_hash}\n")
    after = [rig.run(*look) for look in looks]
    assert [done.returncode for done in after] == [0, 0, 0, 0, 0], "\n".join(map(said, after))
    for done in before + after:
        assert not _shows(done.stdout + done.stderr, crypt_hash), said(done)
    assert not [path for path in rig.project.rglob("*") if path.is_file() and crypt_hash.encode() in path.read_bytes()]
    _is_nowhere_on(host, crypt_hash)


@pytest.mark.parametrize("apply", WAYS)
def test_what_is_said_of_a_failure_does_not_show_it(
    server: tuple[ThrowawayHost, Site], crypt_hash: str, apply: tuple[str, ...]
) -> None:
    host, rig = server
    host.run(f"touch {FAIL}")
    applied = rig.run(*apply)
    assert applied.returncode == 1 and "cannot lock /etc/shadow" in applied.stdout + applied.stderr, said(applied)
    assert not _shows(applied.stdout + applied.stderr, crypt_hash), said(applied)
    _is_nowhere_on(host, crypt_hash)


def _is_nowhere_on(host: ThrowawayHost, crypt_hash: str) -> None:
    """Beside the file that it belongs in."""
    seen = host.run(f"cat {SEEN}").stdout
    assert "chpasswd" in seen, "the witness was not there"
    assert not _shows(seen, crypt_hash), "a list of processes shows it"
    journal = host.run("journalctl --no-pager --all --output=export").stdout
    assert "COMMAND=" in journal, "the journal does not tell what sudo ran"
    assert not _shows(journal, crypt_hash), "the journal shows it"
    search = f"grep --recursive --files-with-matches --no-messages --devices=skip --fixed-strings --file=- {PLACES}"
    forms = "\n".join(_forms(crypt_hash))
    everybody = host.run(f"runuser -u nobody -- {search}", check=False, input=forms).stdout
    assert everybody == "", "files that everybody may read hold it"
    root = host.run(search, check=False, input=forms).stdout
    assert set(root.split()) <= {"/etc/shadow", "/etc/shadow-"}, "files hold it that it does not belong in"


def _shows(text: str, crypt_hash: str) -> bool:
    """Whether it is there in any form, broken into lines or not."""
    whole = "".join(text.split())
    return any(form in whole for form in _forms(crypt_hash))


def _forms(crypt_hash: str) -> list[str]:
    """Its last part, in which no shell has anything to quote, as it is and in base64, wherever that begins."""
    last = crypt_hash.rpartition("$")[2]
    return [last, *(base64.b64encode(last[start:].encode()).decode().rstrip("=")[:-2] for start in range(3))]
