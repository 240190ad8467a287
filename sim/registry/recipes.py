"""What images hold, and under which names they are served."""

from __future__ import annotations

from dataclasses import dataclass

from sim.host.mirror import Mirror

SUITE = "forky"
"""Where Debian has llama.cpp and whisper.cpp."""


@dataclass(frozen=True)
class Recipe:
    """An image of Debian packages. ``path``: of the program in it that the image runs."""

    packages: tuple[str, ...]
    path: str
    suite: str = SUITE


BASE = ("base-files", "base-passwd", "dash", "coreutils", "curl", "ca-certificates")
RECIPES: dict[str, Recipe] = {
    "ghcr.io/ggml-org/llama.cpp:server-cuda13": Recipe(("llama.cpp-tools",), "/usr/bin/llama-server"),
}
"""Image with its tag → what is in it. Real builds of the real programs, by Debian, for processors alone."""


def sources(recipe: Recipe, mirror: Mirror) -> list[str]:
    """mmdebstrap's words for where the packages come from."""
    return [f"deb {mirror.archive} {recipe.suite} main"]
