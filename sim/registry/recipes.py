"""What images hold, and under which names they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.host.mirror import Mirror

SUITE = "forky"
"""Where Debian has llama.cpp and whisper.cpp."""
STAND_IN = "/usr/local/bin/stand-in"


@dataclass(frozen=True)
class Recipe:
    """An image of Debian packages. ``runs``: the program in it that the image runs, with what stands before a command;
    ``files``: path → text of programs of ours; ``environment``: variables of its own."""

    packages: tuple[str, ...]
    runs: tuple[str, ...]
    suite: str = SUITE
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


BASE = ("base-files", "base-passwd", "dash", "coreutils", "curl", "ca-certificates")
REAL: dict[str, Recipe] = {
    "ghcr.io/ggml-org/llama.cpp:server-cuda13": Recipe(("llama.cpp-tools",), ("/usr/bin/llama-server",)),
}
"""Image with its tag → what is in it. Real builds of the real programs, by Debian, for processors alone."""


def stand_in(port: int, *before: str) -> Recipe:
    """An image that is none of what its name says: it answers on a port, and tells what it was started with."""
    text = (Path(__file__).parent / "content" / "stand-in").read_text(encoding="utf-8")
    return Recipe(
        ("python3-minimal", "libpython3-stdlib"),
        (*before, STAND_IN),
        files={STAND_IN: text},
        environment={"STAND_IN_PORT": str(port)},
        suite="trixie",
    )


def ollama() -> Recipe:
    """An image in which a program does as Ollama does with its store, and serves nothing."""
    text = (Path(__file__).parent / "content" / "ollama").read_text(encoding="utf-8")
    return Recipe(
        ("python3-minimal", "libpython3-stdlib"),
        (STAND_IN,),
        files={STAND_IN: text.replace("@VERSION@", "0.32.0")},
        suite="trixie",
    )


STAND_INS: dict[str, Recipe] = {
    "ghcr.io/mostlygeek/llama-swap:cuda": stand_in(8080),
    "docker.io/ollama/ollama:0.32.0": ollama(),
    "docker.io/vllm/vllm-openai:v0.33.0": stand_in(8000),
    "docker.io/lmsysorg/sglang:v0.5.5": stand_in(30000),
    "ghcr.io/theroyallab/tabbyapi:latest": stand_in(5000),
    "ghcr.io/open-webui/open-webui:v0.12.0": stand_in(8080),
    "ghcr.io/berriai/litellm:v1.109.0": stand_in(4000),
    "docker.io/yanwk/comfyui-boot:cu130-slim-v2": stand_in(8188),
    "ghcr.io/ggml-org/whisper.cpp:main-cuda": stand_in(8080),
    "ghcr.io/speaches-ai/speaches:0.8.3-cuda": stand_in(8000),
}
"""Image with its tag → a stand-in for it."""
RECIPES = {**REAL, **STAND_INS}


def sources(recipe: Recipe, mirror: Mirror) -> list[str]:
    """mmdebstrap's words for where the packages come from."""
    return [f"deb {mirror.archive} {recipe.suite} main"]
