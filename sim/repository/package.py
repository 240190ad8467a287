"""One Debian package, described as data and built with dpkg-deb."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim import programs

STAND_IN = "This is a stand-in of Rigwright's simulation. It has nothing of the vendor's in it."
"""The last line of every description, so that nobody takes a package for the vendor's."""


@dataclass(frozen=True)
class File:
    """A regular file of a package; it belongs to root."""

    content: str | bytes
    mode: int = 0o644

    @property
    def data(self) -> bytes:
        """The content as it is written."""
        return self.content.encode() if isinstance(self.content, str) else self.content


@dataclass(frozen=True)
class Link:
    """A symbolic link of a package."""

    target: str


def program(text: str | bytes, mode: int = 0o755) -> File:
    """An executable file."""
    return File(text, mode)


@dataclass(frozen=True)
class Package:
    """A package: `relations` are control fields such as Depends, `files` absolute paths, `scripts` such as postinst.

    Files below /etc are its configuration files. `source` is the name of the source package it says it comes from.
    """

    name: str
    version: str
    description: str
    source: str = ""
    architecture: str = "amd64"
    section: str = "utils"
    relations: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File | Link] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)

    def control(self) -> str:
        """The text of DEBIAN/control."""
        size = sum(len(item.data) for item in self.files.values() if isinstance(item, File)) // 1024 + 1
        fields = {
            "Package": self.name,
            **({"Source": self.source} if self.source and self.source != self.name else {}),
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": "Rigwright's simulation <nobody@localhost>",
            "Installed-Size": str(size),
            "Section": self.section,
            "Priority": "optional",
            **self.relations,
            "Description": f"{self.description}\n {STAND_IN}",
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def build(self, folder: Path) -> Path:
        """Builds it into `folder`; gives the file. Raises SimulationError with dpkg-deb's last line."""
        with tempfile.TemporaryDirectory() as scratch:
            tree = Path(scratch) / "tree"
            for path, item in self.files.items():
                _put(tree / path.lstrip("/"), item)
            _write_metadata(tree / "DEBIAN", self)
            return build_tree(tree, folder, self.name, self.version, self.architecture)


def build_tree(tree: Path, folder: Path, name: str, version: str, architecture: str) -> Path:
    """Makes a package of a folder that has its DEBIAN folder already."""
    # A version's epoch is left out of file names.
    target = folder / f"{name}_{version.partition(':')[2] or version}_{architecture}.deb"
    # dpkg-deb wants the control folder's mode in order, whatever this process's umask is.
    (tree / "DEBIAN").chmod(0o755)
    tree.chmod(0o755)
    # These are installed once or twice over a local network: packing them well would only cost time.
    programs.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(target)])
    return target


def _put(path: Path, item: File | Link) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(item, Link):
        path.symlink_to(item.target)
        return
    path.write_bytes(item.data)
    path.chmod(item.mode)


def _write_metadata(folder: Path, package: Package) -> None:
    folder.mkdir(parents=True)
    (folder / "control").write_text(package.control())
    regular = {path: item for path, item in package.files.items() if isinstance(item, File)}
    sums = (f"{hashlib.md5(item.data).hexdigest()}  {path.lstrip('/')}\n" for path, item in sorted(regular.items()))
    (folder / "md5sums").write_text("".join(sums))
    configuration = [path for path in sorted(regular) if path.startswith("/etc/")]
    if configuration:
        (folder / "conffiles").write_text("".join(f"{path}\n" for path in configuration))
    for name, text in package.scripts.items():
        _put(folder / name, program(text))
