"""What images hold, and under which names they are served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.host.mirror import Mirror
from sim.registry.python import Wanted

SUITE = "forky"
"""Where Debian has llama.cpp and whisper.cpp."""
STAND_IN = "/usr/local/bin/stand-in"


@dataclass(frozen=True)
class Recipe:
    """An image of Debian packages. ``runs``: the program in it that the image runs, with what stands before a command;
    ``files``: path → text of programs of ours; ``environment``: variables of its own; ``python``: packages for the
    suite's Python."""

    packages: tuple[str, ...]
    runs: tuple[str, ...]
    suite: str = SUITE
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    python: Wanted | None = None


PYTHON = ("python3-minimal", "libpython3-stdlib")
BASE = ("base-files", "base-passwd", "dash", "coreutils", "curl", "ca-certificates")
PROGRAM = "/usr/local/bin/program"


def of_python(wanted: Wanted, *lines: str, **environment: str) -> Recipe:
    """An image that runs a program of its makers' Python packages; ``lines``: what starts it, in Python."""
    return Recipe(
        (*PYTHON, "libgomp1", "libstdc++6"),
        (PROGRAM,),
        suite="bookworm",  # the Python of Debian 12 is one that all of them have wheels for
        files={PROGRAM: "\n".join(("#!/usr/bin/python3", *lines, ""))},
        environment={"HOME": "/root", **environment},
        python=wanted,
    )


REAL: dict[str, Recipe] = {
    "ghcr.io/ggml-org/llama.cpp:server-cuda13": Recipe(("llama.cpp-tools",), ("/usr/bin/llama-server",)),
    # Its makers' image runs a command line by a shell, too.
    "ghcr.io/ggml-org/whisper.cpp:main-cuda": Recipe(("bash", "whisper.cpp-tools"), ("bash", "-c")),
    # The same program from its package; what 1.109's needs besides is not there in the version that it needs.
    "ghcr.io/berriai/litellm:v1.109.0": of_python(
        Wanted(("litellm[proxy]==1.108.7",)), "from litellm import run_server", "run_server()"
    ),
    "ghcr.io/open-webui/open-webui:v0.12.0": of_python(
        # What computes on cards it loads only when it is to rank documents, and that is gigabytes.
        Wanted(("open-webui==0.12.0",), without=("torch", "triton", "nvidia-*", "cuda-*")),
        "import os",
        "from open_webui import app",
        "app(['serve', '--host', '0.0.0.0', '--port', os.environ['PORT']])",
        DATA_DIR="/app/backend/data",
        PORT="8080",
    ),
}
"""Image with its tag → what is in it: the real programs, as Debian builds them or of their makers' Python packages, for
processors alone."""


def stand_in(port: int, *before: str) -> Recipe:
    """An image that is none of what its name says: it answers on a port, and tells what it was started with."""
    text = (Path(__file__).parent / "content" / "stand-in").read_text(encoding="utf-8")
    return Recipe(
        PYTHON,
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
    "docker.io/yanwk/comfyui-boot:cu130-slim-v2": stand_in(8188),
    "ghcr.io/speaches-ai/speaches:0.8.3-cuda": stand_in(8000),
}
"""Image with its tag → a stand-in for it."""
RECIPES = {**REAL, **STAND_INS}


def sources(recipe: Recipe, mirror: Mirror) -> list[str]:
    """mmdebstrap's words for where the packages come from."""
    return [f"deb {mirror.archive} {recipe.suite} main"]
