"""Rules over models in the memory of cards."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import Case, Parts, card, machine


def served(model: str, cards: int, **keys: Any) -> Parts:
    """30 GiB of weights in llama.cpp, on so many RTX 3090."""
    return {
        **machine(*(card(f"PCIE{number}") for number in range(cards)), watts=2000),
        "models": {"wanted": {"m": {"hub": f"owner/{model}", "files": ["m.gguf"]}}},
        "runtimes": {"services": {"llm": {"kind": "llama.cpp", "models": {"m": keys}}}},
    }


def two(more: Parts, **others: Parts) -> Parts:
    """Two such models in one llama.cpp, and what else there is, on four of them."""
    both = {name: {"hub": "owner/dense", "files": ["m.gguf"]} for name in ("m", "n")}
    llm = {"kind": "llama.cpp", "models": {"m": {"context_tokens": 32768}, "n": {"context_tokens": 32768}}, **more}
    cards = [card(f"PCIE{n}", uuid=f"GPU-{n}0000000-0000-0000-0000-000000000000") for n in range(1, 5)]
    if not others:
        cards = cards[:2]
    return {
        **machine(*cards, watts=3000),
        "models": {"wanted": both},
        "runtimes": {"services": {"llm": llm, **others}},
    }


def ollama(cards: int, *, env: Parts | None = None, **models: Parts) -> Parts:
    """The same from the Ollama registry, in Ollama."""
    return {
        **machine(*(card(f"PCIE{number}") for number in range(cards)), watts=2000),
        "models": {"wanted": {"m": {"ollama": "dense"}, "n": {"ollama": "dense:other"}}},
        "runtimes": {"services": {"llm": {"kind": "ollama", "models": models or {"m": {}}, "env": env or {}}}},
    }


M = "runtimes.services.llm.models.m"
FIT = [
    Case("fit.too-large", M, served("dense", 1), served("dense", 2)),
    Case(
        "fit.too-large", M, served("dense", 2, context_tokens=65536), served("dense", 2, context_tokens=8192), "context"
    ),
    Case(
        "fit.too-large",
        M,
        served("dense", 2, context_tokens=16384, parallel=4),
        served("dense", 2, context_tokens=16384, parallel=4, cache_type="q4_0"),
        "several at a time",
    ),
    Case(
        "fit.cache-block",
        f"{M}.cache_type",
        served("narrow", 2, cache_type="q8_0"),
        served("dense", 2, cache_type="q8_0"),
    ),
    Case(
        "fit.untrained",
        f"{M}.context_tokens",
        served("dense", 4, context_tokens=70000),
        served("dense", 4, context_tokens=65536),
    ),
    Case(
        "fit.too-many",
        "runtimes.services.llm.args.models-max",
        two({"args": {"models-max": 2}}),
        two({}),
    ),
    Case("fit.too-large", M, ollama(1), ollama(2), "a model of Ollama's"),
    Case(
        "fit.too-many",
        "runtimes.services.llm.env.OLLAMA_MAX_LOADED_MODELS",
        ollama(2, m={}, n={}, env={"OLLAMA_MAX_LOADED_MODELS": "0"}),
        ollama(2, m={}, n={}),
        "models of Ollama's",
    ),
    Case(
        "fit.too-much-together",
        "runtimes.services.big.gpus",
        two({}, big={"kind": "vllm", "models": {"n": {}}}),
        two({"gpus": ["PCIE1", "PCIE2"]}, big={"kind": "vllm", "models": {"n": {}}, "gpus": ["PCIE3", "PCIE4"]}),
    ),
    Case(
        "fit.not-known",
        "models.wanted.m",
        {"models": {"wanted": {"m": {"hub": "owner/odd", "files": ["m.gguf"]}}}},
        {"models": {"wanted": {"m": {"hub": "owner/dense", "files": ["m.gguf"]}}}},
    ),
]
