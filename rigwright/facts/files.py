"""The state of files, many at once."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from typing import Literal

from pyinfra.api import FactBase

Kind = Literal["file", "directory", "link", "other"]


@dataclass(frozen=True)
class FileState:
    """One existing path: ``mode`` in octal digits ("644"), ``mtime`` in seconds, ``sha256`` of files only.

    A link's ``mtime`` is the later one of its own and of what it leads to: who reads it gets what is new of either.
    """

    kind: Kind
    mode: str
    user: str
    group: str
    mtime: float
    size: int
    sha256: str | None = None
    target: str | None = None


class Files(FactBase[dict[str, FileState | None]]):
    """Path → state, None where nothing is there.

    Raw lines: ``regular file|644|root|root|1763881200.123|120|<sha256>|||/etc/motd``, for links with target and
    its time: ``symbolic link|777|root|root|1763881200.123|9||/srv/motd|1763881300.5|/etc/motd``.
    """

    def command(self, paths: list[str]) -> str:
        """Look at all paths in one go."""
        listed = " ".join(shlex.quote(path) for path in paths)
        return (
            f'export LC_ALL=C; for p in {listed}; do if [ -e "$p" ] || [ -L "$p" ]; then '
            'h=; t=; m=; if [ -L "$p" ]; then t=$(readlink "$p"); m=$(stat -L -c %.9Y "$p" 2>/dev/null); '
            'elif [ -f "$p" ]; then h=$(sha256sum < "$p"); fi; '
            'echo "$(stat -c \'%F|%a|%U|%G|%.9Y|%s\' "$p")|${h%% *}|$t|$m|$p"; else echo "|$p"; fi; done'
        )

    @staticmethod
    def default() -> dict[str, FileState | None]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, FileState | None]:
        """Read one line a path."""
        found: dict[str, FileState | None] = {}
        for line in output:
            fields = line.split("|", 9)
            if len(fields) == 10:
                found[fields[9]] = FileState(
                    kind=_kind(fields[0]),
                    mode=fields[1],
                    user=fields[2],
                    group=fields[3],
                    mtime=max(float(fields[4]), float(fields[8] or 0)),
                    size=int(fields[5]),
                    sha256=fields[6] or None,
                    target=fields[7] or None,
                )
            elif line.startswith("|"):
                found[line[1:]] = None
        return found


class RealPaths(FactBase[dict[str, str]]):
    """Path → where it leads once every link on its way is followed; what is missing there stays as it is written.

    Raw lines: ``/data/docker|/var/lib/docker``.
    """

    def command(self, paths: list[str]) -> str:
        """Ask for all paths at once."""
        listed = " ".join(shlex.quote(path) for path in paths)
        return f'for p in {listed}; do echo "$(readlink -m -- "$p")|$p"; done'

    @staticmethod
    def default() -> dict[str, str]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Read one path a line."""
        return {path: real for real, _, path in (line.partition("|") for line in output)}


class Contents(FactBase[dict[str, str | None]]):
    """Path → text of the file (as far as it is UTF-8), None where it is missing. For small files to be merged."""

    def command(self, paths: list[str]) -> str:
        """Print each file in base64, so that nothing in it can upset the transport."""
        listed = " ".join(shlex.quote(path) for path in paths)
        return f'for p in {listed}; do if [ -f "$p" ]; then echo "$(base64 -w0 < "$p")|$p"; else echo "-|$p"; fi; done'

    @staticmethod
    def default() -> dict[str, str | None]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, str | None]:
        """Decode; bytes that are not UTF-8 become U+FFFD and so never compare equal to what is wanted."""
        found: dict[str, str | None] = {}
        for line in output:
            encoded, _, path = line.partition("|")
            found[path] = None if encoded == "-" else base64.b64decode(encoded).decode("utf-8", "replace")
        return found


def _kind(described: str) -> Kind:
    if described.startswith("regular"):
        return "file"
    if described == "directory":
        return "directory"
    return "link" if described == "symbolic link" else "other"
