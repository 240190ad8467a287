"""NVIDIA's repository alone in its place: no second list of it, no key that nothing uses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Sequence
from fnmatch import fnmatch

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages
from rigwright.facts.sources import Sources
from rigwright.operations import apt

_KEYRING_PACKAGE = "cuda-keyring"
"""NVIDIA's own way to set up its repository: a list, a key and a pin, in the places that ours take."""


@operation()
def others_absent(ours: str, patterns: Sequence[str], url: str) -> Generator[str, None, None]:
    """Remove source files that name this repository too: apt refuses one repository with two keys.

    ``patterns``: paths (with *) that are known to be such; ``url``: the repository. A file that also names other
    repositories stays as it is.
    """
    others = [
        path
        for path, source in host.get_fact(Sources).files.items()
        if path != ours and (any(fnmatch(path, pattern) for pattern in patterns) or _names_only(source.text, url))
    ]
    package = _KEYRING_PACKAGE in host.get_fact(Packages).installed
    if not others and not package:
        host.noop("no other list of the repository")
        return
    if package:
        because(f"{_KEYRING_PACKAGE}: sets up the same repository, its own way")
        yield f"{apt.APT} --purge remove {_KEYRING_PACKAGE}"
    if others:
        because(f"{', '.join(others)}: the repository a second time")
        yield f"rm -f -- {' '.join(map(shlex.quote, others))}"


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
    elif users or _KEYRING_PACKAGE in host.get_fact(Packages).installed:
        host.noop(f"{keyring} is used by {', '.join(users) or _KEYRING_PACKAGE}")
    else:
        because(f"{keyring}: present, wanted absent")
        yield f"rm -f -- {shlex.quote(keyring)}"


def _names_only(text: str, url: str) -> bool:
    """Whether every repository that the file names is this one, or NVIDIA's own of any release."""
    found = re.findall(r"^\s*(?:deb(?:-src)?\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S+)", text, flags=re.MULTILINE)
    return bool(found) and all(each.rstrip("/") == url or "/compute/cuda/repos/" in each for each in found)
