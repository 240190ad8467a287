"""A host that shows a key which is not known to be its own: which keys it shows, for whoever can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import paramiko
from paramiko import PKey
from pyinfra.api.host import Host
from pyinfra.connectors.ssh import SSHConnector

from rigwright.choice.access import SSH_PORT
from rigwright.engine.host_key import UnknownHostKey, fingerprint
from rigwright.engine.known_hosts import Papers
from rigwright.engine.ledger import ledger_of
from rigwright.engine.ssh import CannotConnect
from rigwright.engine.way_in import cause_of, is_of, known_by, papers

KINDS = ("ssh-ed25519", "ecdsa-sha2-", "rsa-sha2-")
"""How the names of algorithms begin, a kind of host key each, in the order in which they are wanted."""
_CONNECT_OPTIONS = "ssh_paramiko_connect_kwargs"


@dataclass(frozen=True)
class Stranger:
    """``at``: name and port, as in known_hosts; ``shown``: its keys, the preferred one first; ``papers``: what the host
    that it should be is known by."""

    at: str
    shown: tuple[PKey, ...]
    papers: Papers

    @property
    def known(self) -> list[PKey]:
        """The keys of the host that it should be; none: it has never been met."""
        return self.papers.keys

    def known_as(self, wanted: str) -> PKey | None:
        """The shown key that this is: a public key (``ssh-ed25519 AAAA…``) or a fingerprint (``SHA256:…``)."""
        return next((key for key in self.shown if is_that(key, wanted)), None)


def is_that(key: PKey, wanted: str) -> bool:
    """Whether a key is the one that is told by itself or by its SHA256 fingerprint."""
    if wanted.startswith("SHA256:"):
        return fingerprint(key).split()[1] == wanted.rstrip("=")
    return wanted.split()[:2] == [key.get_name(), key.get_base64()]


def met(host: Host) -> Stranger | None:
    """The one whom the last attempt to connect met in the host's place; None: it failed, or not, otherwise.

    Nobody is let in or logged in for it: each connection ends with the key that is shown.
    """
    port = ledger_of(host).strange_at
    if port is None or not isinstance(host.connector, SSHConnector):
        return None
    found = papers(host.connector, port)
    shown = [key for kind in KINDS for key in _shown(host, port, kind)]
    name = str(host.data.get("ssh_hostname") or host.name)
    return Stranger(name if port == SSH_PORT else f"[{name}]:{port}", tuple(shown), found) if shown else None


def acquainted(host: Host) -> tuple[Papers, PKey] | None:
    """What a host that is connected to is known by, and the key that it showed; None: it is not reached by SSH."""
    way_in = ledger_of(host).way_in
    if way_in is None or not isinstance(host.connector, SSHConnector):
        return None
    return papers(host.connector, way_in.port), way_in.key


def _shown(host: Host, port: int, kind: str) -> Iterator[PKey]:
    """The host's key of a kind; none, where it has none of that."""
    asking = SSHConnector(host.state, host)
    data: dict[str, object] = asking.data  # type: ignore[assignment]
    given = data.get(_CONNECT_OPTIONS)
    options = dict(given) if isinstance(given, dict) else {}
    data[_CONNECT_OPTIONS] = {**options, "disabled_algorithms": {"keys": _all_but(kind)}}
    with known_by(asking, port, []):
        try:
            asking.connect()
        except CannotConnect as error:
            cause = cause_of(error.__cause__) if error.__cause__ else error
            if isinstance(cause, UnknownHostKey) and is_of(asking, port, cause):
                yield cause.key
    if asking.client is not None:
        asking.client.close()


def _all_but(kind: str) -> Sequence[str]:
    known: Sequence[str] = paramiko.Transport._preferred_keys  # type: ignore[attr-defined]
    return [name for name in known if not name.startswith(kind)]
