"""Archives as makers of native runtimes pack theirs: Debian's real build, made to run from a folder of its own.

What it links is packed with it, the C library too: Debian has llama.cpp in a release that is newer than the hosts'.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of
from sim.registry import image as images
from sim.registry.image import Image

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LOADER = "ld-linux-x86-64.so.2"
LLAMA_CPP = "b11669"
LLAMA_CPP_FILE = f"llama.cpp-{LLAMA_CPP}.tar.gz"
PLACE = f"/opt/rigwright/llama.cpp/{LLAMA_CPP}/llama"
IMAGE = "ghcr.io/ggml-org/llama.cpp:server-cuda13"
"""Its program is the one in the archive."""
OLLAMA = ("0.31.0", "0.32.0")
"""Versions of the stand-in for Ollama."""
_SEARCH = ("--force-rpath", "--set-rpath", f"{PLACE}/lib")
_FORMAT = 1  # raise it when what is built changes although its inputs do not


def llama_cpp() -> Path:
    """A .tar.gz with llama-server in it, which runs where it is unpacked to, `PLACE`, and nowhere else."""
    programs.require("patchelf")
    image = images.image(IMAGE)
    key = key_of([_FORMAT, image.digest, LLAMA_CPP, PLACE])
    target = cache_dir() / "archives" / f"llama.cpp-{key}"
    return built_once(target, lambda aside: _build(aside, image)) / LLAMA_CPP_FILE


def ollama(version: str) -> Path:
    """A .tar.zst laid out as Ollama's own (bin/, lib/ollama/), with a stand-in for the program."""
    programs.require("zstd")
    content = (Path(__file__).parent / "content" / "ollama").read_text(encoding="utf-8")
    key = key_of([_FORMAT, version, content])
    target = cache_dir() / "archives" / f"ollama-{version}-{key}"
    return built_once(target, lambda aside: _pack_ollama(aside, version, content)) / ollama_file(version)


def ollama_file(version: str) -> str:
    """The archive's name."""
    return f"ollama-linux-amd64-{version}.tar.zst"


def _pack_ollama(aside: Path, version: str, content: str) -> None:
    files = {"bin/ollama": content.replace("@VERSION@", version), f"lib/ollama/libggml-{version}.so": "a stand-in"}
    plain = aside / "ollama.tar"
    with tarfile.open(plain, "w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    programs.run(["zstd", "-q", "--rm", str(plain), "-o", str(aside / ollama_file(version))])


def sha256_of(path: Path) -> str:
    """A file's hash."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build(aside: Path, image: Image) -> None:
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
    programs.run(["patchelf", "--set-interpreter", f"{PLACE}/lib/{_LOADER}", *_SEARCH, str(tree / "llama-server")])
    for library in (tree / "lib").glob("lib*.so*"):
        if library.name.startswith(("libllama", "libggml", "libmtmd")):
            programs.run(["patchelf", *_SEARCH, str(library)])
    with tarfile.open(aside / LLAMA_CPP_FILE, "w:gz", compresslevel=1) as archive:
        archive.add(tree, arcname="llama")
    shutil.rmtree(root)
    shutil.rmtree(tree)


def _layer(image: Image) -> Path:
    """The image's one layer: its largest blob."""
    return max((path for path in image.folder.iterdir() if path.name != "digest"), key=lambda path: path.stat().st_size)
