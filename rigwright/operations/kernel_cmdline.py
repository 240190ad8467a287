"""Words of ours on the kernel's command line, in a drop-in of GRUB's that holds nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.boot_loader import GRUB_CFG, NORMAL_ENTRIES, BootLoader
from rigwright.facts.files import Contents, Files
from rigwright.facts.release import Release
from rigwright.operations import files

DROP_IN = "/etc/default/grub.d/50-rigwright.cfg"
_HEADER = "# Written by Rigwright. Recovery entries are left without these words.\n"

# update-grub succeeds when another file replaces the variable instead of adding to it.
_CHECK = r"""{entries} {cfg} | awk -v words={words} '
    {{ n = split(words, w, " "); for (i = 1; i <= n; i++) {{ found = 0
        for (j = 2; j <= NF; j++) if ($j == w[i]) found = 1
        if (!found) lacks[w[i]] = 1 }} }}
    END {{ if (!NR) {{ print "{cfg} has no entry by /etc/grub.d/10_linux" > "/dev/stderr"; exit 1 }}
        for (word in lacks) {{ bad = 1
        why = "another file in /etc/default/grub.d replaces GRUB_CMDLINE_LINUX_DEFAULT"
        print "{cfg} lacks " word ": " why > "/dev/stderr" }}
        exit bad }}'"""


@operation()
def words(wanted: Sequence[str]) -> Generator[StringCommand | str, None, None]:
    """Have these words in every normal boot entry, from the next boot on; without any, no drop-in.

    The entries are made anew only when they lack a word or are older than the drop-in. In a container the drop-in is
    all there is: it has no boot of its own. Refuses a machine that is not started by GRUB.
    """
    state = host.get_fact(BootLoader)
    text = host.get_fact(Contents, paths=[DROP_IN])[DROP_IN]
    written = host.get_fact(Files, paths=[DROP_IN])[DROP_IN]
    machine = host.get_fact(Release).container is None
    update = state.grub and machine
    if wanted and machine and not state.grub:
        refuse(
            host,
            "tuning.kernel_cmdline needs GRUB, and there is no update-grub here: set the words in this host's own"
            " boot loader and leave them out of the declaration",
        )
    content = drop_in(wanted)
    lacking = state.lacking(list(wanted)) if update else []
    older = update and written is not None and (state.written or 0.0) < written.mtime
    if wanted:
        if text == content and not lacking and not older:
            host.noop("the words are there")
            return
        because(_reason(text, content, lacking))
        if text != content:
            yield files.written(DROP_IN, content.encode(), "644", "root", "root", None)
        if update:
            yield f"update-grub && {_check(wanted)}"
        return
    if text is None:
        host.noop("no words of ours")
        return
    because(f"{DROP_IN}: present, wanted absent")
    # Emptied first and removed last: whoever is interrupted in between finds it again, newer than grub.cfg.
    if update and (text != content or older):
        yield files.written(DROP_IN, content.encode(), "644", "root", "root", None)
        yield "update-grub"
    yield f"rm -f -- {DROP_IN}"


def drop_in(wanted: Sequence[str]) -> str:
    """The drop-in's text."""
    if not wanted:
        return _HEADER
    return f'{_HEADER}GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT {" ".join(wanted)}"\n'


def _check(wanted: Sequence[str]) -> str:
    return _CHECK.format(entries=NORMAL_ENTRIES, cfg=GRUB_CFG, words=shlex.quote(" ".join(wanted)))


def _reason(text: str | None, content: str, lacking: Sequence[str]) -> str:
    if text is None:
        return f"{DROP_IN}: missing"
    if text != content:
        return f"{DROP_IN}: content differs"
    return f"{GRUB_CFG}: {'lacks ' + ', '.join(lacking) if lacking else 'older than ' + DROP_IN}"
