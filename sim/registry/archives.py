"""Archives as makers of native runtimes pack theirs: Debian's real build, made to run from a folder of its own.

What it links is packed with it, the C library too: Debian has llama.cpp in a release that is newer than the hosts'.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of
from sim.registry.image import Image

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LOADER = "ld-linux-x86-64.so.2"
_FORMAT = 1  # raise it when what is built changes although its inputs do not


def llama_cpp(image: Image, version: str, place: str) -> Path:
    """A .tar.gz with llama-server in it. ``place``: the folder that it will be unpacked to, which an ELF file names."""
    programs.require("patchelf")
    key = key_of([_FORMAT, image.digest, version, place])
    folder = built_once(
        cache_dir() / "archives" / f"llama.cpp-{version}-{key}", lambda aside: _build(aside, image, place)
    )
    return folder / "archive.tar.gz"


def sha256_of(path: Path) -> str:
    """A file's hash."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build(aside: Path, image: Image, place: str) -> None:
    root, tree = aside / "root", aside / "tree"
    (tree / "lib").mkdir(parents=True)
    root.mkdir()
    with tarfile.open(_layer(image)) as layer:
        wanted = [each for each in layer if each.name.lstrip("./").startswith((_LIBRARIES, "usr/bin/llama-server"))]
        layer.extractall(root, members=wanted, filter="tar")
    shutil.copy2(root / "usr/bin/llama-server", tree / "llama-server")
    for library in (root / _LIBRARIES).glob("*.so*"):
        shutil.copy2(library, tree / "lib" / library.name)
    for library in (root / _LIBRARIES / "llama").glob("libllama-server*.so*"):
        shutil.copy2(library, tree / "lib" / library.name)
    for backend in (root / _LIBRARIES / "ggml").rglob("*.so"):
        shutil.copy2(backend, tree / backend.name)
    programs.run(
        ["patchelf", "--set-interpreter", f"{place}/lib/{_LOADER}", *_search(place), str(tree / "llama-server")]
    )
    for library in (tree / "lib").glob("lib*.so*"):
        if library.name.startswith(("libllama", "libggml", "libmtmd")):
            programs.run(["patchelf", *_search(place), str(library)])
    with tarfile.open(aside / "archive.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(tree, arcname="llama")
    shutil.rmtree(root)
    shutil.rmtree(tree)


def _search(place: str) -> list[str]:
    return ["--force-rpath", "--set-rpath", f"{place}/lib"]


def _layer(image: Image) -> Path:
    """The image's one layer: its largest blob."""
    return max((path for path in image.folder.iterdir() if path.name != "digest"), key=lambda path: path.stat().st_size)
