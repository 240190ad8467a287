"""One Debian package, described as data and built with dpkg-deb."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim import programs

STAND_IN = "This is a stand-in of Rigwright's simulation. It has nothing of the vendor's in it."
"""Stands in every description, so that nobody takes a package for the vendor's."""


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

    Files below /etc are its configuration files. `source` is the name of the source package it says it comes from,
    `remark` the second line of its description. `maintainer` is a vendor's where somebody might judge by it.
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
    remark: str = STAND_IN
    maintainer: str = "Rigwright's simulation <nobody@localhost>"

    def control(self, size_kib: int) -> str:
        """The text of DEBIAN/control."""
        fields = {
            "Package": self.name,
            **({"Source": self.source} if self.source and self.source != self.name else {}),
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": self.maintainer,
            "Installed-Size": str(size_kib),
            "Section": self.section,
            "Priority": "optional",
            **self.relations,
            "Description": f"{self.description}\n {self.remark}",
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def build(self, folder: Path, *, onto: Path | None = None) -> Path:
        """Builds it into `folder`; gives the file. `onto` is a tree of further files, which is used up.

        Raises SimulationError with dpkg-deb's last line.
        """
        with tempfile.TemporaryDirectory() as scratch:
            tree = onto or Path(scratch) / "tree"
            for path, item in self.files.items():
                _put(tree / path.lstrip("/"), item)
            self._write_metadata(tree)
            # A version's epoch is left out of file names.
            version = self.version.partition(":")[2] or self.version
            target = folder / f"{self.name}_{version}_{self.architecture}.deb"
            # These are installed once or twice over a local network: packing them well would only cost time.
            programs.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(target)])
        return target

    def _write_metadata(self, tree: Path) -> None:
        regular = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
        folder = tree / "DEBIAN"
        folder.mkdir(parents=True)
        # dpkg-deb wants these modes in order, whatever this process's umask is.
        folder.chmod(0o755)
        tree.chmod(0o755)
        size = sum(path.stat().st_size for path in regular) // 1024 + 1
        (folder / "control").write_text(self.control(size))
        sums = (f"{_md5(path)}  {path.relative_to(tree)}\n" for path in regular)
        (folder / "md5sums").write_text("".join(sums))
        configuration = [f"/{path.relative_to(tree)}\n" for path in regular if path.is_relative_to(tree / "etc")]
        if configuration:
            (folder / "conffiles").write_text("".join(configuration))
        for name, text in self.scripts.items():
            _put(folder / name, program(text))


def _put(path: Path, item: File | Link) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(item, Link):
        path.symlink_to(item.target)
        return
    path.write_bytes(item.data)
    path.chmod(item.mode)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
