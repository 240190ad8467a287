"""The distribution's own archive: more components of the mirror that the host already uses."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.release import Release
from rigwright.facts.sources import Sources, entries, with_components
from rigwright.operations import files
from rigwright.operations.apt import UPDATE


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
    yield UPDATE


@operation()
def components(wanted: Sequence[str]) -> Generator[StringCommand, None, None]:
    """Have these components in every entry of the distribution's own archive, security and updates included.

    Refuses where no entry is the distribution's own: which mirror to add them to is not ours to choose.
    """
    state = host.get_fact(Sources)
    codename = host.get_fact(Release).codename
    own = 0
    changed = {}
    for path, source in state.files.items():
        text = source.text
        for entry in entries(path, text):
            if state.belongs(entry, codename):
                own += 1
                text = with_components(text, entry, tuple(wanted))
        if text != source.text:
            changed[path] = text
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
