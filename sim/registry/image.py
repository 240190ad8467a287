"""An image, built once: its layer, its configuration and its manifest, as a registry serves them."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sim import programs
from sim.cache import built_once, cache_dir, key_of
from sim.host import mirror as mirrors
from sim.registry import python
from sim.registry.recipes import BASE, RECIPES, Recipe, sources

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_FORMAT = 2  # raise it when what is built changes although its inputs do not
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Image:
    """``name``: with registry and tag; ``folder``: its blobs, by their hex digits; ``digest``: of its manifest."""

    name: str
    folder: Path
    digest: str

    @property
    def repository(self) -> str:
        """The name without its tag."""
        return self.name.rpartition(":")[0]

    @property
    def tag(self) -> str:
        """The tag."""
        return self.name.rpartition(":")[2]


def image(name: str) -> Image:
    """One of `RECIPES`, built in half a minute (with Python packages in some) where it is not in the cache yet."""
    programs.require_root("making an image")
    recipe = RECIPES[name]
    mirror = mirrors.machine_mirror()
    key = key_of([_FORMAT, asdict(recipe), BASE, sources(recipe, mirror), mirrors.apt_settings()])
    safe = name.replace("/", "_").replace(":", "_")
    folder = built_once(cache_dir() / "images" / f"{safe}-{key}", lambda aside: _build(aside, recipe, mirror))
    return Image(name, folder, (folder / "digest").read_text())


def _build(aside: Path, recipe: Recipe, mirror: mirrors.Mirror) -> None:
    programs.require("mmdebstrap")
    with tempfile.TemporaryDirectory() as scratch:
        options = []
        for name, text in mirrors.apt_settings().items():
            (Path(scratch) / name).write_text(text)
            options.append(f"--aptopt={Path(scratch) / name}")
        layer = aside / "layer"
        programs.run(
            [
                "mmdebstrap",
                "--quiet",
                "--mode=root",
                "--format=tar",
                "--variant=extract",
                f"--include={','.join((*BASE, *recipe.packages))}",
                # A suite that changes daily may be older here than its own date of expiry.
                '--aptopt=Acquire::Check-Valid-Until "false"',
                *options,
                recipe.suite,
                str(layer),
                *sources(recipe, mirror),
            ]
        )
    _add(layer, recipe.files)
    if recipe.python is not None:
        _add_python(layer, recipe.python, recipe.suite)
    layer_digest, layer_size = _kept(aside, layer)
    configuration = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": list(recipe.runs),
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", *(f"{k}={v}" for k, v in recipe.environment.items())],
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
            "history": [{"created_by": f"rigwright: Debian {recipe.suite}, {' '.join(_made_of(recipe))}"}],
        }
    )
    config_digest, config_size = _written(aside, configuration)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config_size,
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer_size,
                }
            ],
        }
    )  # fmt: skip
    digest, _ = _written(aside, manifest)
    (aside / "digest").write_text(digest)


def _made_of(recipe: Recipe) -> tuple[str, ...]:
    return (*recipe.packages, *(recipe.python.requirements if recipe.python is not None else ()))


def _add(layer: Path, files: Mapping[str, str]) -> None:
    """Programs of ours into the tar."""
    with tarfile.open(layer, "a") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f".{path}")
            data = text.encode()
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))


def _add_python(layer: Path, wanted: python.Wanted, suite: str) -> None:
    """Python packages into the tar."""
    with tempfile.TemporaryDirectory(dir=layer.parent) as scratch, tarfile.open(layer, "a") as archive:
        folder = Path(scratch)
        python.install(folder, wanted, suite)
        folder.chmod(0o755)
        archive.add(folder, f".{python.place(suite)}", filter=_of_root)


def _of_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _kept(folder: Path, file: Path) -> tuple[str, int]:
    """Rename a file to its digest."""
    found = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            found.update(chunk)
    shutil.move(file, folder / found.hexdigest())
    return f"sha256:{found.hexdigest()}", (folder / found.hexdigest()).stat().st_size


def _written(folder: Path, text: str) -> tuple[str, int]:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return f"sha256:{digest}", len(data)
