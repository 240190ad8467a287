"""Model runtimes (runtimes.toml)."""

from __future__ import annotations

from typing import Literal

from rigwright.catalog.entry import Entry

Api = Literal["openai", "audio", "page", "any"]
"""What answers: OpenAI's API, its audio part, a page for people; "any": only the owner knows."""


class RuntimeKind(Entry):
    """One kind of runtime."""

    image: str | None = None
    """The image that is run unless another one is declared, with its tag."""
    port: int | None = None
    """The port on loopback, unless another one is declared; in its container, too, unless `listens` says otherwise."""
    listens: int | None = None
    """The port in its container, where it is another one."""
    health: str | None = None
    """The path that answers 200 when it can serve."""
    own_users: bool = False
    """Whether it asks by itself who one is."""
    computes: bool
    """Whether it computes on GPUs."""
    api: Api
    allowed: tuple[str, ...]
    """Paths that the gateway lets through; '*' at an end stands for whatever follows."""
    cache_types: tuple[str, ...] = ("f16",)
    """What keys and values can be kept as."""
    needed_env: tuple[str, ...] = ()
    """Variables without which it must not be run."""
    needed_secrets: tuple[str, ...] = ()
