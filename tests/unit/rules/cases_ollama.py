"""Rules over models of the Ollama registry, and over Ollama."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import Case, Parts
from tests.unit.rules.cases_models import FILE

WANTED = {
    "d": {"ollama": "dense"},
    "o": {"ollama": "dense:other"},
    "l": {"ollama": "long"},
    "e": {"ollama": "owner/empty:q4"},
    "m": FILE,
}


def served(kind: str = "ollama", **keys: Any) -> Parts:
    """One runtime."""
    return {"models": {"wanted": WANTED}, "runtimes": {"services": {"x": {"kind": kind, **keys}}}}


def ollama(models: Parts, **keys: Any) -> Parts:
    return served(models=models, **keys)


X = "runtimes.services.x"
ALIKE = {"context_tokens": 8192, "parallel": 2, "cache_type": "q8_0"}
OLLAMA = [
    Case(
        "runtimes.ollama-elsewhere", f"{X}.models.d", served("vllm", models={"d": {}}), served("vllm", models={"m": {}})
    ),
    Case(
        "runtimes.ollama-elsewhere",
        f"{X}.models.d",
        served("whisper.cpp", models={"d": {}}),
        served("llama.cpp", models={"d": {}}),
        "llama.cpp loads the blob",
    ),
    Case("runtimes.not-of-ollama", f"{X}.models.m", ollama({"m": {}}), ollama({"d": {}})),
    Case("runtimes.no-gguf", f"{X}.models.e", served("llama.cpp", models={"e": {}}), ollama({"e": {}}), "no weights"),
    Case("runtimes.ollama-own", f"{X}.models", ollama({}), {"runtimes": {"services": {"x": {"kind": "ollama"}}}}),
    Case("runtimes.args-unused", f"{X}.args", ollama({"d": {}}, args={"verbose": True}), ollama({"d": {}})),
    Case(
        "runtimes.args-unused",
        f"{X}.models.d.args",
        ollama({"d": {"args": {"seed": 7}}}),
        ollama({"d": {}}, env={"OLLAMA_KEEP_ALIVE": "1h"}),
        "of a model",
    ),
    *(
        Case(
            "runtimes.ollama-differ",
            f"{X}.models",
            ollama({"d": ALIKE, "o": other}),
            ollama({"d": ALIKE, "o": ALIKE}),
            n,
        )
        for n, other in {
            "context": {**ALIKE, "context_tokens": 4096},
            "requests": {**ALIKE, "parallel": 1},
            "cache": {**ALIKE, "cache_type": "f16"},
        }.items()
    ),
    *(
        Case(
            "runtimes.ollama-variable",
            f"{X}.env.{variable}",
            ollama({"d": {}}, env={variable: "4096"}),
            {"runtimes": {"services": {"x": {"kind": "ollama", "env": {variable: "4096"}}}}},
            variable,
        )
        for variable in ("OLLAMA_CONTEXT_LENGTH", "OLLAMA_NOPRUNE", "OLLAMA_MODELS")
    ),
    Case(
        "runtimes.ollama-context",
        f"{X}.models.l.context_tokens",
        ollama({"l": {}}),
        ollama({"l": {"context_tokens": 16384}}),
    ),
]
