"""Files of media, laid down where nobody else reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ProgramMissing(Exception):
    """A program that media are made by is not on this machine; the text names its Debian package."""


class ProgramFailed(Exception):
    """A program that media are made by has failed; the text ends with its last words."""


def private_folder(folder: Path) -> Path:
    """The folder, made if need be, its owner's alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def written(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write them (path in the folder → content), each beside its place and moved there, mode 0600."""
    private_folder(folder)
    paths = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
        paths.append(new.replace(path))
    return paths


def run(package: str, command: Sequence[str]) -> None:
    """Run a program of this Debian package. Raises `ProgramMissing` and `ProgramFailed`."""
    program = shutil.which(command[0])
    if program is None:
        raise ProgramMissing(f"{command[0]} is missing on this machine: apt-get install {package}")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise ProgramFailed(f"{command[0]} failed ({done.returncode}): {said[-1] if said else 'it said nothing'}")
