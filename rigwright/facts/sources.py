"""Where apt gets its packages from: source files as they stand, and whose archives they name."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import quote

from pyinfra.api import FactBase

_COMMAND = r"""
export LC_ALL=C
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -f "$f" ] && echo "F $(stat -c %a "$f") $(base64 -w0 < "$f")|$f"
done
cd /var/lib/apt/lists 2>/dev/null && for f in *_InRelease *_Release; do
    [ -f "$f" ] && echo "R $f" && sed -n -e 's/^Origin: */O /p' -e 's/^Codename: */C /p' \
        -e '/^\(MD5Sum\|SHA1\|SHA256\):/q' "$f"
done
true
"""

_DISTRIBUTION = ("Debian", "Debian Backports", "Ubuntu")
_DISTRIBUTION_KEYRING = re.compile(r"(debian|ubuntu)-archive-[a-z-]*keyring[.\w-]*$")


@dataclass(frozen=True)
class SourceFile:
    """One source file: its text and its mode in octal digits."""

    text: str
    mode: str

    def __post_init__(self) -> None:
        if "�" in self.text:
            raise ValueError("an apt source file is not UTF-8")


@dataclass(frozen=True)
class Archive:
    """What the Release file of one archive and suite, as last fetched, says of itself."""

    origin: str
    codename: str


@dataclass(frozen=True)
class Entry:
    """One stanza or line: ``line`` is the index of the line that names its components."""

    line: int
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    architectures: str = ""
    """As written; empty: all that dpkg knows."""

    @property
    def archives(self) -> tuple[tuple[str, str, str], ...]:
        """What it has apt read, by URI, suite and architectures: several entries may share one."""
        return tuple((uri.rstrip("/"), suite, self.architectures) for uri in self.uris for suite in self.suites)


@dataclass(frozen=True)
class SourcesState:
    """Source files by path, and fetched Release files by name (apt's, without ``_InRelease``)."""

    files: dict[str, SourceFile] = field(default_factory=dict)
    archives: dict[str, Archive] = field(default_factory=dict)

    def belongs(self, entry: Entry, codename: str) -> bool | None:
        """Whether the entry is the distribution's own archive for this release.

        None: it cannot be said before apt has fetched its lists. Somebody else's archive with the same names of suite
        and component (there are many) is told apart by what its Release file says of itself, or by the key for it.
        """
        suites = [suite for suite in entry.suites if suite.startswith(codename)]
        known = [
            archive
            for uri in entry.uris
            for suite in entry.suites
            if (archive := self.archives.get(_list_name(uri, suite)))
        ]
        if known:
            return any(a.origin in _DISTRIBUTION and a.codename.startswith(codename) for a in known)
        if entry.signed_by.startswith("/"):
            return bool(suites) and _DISTRIBUTION_KEYRING.search(entry.signed_by) is not None
        return None if suites else False


class Sources(FactBase[SourcesState]):
    """All source files and the headers of all fetched Release files.

    Raw lines: ``F 644 <base64>|/etc/apt/sources.list``; ``R mirror.example_debian_dists_trixie_InRelease``, then
    ``O Debian`` and ``C trixie``.
    """

    def command(self) -> str:
        """Print files and headers."""
        return _COMMAND

    def process(self, output: list[str]) -> SourcesState:
        """Decode."""
        files: dict[str, SourceFile] = {}
        headers: dict[str, dict[str, str]] = {}
        current: dict[str, str] = {}
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "F":
                encoded, _, path = rest.partition("|")
                mode, _, content = encoded.partition(" ")
                files[path] = SourceFile(base64.b64decode(content).decode("utf-8", "replace"), mode)
            elif kind == "R":
                name = re.sub(r"_(InRelease|Release)$", "", rest)
                current = headers.setdefault(name, {})
            elif kind in ("O", "C"):
                current[kind] = rest
        archives = {name: Archive(header.get("O", ""), header.get("C", "")) for name, header in headers.items()}
        return SourcesState(files, archives)


def entries(path: str, text: str) -> list[Entry]:
    """The active entries for binary packages of one source file, with components (flat repositories have none)."""
    return _deb822(text) if path.endswith(".sources") else _one_line(text)


def with_components(text: str, entry: Entry, wanted: tuple[str, ...]) -> str:
    """The text with the components that ``entry`` lacks added to it; nothing else changes."""
    missing = [component for component in wanted if component not in entry.components]
    if not missing:
        return text
    lines = text.split("\n")
    line, comment = lines[entry.line], ""
    if not line.lower().startswith("components:"):
        line, mark, comment = line.partition("#")
        comment = f" {mark}{comment}" if mark else ""
    lines[entry.line] = f"{line.rstrip()} {' '.join(missing)}{comment}"
    return "\n".join(lines)


def _one_line(text: str) -> list[Entry]:
    found = []
    for number, line in enumerate(text.split("\n")):
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if match and not match[3].endswith("/"):
            options = dict(re.findall(r"(signed-by|arch)=(\S+)", match[1] or ""))
            components = tuple(match[4].split())
            found.append(
                Entry(
                    number, (match[2],), (match[3],), components, options.get("signed-by", ""), options.get("arch", "")
                )
            )
    return found


def _deb822(text: str) -> list[Entry]:
    found = []
    fields: dict[str, str] = {}
    starts: dict[str, int] = {}
    last = ""
    for number, line in enumerate([*text.split("\n"), ""]):
        if line.startswith("#"):
            continue
        if not line.strip():
            types = fields.get("types", "").split()
            if "components" in fields and "deb" in types and fields.get("enabled", "yes").strip().lower() != "no":
                found.append(
                    Entry(
                        starts["components"],
                        tuple(fields.get("uris", "").split()),
                        tuple(fields.get("suites", "").split()),
                        tuple(fields["components"].split()),
                        fields.get("signed-by", "").strip(),
                        fields.get("architectures", "").strip(),
                    )
                )
            fields, starts = {}, {}
        elif line[0] in " \t":
            fields[last] = f"{fields.get(last, '')}\n{line}"
        else:
            name, _, value = line.partition(":")
            last = name.strip().lower()
            fields[last], starts[last] = value, number
    return found


def _list_name(uri: str, suite: str) -> str:
    """The name that apt gives to fetched lists: URI and suite without scheme, '/' as '_', '_' escaped."""
    place = re.sub(r"^[a-z0-9+]+:(//)?([^/@]*@)?", "", uri).rstrip("/")
    return quote(f"{place}/dists/{suite.rstrip('/')}", safe="/:~+,=-.").replace("_", "%5f").replace("/", "_")
