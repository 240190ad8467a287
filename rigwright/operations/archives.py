"""Programs as their makers pack them: by hash, whole or not there, each version in a folder of its own."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.archives import MARK, Unpacked

_SCRIPT = r"""set -e; umask 022; mkdir -p @FOLDER@; rm -rf @FOLDER@/.new.*
work=$(mktemp -d @FOLDER@/.new.XXXXXX); trap 'rm -rf "$work"' EXIT
curl -sS -f -L --retry 3 --retry-all-errors --max-time 3600 -o "$work/archive" @URL@
found=$(sha256sum < "$work/archive" | cut -d' ' -f1)
[ "$found" = @SHA256@ ] || {
    echo "the archive at" @URL@ "has hash $found, declared is @SHA256@: nothing was changed" >&2; exit 1; }
mkdir "$work/tree"; tar -xf "$work/archive" -C "$work/tree" --no-same-owner
program=$(find "$work/tree" -type f -name @PROGRAM@ -perm -u+x | head -n 1)
[ -n "$program" ] || { echo "the archive at" @URL@ "holds no program" @PROGRAM@ >&2; exit 1; }
ln -s "${program#"$work/tree/"}" "$work/tree/.program"; chmod 755 "$work/tree"
echo @SHA256@ > "$work/tree/@MARK@"; sync "$work/tree/@MARK@"
rm -rf @DEST@; mv "$work/tree" @DEST@"""


@operation()
def unpacked(dest: str, url: str, sha256: str, program: str) -> Generator[str, None, None]:
    """Have ``dest`` be what the archive holds; ``dest``/.program leads to the program of that name in it.

    An archive with another hash changes nothing. Needs curl, and what tar needs for the archive's kind.
    """
    folder, version = posixpath.split(dest)
    found = host.get_fact(Unpacked, folder=folder)
    if found.get(version) == sha256:
        host.noop(f"{dest} is there")
        return
    there = "another archive's" if found.get(version) else "not whole" if version in found else "missing"
    because(f"{dest}: {there}")
    script = _SCRIPT
    for blank, value in {
        "@FOLDER@": shlex.quote(folder),
        "@DEST@": shlex.quote(dest),
        "@URL@": shlex.quote(url),
        "@SHA256@": sha256,
        "@PROGRAM@": shlex.quote(program),
        "@MARK@": MARK,
    }.items():
        script = script.replace(blank, value)
    yield f"sh -c {shlex.quote(script)}"


@operation()
def others_removed(folder: str, kept: Sequence[str]) -> Generator[str, None, None]:
    """Remove every version in ``folder`` but ``kept``."""
    found: dict[str, str | None] = host.get_fact(Unpacked, folder=folder)
    gone = sorted(set(found) - set(kept))
    if not gone:
        host.noop("there is no other version")
        return
    because("; ".join(f"{folder}/{name}: there, and used by nobody" for name in gone))
    yield f"rm -rf -- {' '.join(shlex.quote(f'{folder}/{name}') for name in gone)}"
