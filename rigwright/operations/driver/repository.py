"""The key of NVIDIA's repository: checked, and gone when nothing uses it."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages
from rigwright.facts.sources import Sources
from rigwright.operations import apt

KEYRING_PACKAGE = "cuda-keyring"
"""NVIDIA's own way to set up its repository: a list, a key and a pin, in the places that ours take."""


@operation()
def key(url: str, key_file: str | None, fingerprint: str | None, keyring: str) -> Generator[str, None, None]:
    """The repository's key, checked by its fingerprint. Refuses where nobody has said which key to trust."""
    if fingerprint is None:
        refuse(
            host,
            f"which key signs {url} is not known here; read its fingerprint from a source that you trust, and declare "
            "driver.repository_fingerprint",
        )
    name = key_file or f"{fingerprint[-8:]}.pub"
    yield from apt.key._inner(url=f"{url}/{name}", fingerprint=fingerprint, keyring=keyring)


@operation()
def key_absent(keyring: str, ours: str) -> Generator[str, None, None]:
    """Remove the key, unless a source file other than ``ours`` is still signed by it or a package owns it."""
    users = [path for path, source in host.get_fact(Sources).files.items() if keyring in source.text and path != ours]
    if host.get_fact(Files, paths=[keyring])[keyring] is None:
        host.noop(f"{keyring} is absent")
    elif users or KEYRING_PACKAGE in host.get_fact(Packages).installed:
        host.noop(f"{keyring} is used by {', '.join(users) or KEYRING_PACKAGE}")
    else:
        because(f"{keyring}: present, wanted absent")
        yield f"rm -f -- {shlex.quote(keyring)}"
