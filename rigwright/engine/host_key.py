"""Host keys, as errors name them."""

from __future__ import annotations

import base64
import hashlib

from paramiko import PKey, SSHException


class UnknownHostKey(SSHException):
    """The host shows a key that known_hosts does not hold."""

    def __init__(self, hostname: str, key: PKey) -> None:
        super().__init__(f"no key of {hostname} is known")
        self.hostname = hostname
        self.key = key


def fingerprint(key: PKey) -> str:
    """The key's kind and SHA256 fingerprint as `ssh-keygen -l` prints it."""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"
