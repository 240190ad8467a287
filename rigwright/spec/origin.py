"""Where a value was set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rigwright.spec.position import Step

Kind = Literal["default", "profile", "group", "host", "set"]
Path: TypeAlias = tuple[Step, ...]


def dotted(path: Path) -> str:
    """A path as people write it, e.g. 'hardware.gpus.0.model'."""
    return ".".join(str(step) for step in path)


@dataclass(frozen=True)
class Origin:
    """The source of one value: the model's default, a file and its line, or the command line."""

    kind: Kind
    file: str | None = None
    """Relative to the project's root, e.g. 'inventory/home.py'; None: no file."""
    line: int | None = None
    option: str = "--set"
    """The command line's option, for kind 'set'."""

    @property
    def text(self) -> str:
        """'inventory/home.py:12', '--set' or 'default'."""
        if self.file is not None:
            return f"{self.file}:{self.line}" if self.line else self.file
        return self.option if self.kind == "set" else "default"

    def __str__(self) -> str:
        return self.text


DEFAULT = Origin("default")


class Origins(Mapping[str, Origin]):
    """The origin of every value of one host, by key path ('driver.branch', 'hardware.gpus.0.model').

    A key that no source set answers the default; iterating gives only what a source set.
    """

    def __init__(self, by_path: Mapping[Path, Origin]) -> None:
        self._by_text = {dotted(path): origin for path, origin in by_path.items()}

    def __getitem__(self, key: str) -> Origin:
        return self._by_text.get(key, DEFAULT)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_text)

    def __len__(self) -> int:
        return len(self._by_text)

    def __contains__(self, key: object) -> bool:
        return key in self._by_text

    def near_key(self, key: str) -> Origin:
        """The origin of this key, or of the nearest one above it that was set; names may have dots in them."""
        steps = key.split(".")
        for end in range(len(steps), 0, -1):
            found = self._by_text.get(".".join(steps[:end]))
            if found is not None:
                return found
        return DEFAULT
