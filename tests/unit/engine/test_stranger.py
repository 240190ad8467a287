"""Which keys a host shows, kind by kind, and which of them somebody has told of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import ECDSAKey, PKey, RSAKey
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine.host_key import UnknownHostKey, fingerprint
from rigwright.engine.known_hosts import Papers
from rigwright.engine.ledger import ledger_of
from rigwright.engine.ssh import CannotConnect
from rigwright.engine.stranger import Stranger, is_that, met

ECDSA, RSA = ECDSAKey.generate(), RSAKey.generate(2048)
PRINT = fingerprint(ECDSA).split()[1]
KNOWN = Papers(("10.0.0.7",), (Path("/known"),))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (PRINT, True),
        (f"{PRINT}=", True),
        (f"{ECDSA.get_name()} {ECDSA.get_base64()} root@basement", True),
        (f"SHA256:{'A' * 43}", False),
        (f"{RSA.get_name()} {RSA.get_base64()}", False),
        (f"{RSA.get_name()} {ECDSA.get_base64()}", False),
    ],
    ids=["fingerprint", "with its filling", "public key", "another fingerprint", "another key", "of another kind"],
)
def test_a_key_is_told_by_itself_or_by_its_fingerprint(wanted: str, found: bool) -> None:
    assert is_that(ECDSA, wanted) is found
    assert Stranger("10.0.0.7", (RSA, ECDSA), KNOWN).known_as(wanted) == (
        ECDSA if found else RSA if wanted == f"{RSA.get_name()} {RSA.get_base64()}" else None
    )


@pytest.fixture
def host(tmp_path: Path) -> Any:
    data = {"ssh_hostname": "10.0.0.7", "ssh_known_hosts_file": str(tmp_path / "known"), "ssh_config_file": "/dev/null"}
    (found,) = State(Inventory((["bench"], data)), Config()).inventory
    return found


def shows(*keys: PKey, name: str = "[10.0.0.7]:2222") -> Any:
    """A host whose sshd has these keys, and which nobody gets into. ``name``: who it is that shows them."""

    def connect(self: SSHConnector) -> None:
        assert Path(str(self.data["ssh_known_hosts_file"])).read_text() == "", "nothing is believed"
        options: Any = self.data["ssh_paramiko_connect_kwargs"]
        left_out = options["disabled_algorithms"]["keys"]
        by = {key: "rsa-sha2-512" if key is RSA else key.get_name() for key in keys}
        shown = [key for key, algorithm in by.items() if algorithm not in left_out]
        try:
            try:
                raise UnknownHostKey(name, shown[0]) if shown else ConnectionError("no common algorithm")
            except Exception as error:
                raise ConnectError("told otherwise") from error
        except ConnectError as error:
            raise CannotConnect("host key", "in words") from error

    return connect


def test_all_kinds_are_asked_for_and_nothing_is_believed(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger_of(host).strange_at = 2222
    monkeypatch.setattr(SSHConnector, "connect", shows(RSA, ECDSA))
    found = met(host)
    assert found is not None
    assert (found.at, found.shown) == ("[10.0.0.7]:2222", (ECDSA, RSA))


def test_the_key_of_a_jump_host_is_not_the_hosts(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger_of(host).strange_at = 2222
    monkeypatch.setattr(SSHConnector, "connect", shows(ECDSA, name="jump"))
    assert met(host) is None


def test_who_was_not_met_is_no_stranger(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SSHConnector, "connect", lambda self: pytest.fail("nobody is asked"))
    assert met(host) is None


def test_one_that_has_gone_meanwhile_is_none(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger_of(host).strange_at = 22
    monkeypatch.setattr(SSHConnector, "connect", shows())
    assert met(host) is None


def test_one_that_lets_everybody_in_is_left_at_once(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    def connect(self: SSHConnector) -> None:
        self.client = SimpleNamespace(close=lambda: closed.append("closed"))  # type: ignore[assignment]

    ledger_of(host).strange_at = 22
    monkeypatch.setattr(SSHConnector, "connect", connect)
    assert met(host) is None
    assert len(closed) == 3
