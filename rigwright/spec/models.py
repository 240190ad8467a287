"""Layer `models`: the weights that runtimes serve, pinned by `rig models lock`, on a declared disk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from rigwright.spec.model import Model, key
from rigwright.spec.ollama import PATTERN, OllamaName
from rigwright.spec.secret import Secret

ModelName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$",
        description="a model's name: small letters, digits, '.', '_' and '-', at most 63",
    ),
]
SHA256 = r"^[0-9a-f]{64}$"


class WantedModel(Model):
    """One model: exactly one of hub, ollama, url and path says where it comes from."""

    hub: str | None = key(
        None,
        "repository on the Hugging Face Hub",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$",
        form="owner and name of a repository, e.g. 'Qwen/Qwen3-8B-GGUF'",
    )
    revision: str = key(
        "main",
        "branch, tag or commit of the repository; the lock keeps the commit that it stood for",
        pattern=r"^[A-Za-z0-9._/-]+$",
        form="a branch, a tag or a commit",
    )
    files: list[str] = key(
        default_factory=list,
        description="files of the repository, by name or pattern ('*Q4_K_M.gguf'); none: all of them",
        form="a list of file names or patterns, e.g. ['*Q4_K_M.gguf']",
    )
    ollama: str | None = key(
        None,
        "name in the Ollama registry; the lock keeps what its tag stood for",
        pattern=PATTERN,
        form="a model's name with its tag, e.g. 'qwen3:8b' or 'owner/model:tag'",
    )
    url: str | None = key(
        None,
        "address of a single file",
        pattern=r"^https?://[^\s?#]+/[^\s/?#]+$",
        form="the whole address of a file, from http on to its name",
    )
    path: str | None = key(
        None,
        "a file that is on the host already; it is never changed or removed",
        pattern=r"^/[^\s]*[^/\s]$",
        form="an absolute path",
    )
    sha256: str | None = key(
        None, "hash of the file, with url and path", pattern=SHA256, form="64 hex digits, as sha256sum prints them"
    )
    token: Secret | None = key(
        None, "token for the Hub, instead of models.token", unproved="is used while pulling and left nowhere"
    )

    @model_validator(mode="after")
    def _one_source(self) -> WantedModel:
        if sum(source is not None for source in (self.hub, self.ollama, self.url, self.path)) != 1:
            raise ValueError("exactly one of hub, ollama, url and path")
        return self

    @property
    def source(self) -> str:
        """All that decides what the bytes are, in one line: what the lock knows it by."""
        if self.hub is not None:
            return f"hub {self.hub} {self.revision} {' '.join(self.files) or '*'}"
        if self.ollama is not None:
            return f"ollama {OllamaName.of(self.ollama).whole}"
        return f"url {self.url} {self.sha256}" if self.url is not None else f"path {self.path} {self.sha256}"


class Models(Model):
    """Models on the host's disk."""

    root: str = key(
        "/srv/models",
        "where they lie: <root>/hub is a Hugging Face cache, <root>/ollama is Ollama's folder; nothing there is "
        "removed but by `rig models prune`",
        pattern=r"^/[^\s]*[^/\s]$",
        form="an absolute path without a slash at its end",
    )
    wanted: dict[ModelName, WantedModel] = key(
        default_factory=dict,
        description="models by name",
        form="a mapping of names to sources, {'qwen3': {'hub': 'Qwen/Qwen3-8B-GGUF', 'files': ['*Q4_K_M.gguf']}}",
    )
    endpoint: str = key(
        "https://huggingface.co",
        "the Hub, or a mirror of it",
        pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        form="a whole address, from http on, without a slash at its end",
        unproved="is asked while pulling; what comes is held against the lock",
    )
    ollama_registry: str = key(
        "https://registry.ollama.ai",
        "the Ollama registry, or a mirror of it",
        pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        form="a whole address, from http on, without a slash at its end",
        unproved="is asked while pulling; what comes is held against the lock",
    )
    token: Secret | None = key(
        None, "token for the Hub; None: only what everybody may have", unproved="is used while pulling and left nowhere"
    )
    parallel: int = key(2, "files that are pulled at a time", ge=1, le=16, unproved="says how, not what")
    keep_free_gb: int = key(
        10, "what a pull leaves free on the disk, GB; else it does not begin", ge=0, unproved="is asked before a pull"
    )
