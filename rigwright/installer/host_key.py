"""The key by which a host is known: read where it is kept, or made; never shown."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

KINDS = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}
"""Kind of the key → what sshd's file name calls it; 'ecdsa-sha2-…' is 'ecdsa'."""


class KeyUnusable(Exception):
    """What was read is no key that can be used; the text says why, and nothing of what it holds."""


@dataclass(frozen=True)
class HostKey:
    """A private key as OpenSSH keeps it, and its public half ('ssh-ed25519 AAAA…')."""

    private: bytes = field(repr=False)
    public: str

    @property
    def file(self) -> str:
        """The name of its file in /etc/ssh."""
        kind = self.public.split(" ")[0]
        return f"ssh_host_{KINDS.get(kind, 'ecdsa')}_key"

    def known_hosts(self, address: str, port: int = 22) -> str:
        """The line for ~/.ssh/known_hosts, with its line break."""
        return f"{address if port == 22 else f'[{address}]:{port}'} {self.public}\n"


def new_host_key() -> HostKey:
    """A new one, Ed25519."""
    return _host_key(ed25519.Ed25519PrivateKey.generate())


def host_key(text: str, whence: str) -> HostKey:
    """A key from a secret: the file as `ssh-keygen` writes it, or its base64 on one line.

    ``whence``: the key of the declaration, for the error. Raises `KeyUnusable`.
    """
    data = unfolded(text, whence)
    own_form = b"BEGIN OPENSSH PRIVATE KEY" in data
    load = serialization.load_ssh_private_key if own_form else serialization.load_pem_private_key
    try:
        key = load(data, password=None)
    except TypeError:
        raise KeyUnusable(f"{whence}: the key has a passphrase, and sshd asks nobody (ssh-keygen -p)") from None
    except (ValueError, UnsupportedAlgorithm):
        # Without its cause: it may quote what it has read.
        raise KeyUnusable(f"{whence}: this is no private SSH key as ssh-keygen writes it") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyUnusable(f"{whence}: sshd uses keys of the kinds ed25519, ecdsa and rsa alone")
    made = _host_key(key)
    return HostKey(data.strip() + b"\n", made.public) if own_form else made


def unfolded(text: str, whence: str) -> bytes:
    """What a secret holds that is a file of several lines: as it is, or by its base64."""
    if text.lstrip().startswith("-----BEGIN "):
        return text.strip().encode() + b"\n"
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data.lstrip().startswith(b"-----BEGIN "):
        raise KeyUnusable(
            f"{whence}: expected a text that begins with '-----BEGIN ', or its base64 on one line (a command's first "
            "line is all that is read: base64 -w0 FILE)"
        )
    return data


def _host_key(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> HostKey:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return HostKey(private, public.decode())
