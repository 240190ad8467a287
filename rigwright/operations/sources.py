"""The distribution's own archive: more components of the mirror that the host already uses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Sequence
from fnmatch import fnmatch

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.packages import Packages
from rigwright.facts.release import Release
from rigwright.facts.sources import Sources, entries, with_components
from rigwright.operations import files
from rigwright.operations.apt import READ_OTHERS, WAITING_APT


@operation()
def known() -> Generator[str, None, None]:
    """Fetch the lists once where, without them, it cannot be said which sources are the distribution's own."""
    state = host.get_fact(Sources)
    codename = host.get_fact(Release).codename
    unsure = sorted(
        path
        for path, source in state.files.items()
        for entry in entries(path, source.text)
        if state.belongs(entry, codename) is None
    )
    if not unsure:
        host.noop("it is known whose archives the sources are")
        return
    because(f"{', '.join(dict.fromkeys(unsure))}: apt has not yet read whose archives these are")
    yield READ_OTHERS


@operation()
def components(wanted: Sequence[str]) -> Generator[StringCommand, None, None]:
    """Have these components of every suite of the distribution's own archive, security and updates included.

    What no entry of a suite has is added to its first: Ubuntu's installer writes one line for each few components.

    Refuses where no entry is the distribution's own: which mirror to add them to is not ours to choose.
    """
    state = host.get_fact(Sources)
    codename = host.get_fact(Release).codename
    own = [
        (path, entry)
        for path, source in state.files.items()
        for entry in entries(path, source.text)
        if state.belongs(entry, codename)
    ]
    have: dict[tuple[str, str, str], set[str]] = {}
    for _, entry in own:
        for archive in entry.archives:
            have.setdefault(archive, set()).update(entry.components)
    texts = {path: source.text for path, source in state.files.items()}
    for path, entry in own:
        missing = tuple(each for each in wanted if any(each not in have[archive] for archive in entry.archives))
        texts[path] = with_components(texts[path], entry, missing)
        for archive in entry.archives:
            have[archive].update(missing)
    changed = {path: text for path, text in texts.items() if text != state.files[path].text}
    if wanted and not own:
        refuse(
            host,
            f"none of apt's sources ({', '.join(state.files) or 'there are no files'}) is the distribution's own "
            f"archive for {codename}, so there is nothing to add {', '.join(wanted)} to. Add a source for its mirror, "
            "or declare base.components = []",
        )
    if not changed:
        host.noop("the archive has all components")
        return
    because(f"{', '.join(changed)}: lacks one of {', '.join(wanted)}")
    for path, text in changed.items():
        yield files.written(path, text.encode(), state.files[path].mode, "root", "root", None)


@operation()
def others_absent(
    ours: str, patterns: Sequence[str], places: Sequence[str], package: str | None = None
) -> Generator[str, None, None]:
    """Remove source files that name a repository of ours too: apt reads nothing at all where one has two keys.

    ``patterns``: paths (with *) that are known to be such; ``places``: texts, one of which is part of every address
    that such a file names: a file that names other repositories too stays as it is. ``package``: one that brings such.
    """
    others = [
        path
        for path, source in host.get_fact(Sources).files.items()
        if path != ours and (any(fnmatch(path, pattern) for pattern in patterns) or _names_only(source.text, places))
    ]
    has_package = package is not None and package in host.get_fact(Packages).installed
    if not others and not has_package:
        host.noop("no other list of the repository")
        return
    if has_package:
        because(f"{package}: sets up the same repository, its own way")
    if others:
        because(f"{', '.join(others)}: the repository a second time")
    if has_package:
        yield f"{WAITING_APT} --purge remove {package}"
    if others:
        yield f"rm -f -- {' '.join(map(shlex.quote, others))}"


def _names_only(text: str, places: Sequence[str]) -> bool:
    found = re.findall(r"^\s*(?:deb(?:-src)?\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S+)", text, flags=re.MULTILINE)
    return bool(found) and all(any(place in each for place in places) for each in found)
