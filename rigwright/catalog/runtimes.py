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
    """The port that it listens on in its container, and on loopback unless another one is declared."""
    health: str | None = None
    """The path that answers 200 when it can serve."""
    own_users: bool = False
    """Whether it asks by itself who one is."""
    computes: bool
    """Whether it computes on GPUs."""
    api: Api
    allowed: tuple[str, ...]
    """Paths that the gateway lets through; '*' at an end stands for whatever follows."""
