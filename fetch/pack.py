"""Packs fetch into one file that runs on any host with Python 3.10: the same bytes from the same packages."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

SHEBANG = b"#!/usr/bin/python3 -I\n"
CLIENT = "huggingface-hub"
_LEFT_OUT = {"hf-xet"}
"""A compiled download engine for one kind of storage; everything that lies there can be had by HTTP, too."""
_HERE = Path(__file__).parent
_NOT_PACKED = {"pack.py"}
_EPOCH = (2020, 1, 1, 0, 0, 0)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


@cache
def build() -> bytes:
    """The program: our modules, and the pure Python of huggingface_hub and what it needs."""
    files = {f"fetch/{path.name}": path.read_bytes() for path in _HERE.glob("*.py") if path.name not in _NOT_PACKED}
    files["__main__.py"] = b"import sys\nfrom fetch.__main__ import main\nsys.exit(main())\n"
    for name in sorted(distributions(CLIENT)):
        files.update(_pure(name))
    packed = io.BytesIO()
    packed.write(SHEBANG)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return packed.getvalue()


def distributions(name: str) -> set[str]:
    """A distribution and all that it needs, by their normal names. What only an extra or a marker asks for is left."""
    found: set[str] = set()
    todo = [name]
    while todo:
        each = _normal(todo.pop())
        if each in found | _LEFT_OUT:
            continue
        found.add(each)
        wanted = metadata.requires(each) or []
        todo += [_NAME.match(text)[0] for text in wanted if ";" not in text]  # type: ignore[index]
        todo += [_NAME.match(text)[0] for text in wanted if _is_installed_for_all(text)]  # type: ignore[index]
    return found


def _is_installed_for_all(requirement: str) -> bool:
    """Whether a marker speaks of Python's version or the machine, and it is here: it may be needed there."""
    text, _, marker = requirement.partition(";")
    if not marker or "extra" in marker:
        return False
    matched = _NAME.match(text)
    try:
        return matched is not None and bool(metadata.version(matched[0]))
    except metadata.PackageNotFoundError:
        return False


def _pure(name: str) -> Iterator[tuple[str, bytes]]:
    """A distribution's Python files, and what it says of itself: some ask for their own version."""
    distribution = metadata.distribution(name)
    for file in distribution.files or ():
        told = file.parent.name.endswith(".dist-info") and file.name == "METADATA"
        if ".." not in file.parts and (file.suffix == ".py" or told):
            yield str(file), Path(str(distribution.locate_file(file))).read_bytes()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
