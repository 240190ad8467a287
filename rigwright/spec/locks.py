"""What the project's lock files say: models by hash. Written by commands, read with the declaration."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from rigwright.spec.faults import DeclarationError, Fault
from rigwright.spec.model import Model, key
from rigwright.spec.origin import Origin
from rigwright.spec.source import file_fault

MODELS = "models.lock"
IMAGES = "images.lock"


Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="a digest")]


class LockedFile(Model):
    """One file: its name in the repository, its size, and "sha256:…", or "git:…" for what the Hub keeps in git.

    Of what comes from an Ollama registry also what it says that it is, and of its manifest the whole text: a tag may
    stand for another one tomorrow, and then nobody has this one any more.
    """

    name: str = key(description="name, with its folders")
    size: int = key(description="bytes")
    digest: str = key(description="kind and hex digits", pattern=r"^(sha256:[0-9a-f]{64}|git:[0-9a-f]{40})$")
    media_type: str | None = key(None, "what an Ollama registry says that it is")
    text: str | None = key(None, "all that is in it")

    @model_validator(mode="after")
    def _text_is_it(self) -> LockedFile:
        data = None if self.text is None else self.text.encode()
        if data is not None and (self.size, self.digest) != (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}"):
            raise ValueError("text is not what size and digest say")
        return self


class Reckoned(Model):
    """What a model's own metadata says of the memory that it takes: see `rigwright.metadata`."""

    format: Literal["gguf", "safetensors"] = key(description="where it was read")
    weights_bytes: int = key(description="all tensors")
    kv_heads: list[int] = key(description="heads of keys and values, one entry a layer")
    key_length: int = key(description="elements of a key, a head")
    value_length: int = key(description="elements of a value, a head")
    context_length: int | None = key(None, "tokens that it was trained for")


class LockedModel(Model):
    """One source, as it was when it was locked."""

    commit: str | None = key(None, "the repository's commit", pattern=r"^[0-9a-f]{40}$")
    files: list[LockedFile] = key(description="its files")
    reckoned: Reckoned | None = key(None, "None: no metadata that could be read")
    not_reckoned: str | None = key(None, "why there is none")
    own_context: int | None = key(None, "tokens of context that an Ollama model's own parameters set (num_ctx)")


class Locks(Model):
    """All of it. Source (`WantedModel.source`) → what it is."""

    models: dict[str, LockedModel] = key(default_factory=dict, description="models.lock")
    images: dict[str, Digest] = key(default_factory=dict, description="images.lock: image with its tag → digest")


class _ModelsFile(Model):
    version: Literal[1] = key(1, "of the file's form")
    models: dict[str, LockedModel] = key(default_factory=dict, description="by source")


class _ImagesFile(Model):
    version: Literal[1] = key(1, "of the file's form")
    images: dict[str, Digest] = key(default_factory=dict, description="by name and tag")


File = TypeVar("File", _ModelsFile, _ImagesFile)


def read_locks(root: Path) -> Locks:
    """The project's lock files; one that is not there locks nothing. Raises DeclarationError where one is broken."""
    return Locks(
        models=_read(root, MODELS, "rig models lock", _ModelsFile).models,
        images=_read(root, IMAGES, "rig images lock", _ImagesFile).images,
    )


def write_models(root: Path, models: dict[str, LockedModel]) -> None:
    """Replace models.lock, sorted, so that a change shows as one."""
    _write(root / MODELS, _ModelsFile(models=dict(sorted(models.items()))))


def write_images(root: Path, images: dict[str, str]) -> None:
    """Replace images.lock, sorted."""
    _write(root / IMAGES, _ImagesFile(images=dict(sorted(images.items()))))


def _read(root: Path, name: str, command: str, form: type[File]) -> File:
    try:
        return form.model_validate_json((root / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return form()
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError([_broken(name, command, f"it cannot be read: {error}")]) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DeclarationError([_broken(name, command, f"{where}: {first['msg']}")]) from error


def _write(path: Path, whole: Model) -> None:
    text = json.dumps(whole.model_dump(mode="json", exclude_none=True), indent=1, ensure_ascii=False)
    new = path.with_name(f".{path.name}.new")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(path)


def _broken(name: str, command: str, why: str) -> Fault:
    return file_fault(
        "lock.broken",
        f"what `{command}` writes, and {why}",
        Origin("host", name, 1),
        f"Put back the version that your version control has, or remove the file and run `{command}`.",
    )
