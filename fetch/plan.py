"""What is to be on the host's disk: files by size and hash, and where they come from. Read from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1


class PlanError(ValueError):
    """The document is not a plan; the text says where."""


@dataclass(frozen=True)
class File:
    """One file.

    ``content``: where its bytes lie, anywhere where there is no ``url``; ``link``: a name beside it that leads there,
    None: it is used under ``content``; ``url``: None where nobody but its owner can bring it, or where ``text`` is all
    that is in it: that is written, and only once the rest of its model is there; ``size``: bytes, known of all that
    have a ``url``; ``digest``: "sha256:…", or "git:…" as git names a blob, for what the Hub keeps in git.
    """

    model: str
    content: Path
    link: Path | None
    url: str | None
    size: int | None
    digest: str
    text: str | None

    @property
    def part(self) -> Path:
        """What has come of it so far; named as in the Hub's cache, whose tools know it for what it is."""
        return self.content.with_name(f"{self.content.name}.incomplete")


@dataclass(frozen=True)
class Plan:
    """All files of all models. ``refs``: the Hub's names of revisions, a file → the commit that stands in it."""

    root: Path
    parallel: int
    keep_free_bytes: int
    files: tuple[File, ...]
    refs: Mapping[Path, str]


def parse(text: str) -> tuple[Plan, Mapping[str, str]]:
    """The plan, and each model's token where it has one. Raises `PlanError`."""
    try:
        document = json.loads(text)
        if document["plan"]["version"] != VERSION:
            raise PlanError(f"version {document['plan']['version']!r}, expected {VERSION}")
        return _plan(document["plan"]), dict(document.get("tokens") or {})
    except (ValueError, KeyError, TypeError) as error:
        # Without its text: that may quote the document, and so a token.
        raise (error if isinstance(error, PlanError) else PlanError(f"no plan: {type(error).__name__}")) from None


def _plan(document: Mapping[str, Any]) -> Plan:
    root = Path(document["root"])
    return Plan(
        root=root,
        parallel=int(document["parallel"]),
        keep_free_bytes=int(document["keep_free_bytes"]),
        files=tuple(_file(root, each) for each in document["files"]),
        refs={_below(root, name): str(commit) for name, commit in document["refs"].items()},
    )


def _file(root: Path, document: Mapping[str, Any]) -> File:
    link = document["link"]
    ours = document["url"] is not None or document["text"] is not None
    return File(
        model=str(document["model"]),
        content=_below(root, document["content"]) if ours else Path(document["content"]),
        link=_below(root, link) if link is not None else None,
        url=document["url"],
        size=document["size"],
        digest=str(document["digest"]),
        text=document["text"],
    )


def _below(root: Path, name: str) -> Path:
    path = root / name
    if ".." in path.parts or not path.is_relative_to(root):
        raise PlanError(f"{name} does not lie under {root}")
    return path
