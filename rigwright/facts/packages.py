"""What dpkg and apt know: packages, holds, sources read."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyinfra.api import FactBase

LISTS = "/etc/apt/sources.list.d"
OURS = "rigwright-*.sources"
"""Our own source files: each layer has apt read its own, so that a broken one hinders no other layer."""

STAMPS = "/var/lib/rigwright/apt-read"
"""A file for each source file of ours, and one for all others: the hash of what apt last read for us."""

OTHERS = "others"

HASH_OF_OTHERS = (
    f"find /etc/apt/sources.list {LISTS} -maxdepth 1 \\( -name '*.list' -o -name '*.sources' \\) ! -name '{OURS}'"
    " 2>/dev/null | sort | xargs -r cat | sha256sum | cut -d' ' -f1"
)


def hash_of(source: str) -> str:
    """The command that prints the hash of one source file of ours (a word of shell) and the key that it names."""
    return f"""cat {source} $(sed -n 's/^Signed-By: *//p' {source}) 2>/dev/null | sha256sum | cut -d' ' -f1"""


_COMMAND = rf"""
export LC_ALL=C
dpkg-query -W -f 'P ${{db:Status-Abbrev}}|${{Package}}|${{Architecture}}|${{Version}}\n' 2>/dev/null
apt-mark showhold 2>/dev/null | sed 's/^/H /'
echo "S {OTHERS} $({HASH_OF_OTHERS}) $(cat {STAMPS}/{OTHERS} 2>/dev/null)"
for f in {LISTS}/{OURS}; do
    [ -f "$f" ] && echo "S $f $({hash_of('"$f"')}) $(cat "{STAMPS}/${{f##*/}}" 2>/dev/null)"
done
ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 && echo L
{{ dpkg --audit 2>/dev/null; ls /var/lib/dpkg/updates/[0-9]* 2>/dev/null; }} | grep -q . && echo A
true
"""


@dataclass(frozen=True)
class PackagesState:
    """What `Packages` found.

    ``installed``: name → version of fully installed packages; ``unfinished``: name → dpkg status of those that are half
    installed or half configured (``iU``, ``iF``, ``iH`` …); ``residual``: removed, configuration left; ``held``: names;
    ``lists_current``: apt has read all sources but ours as they stand now; ``sources_read``: those of ours (paths) that
    it has read as they and their keys stand now; ``audit``: dpkg itself reports something unfinished.
    """

    installed: dict[str, str] = field(default_factory=dict)
    unfinished: dict[str, str] = field(default_factory=dict)
    residual: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    lists_current: bool = False
    sources_read: frozenset[str] = frozenset()
    audit: bool = False


class Packages(FactBase[PackagesState]):
    """All of dpkg's state in one command.

    Raw lines: ``P ii|htop|amd64|3.4.1-5``, ``H nvidia-smi``, ``S others <hash now> <hash when apt read them>``,
    ``S /etc/apt/sources.list.d/rigwright-….sources <hash> <hash>``, ``L`` (there are lists), ``A`` (dpkg --audit
    complains, or a journal is left: apt then says "dpkg was interrupted").
    """

    def command(self) -> str:
        """Print one line for each package and hold."""
        return _COMMAND

    def process(self, output: list[str]) -> PackagesState:
        """Sort packages by status; foreign architectures get a ``name:arch`` key when the native one is there too."""
        installed: dict[str, str] = {}
        unfinished: dict[str, str] = {}
        residual, held, read = set(), set(), set()
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "P":
                status, name, arch, version = (part.strip() for part in rest.split("|"))
                label = f"{name}:{arch}" if name in installed else name
                if status[1:2] == "i":
                    installed[label] = version
                elif status[1:2] == "c":
                    residual.add(label)
                elif status[1:2] not in ("n", ""):
                    unfinished[label] = status
            elif kind == "H":
                held.add(rest.strip())
            elif kind == "S":
                source, *hashes = rest.split()
                if len(hashes) == 2 and hashes[0] == hashes[1]:
                    read.add(source)
        return PackagesState(
            installed=installed,
            unfinished=unfinished,
            residual=frozenset(residual),
            held=frozenset(held),
            lists_current="L" in output and OTHERS in read,
            sources_read=frozenset(read - {OTHERS}) if "L" in output else frozenset(),
            audit="A" in output,
        )


class Unneeded(FactBase[dict[str, str]]):
    """Packages that came along for others' sake and that no other needs any more: name → source package.

    Raw lines: ``cuda-nvcc-12-8|cuda-nvcc``.
    """

    def command(self) -> str:
        """Have apt simulate its clean-up."""
        return (
            "LC_ALL=C apt-get -s autoremove 2>/dev/null | awk '$1 == \"Remv\" { print $2 }'"
            " | xargs -r dpkg-query -W -f '${Package}|${source:Package}\\n' 2>/dev/null || true"
        )

    @staticmethod
    def default() -> dict[str, str]:
        """None."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Read one package a line."""
        return dict(line.split("|", 1) for line in output if "|" in line)


class Candidates(FactBase[dict[str, list[str]]]):
    """Versions that apt could install, best first, by package name; a name that no source has is absent.

    Raw: output of ``apt-cache madison``: ``nvidia-smi | 550.163.01-2 | http://mirror trixie/non-free amd64 Packages``.
    """

    def command(self, names: list[str]) -> str:
        """Ask for all names at once."""
        return f"LC_ALL=C apt-cache madison {' '.join(sorted(names))} 2>/dev/null || true"

    @staticmethod
    def default() -> dict[str, list[str]]:
        """No name is known."""
        return {}

    def process(self, output: list[str]) -> dict[str, list[str]]:
        """Keep the order in which apt prints versions."""
        versions: dict[str, list[str]] = {}
        for line in output:
            fields = [part.strip() for part in line.split("|")]
            if len(fields) == 3 and not fields[2].endswith("Sources"):
                known = versions.setdefault(fields[0], [])
                if fields[1] not in known:
                    known.append(fields[1])
        return versions
