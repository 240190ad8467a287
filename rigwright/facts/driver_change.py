"""What a host remembers of changes of its driver: whose packages are kept for a way back, what is under way."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from pyinfra.api import FactBase

from rigwright.catalog.driver import Flavour

FOLDER = "/var/lib/rigwright/driver"
CHANGE = f"{FOLDER}/change.json"
"""There while a change is under way, and only then."""
KEPT = f"{FOLDER}/kept"
"""A folder for each driver that is kept, named after its version: its packages, `LIST`, `MANIFEST`."""
LIST, MANIFEST = "packages", "kept.json"
ARCHIVES = "/var/cache/apt/archives"

Step = Literal["changing", "going back"]
FORMAT = 1


@dataclass(frozen=True)
class Change:
    """A change under way, as `CHANGE` has it.

    ``step``: "changing" from before the first package moves until the new driver is proved, "going back" from its first
    failure until the old one is; ``old``, ``new``: upstream versions; ``from_kept``: the new one is a kept one;
    ``stopped``: units that ran before, in the order in which they were stopped; ``why``: what failed, line by line.
    """

    step: Step
    old: str
    new: str
    from_kept: bool = False
    stopped: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    def text(self) -> str:
        """The file's content."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


@dataclass(frozen=True)
class Kept:
    """A driver that was installed here, and can be again.

    ``packages``: name → version, whole; ``branch``, ``version``: what was declared of it (``version`` None: the branch
    alone); ``preferences``: apt's pin of then, None: there was none; ``since``: when it was kept, seconds since the
    epoch; ``files``: package name → paths of its files that are there and whole.
    """

    upstream: str
    packages: dict[str, str]
    branch: int
    version: str | None
    flavour: Flavour
    preferences: str | None
    since: float = 0.0
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where it is kept."""
        return kept_folder(self.upstream)

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages whose files are not there, or not whole."""
        return tuple(sorted(set(self.packages) - set(self.files)))

    def text(self) -> str:
        """The content of `MANIFEST`: what no other file there says."""
        told = {name: value for name, value in asdict(self).items() if name not in ("since", "files")}
        return json.dumps({"format": FORMAT, **told}, indent=2) + "\n"


def kept_folder(upstream: str) -> str:
    """Where a driver of this version is kept."""
    return f"{KEPT}/{upstream}"


class ChangeUnderWay(FactBase[Change | None]):
    """The change that is under way; None: there is none. Raw: `CHANGE`, in base64.

    Raises ValueError for a file that this version of Rigwright cannot read: going on by guessing could lose the driver.
    """

    def command(self) -> str:
        """Print the file."""
        return f"if [ -f {CHANGE} ]; then base64 -w0 < {CHANGE}; echo; fi"

    @staticmethod
    def default() -> Change | None:
        """None is under way."""
        return None

    def process(self, output: list[str]) -> Change | None:
        """Read it."""
        text = "".join(output)
        return change_of(base64.b64decode(text).decode()) if text else None


def change_of(text: str) -> Change:
    """The change that a file describes. Raises ValueError."""
    told = _read(text, CHANGE)
    try:
        if told["step"] not in get_args(Step):
            raise ValueError(f"{CHANGE}: unknown step {told['step']!r}")
        return Change(
            step=told["step"],
            old=str(told["old"]),
            new=str(told["new"]),
            from_kept=bool(told["from_kept"]),
            stopped=tuple(map(str, told["stopped"])),
            why=tuple(map(str, told["why"])),
        )
    except KeyError as error:
        raise ValueError(f"{CHANGE}: {error} is missing") from error


class KeptDrivers(FactBase[dict[str, Kept]]):
    """Upstream version → the driver that is kept, oldest first.

    Raw lines: ``kept 580.95.05 1763881200 <manifest in base64>``, then for each of its files
    ``deb nvidia-smi|580.95.05-1|nvidia-smi_580.95.05-1_amd64.deb|intact`` (nothing after the last bar: its hash is not
    the one that was written down, or it is gone).
    """

    def command(self) -> str:
        """Print manifests, and hash every file."""
        return (
            f'if cd {KEPT} 2>/dev/null; then for f in */{MANIFEST}; do [ -f "$f" ] || continue; d=${{f%/*}}; '
            'echo "kept $d $(stat -c %Y "$f") $(base64 -w0 < "$f")"; '
            "while IFS='|' read -r name version arch file hash; do found=$(sha256sum < \"$d/$file\" 2>/dev/null); "
            'whole=; [ "${found%% *}" = "$hash" ] && whole=intact; echo "deb $name|$version|$file|$whole"; '
            f'done < "$d/{LIST}"; done; fi; true'
        )

    @staticmethod
    def default() -> dict[str, Kept]:
        """None is."""
        return {}

    def process(self, output: list[str]) -> dict[str, Kept]:
        """Put the files to their manifests."""
        found: list[Kept] = []
        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "kept":
                name, since, manifest = rest.split(" ", 2)
                found.append(_kept(name, float(since), base64.b64decode(manifest).decode()))
            elif kind == "deb" and found:
                package, version, file, whole = rest.split("|")
                if whole and found[-1].packages.get(package) == version:
                    path = f"{found[-1].folder}/{file}"
                    found[-1].files[package] = (*found[-1].files.get(package, ()), path)
        return {each.upstream: each for each in sorted(found, key=lambda each: each.since)}


def _kept(name: str, since: float, text: str) -> Kept:
    place = f"{kept_folder(name)}/{MANIFEST}"
    told = _read(text, place)
    try:
        return Kept(
            upstream=name,
            packages={str(package): str(version) for package, version in told["packages"].items()},
            branch=int(told["branch"]),
            version=told["version"],
            flavour=told["flavour"],
            preferences=told["preferences"],
            since=since,
        )
    except KeyError as error:
        raise ValueError(f"{place}: {error} is missing") from error


def _read(text: str, place: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{place} cannot be read: {error}") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(f"{place} is of another version of Rigwright; end the change with that one")
    return told


class CachedPackages(FactBase[frozenset[tuple[str, str]]]):
    """Name and version of every package file in apt's cache. Raw lines: ``nvidia-smi_1%3a580.95.05-1_amd64.deb``."""

    def command(self) -> str:
        """List the folder."""
        return f"ls {ARCHIVES} 2>/dev/null | grep '[.]deb$' || true"

    @staticmethod
    def default() -> frozenset[tuple[str, str]]:
        """None."""
        return frozenset()

    def process(self, output: list[str]) -> frozenset[tuple[str, str]]:
        """Read one file name a line."""
        named = (line.strip().split("_") for line in output)
        return frozenset((each[0], each[1].replace("%3a", ":")) for each in named if len(each) == 3)
