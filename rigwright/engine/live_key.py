"""The host key of a live system, which is another one at each of its boots: believed by its fingerprint, kept apart."""

from __future__ import annotations

import logging
import socket

import paramiko
from paramiko import PKey, SSHException

from rigwright.engine.host_key import fingerprint

KINDS = ("ssh-ed25519", "ecdsa-sha2-", "rsa-sha2-")
"""How the names of algorithms begin, a kind of host key each."""
_PATIENCE_S = 15


class NotThatKey(Exception):
    """Nobody answers there, or none of the keys that are shown is the one that is believed."""


def key_of(address: str, port: int, wanted: str) -> PKey:
    """The shown host key of this fingerprint ('SHA256:…'). Raises `NotThatKey`."""
    shown: list[PKey] = []
    # A kind that the host has no key of is no error; paramiko would tell the screen of it at length.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    logging.getLogger("paramiko").propagate = False
    for kind in KINDS:
        try:
            shown.append(_shown(address, port, kind))
        except SSHException:  # it has no key of this kind
            continue
        except OSError as error:
            raise NotThatKey(f"no connection to {address} port {port}: {error.strerror or error}") from error
    for key in shown:
        if fingerprint(key).split()[1] == wanted:
            return key
    said = ", ".join(fingerprint(key) for key in shown) or "none"
    raise NotThatKey(
        f"{address} port {port} shows other host keys than {wanted}: {said}. Nothing was sent there. On the live "
        "system's own screen: for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done"
    )


def known_hosts_line(address: str, port: int, key: PKey) -> str:
    """The line for a known_hosts file, with its line break."""
    at = address if port == 22 else f"[{address}]:{port}"
    return f"{at} {key.get_name()} {key.get_base64()}\n"


def _shown(address: str, port: int, kind: str) -> PKey:
    connection = socket.create_connection((address, port), timeout=_PATIENCE_S)
    transport = paramiko.Transport(connection)
    try:
        options = transport.get_security_options()
        options.key_types = [name for name in options.key_types if name.startswith(kind)]
        transport.start_client(timeout=_PATIENCE_S)
        return transport.get_remote_server_key()
    finally:
        transport.close()
