"""What is reckoned of a card's memory, held against what others have published of real cards.

Within 10 %, or more than was measured: never less. What comes on top of weights and cache differs from version to
version, so small models come out too large rather than too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rigwright.choice.fit import GIB, MIB, USABLE, Fit, reckon
from rigwright.spec.locks import Reckoned
from rigwright.spec.runtimes import Served

GB = 10**9
BITS = {"f16": 16.0, "q8_0": 8.5, "q4_K_M": 4.89}
"""Bits a weight. Source: llama.cpp, tools/quantize/README.md (Llama 3.1 8B)."""


@dataclass(frozen=True)
class Model:
    """Billions of parameters, layers, heads of keys and values, elements a head: each model's config.json."""

    parameters_b: float
    layers: int
    kv_heads: int
    head: int = 128

    def of(self, weights: float) -> Reckoned:
        return Reckoned(
            format="gguf", weights_bytes=int(weights), kv_heads=[self.kv_heads] * self.layers, key_length=self.head,
            value_length=self.head,
        )  # fmt: skip


LLAMA_2_7B = Model(6.74, 32, 32)
LLAMA_2_13B = Model(13.02, 40, 40)
LLAMA_2_70B = Model(68.98, 80, 8)
LLAMA_3_3B = Model(3.21, 28, 8)
LLAMA_3_8B = Model(8.03, 32, 8)
LLAMA_3_70B = Model(70.55, 80, 8)
QWEN_14B = Model(14.77, 48, 8)
QWEN_32B = Model(32.76, 64, 8)
MIXTRAL = Model(46.70, 32, 8)
COMMAND_R = Model(34.98, 40, 64)
COMMAND_R_PLUS = Model(103.8, 64, 8)

MEASURED = "https://computingforgeeks.com/?p=168756"  # "Measured June 2026 on Ollama", 4096 tokens
TEXTGEN_2 = "https://github.com/oobabooga/textgen/pull/5645"
TEXTGEN_3 = "https://github.com/oobabooga/textgen/pull/6903"
EXLLAMA = "https://github.com/turboderp/exllama/issues/165"


@dataclass(frozen=True)
class Case:
    """``weights``: bytes; ``measured``: bytes of all cards together; ``source``: where it is published."""

    name: str
    kind: str
    model: Model
    weights: float
    tokens: int
    measured: float
    source: str
    cache_type: str = "f16"
    cards: int = 1

    @property
    def fit(self) -> Fit:
        served = Served.model_validate({"context_tokens": self.tokens, "cache_type": self.cache_type})
        return reckon(self.kind, self.model.of(self.weights), served, self.cards, int(24 * GIB * USABLE))

    @property
    def ratio(self) -> float:
        fit = self.fit
        return (fit.weights + fit.cache + fit.overhead * fit.cards) / self.measured

    def __str__(self) -> str:
        return self.name


def ollama(name: str, model: Model, bits: str, measured_gb: float) -> Case:
    weights = model.parameters_b * GB * BITS[bits] / 8
    return Case(f"{name} {bits}", "ollama", model, weights, 4096, measured_gb * GB, MEASURED)


CASES = [
    ollama("Llama 3.2 3B", LLAMA_3_3B, "f16", 7),
    ollama("Llama 3.2 3B", LLAMA_3_3B, "q8_0", 4),
    ollama("Llama 3.2 3B", LLAMA_3_3B, "q4_K_M", 4),
    ollama("Llama 3.1 8B", LLAMA_3_8B, "f16", 16),
    ollama("Llama 3.1 8B", LLAMA_3_8B, "q8_0", 9),
    ollama("Llama 3.1 8B", LLAMA_3_8B, "q4_K_M", 6),
    ollama("Qwen2.5 14B", QWEN_14B, "f16", 30),
    ollama("Qwen2.5 14B", QWEN_14B, "q8_0", 16),
    ollama("Qwen2.5 14B", QWEN_14B, "q4_K_M", 11),
    ollama("Qwen3 32B", QWEN_32B, "f16", 65),
    ollama("Qwen3 32B", QWEN_32B, "q8_0", 35),
    ollama("Qwen3 32B", QWEN_32B, "q4_K_M", 22),
    ollama("Llama 3.3 70B", LLAMA_3_70B, "f16", 141),
    ollama("Llama 3.3 70B", LLAMA_3_70B, "q8_0", 75),
    ollama("Llama 3.3 70B", LLAMA_3_70B, "q4_K_M", 42),
    Case("Llama 2 7B 16 bits", "tabbyapi", LLAMA_2_7B, 12853 * MIB, 4096, 15162 * MIB, TEXTGEN_2),
    Case("Llama 2 7B 16 bits, cache 8", "tabbyapi", LLAMA_2_7B, 12853 * MIB, 4096, 14202 * MIB, TEXTGEN_2, "q8_0"),
    Case("Llama 2 7B 16 bits, cache 4", "tabbyapi", LLAMA_2_7B, 12853 * MIB, 4096, 13882 * MIB, TEXTGEN_2, "q4_0"),
    # 4.0 bits a weight, 6 of the output's 152,064 x 5120.
    Case("cogito 32B exl3", "tabbyapi", QWEN_32B, 15816 * MIB, 8192, 18665 * MIB, TEXTGEN_3),
    Case("cogito 32B exl3, cache 4", "tabbyapi", QWEN_32B, 15816 * MIB, 8192, 16827 * MIB, TEXTGEN_3, "q4_0"),
    # The files' sizes: TheBloke/Llama-2-70B-chat-GPTQ, 64g and 32g with act-order.
    Case("Llama 2 70B GPTQ 64g, two cards", "tabbyapi", LLAMA_2_70B, 37.99 * GB, 4096, 43.5 * GB, EXLLAMA, cards=2),
    Case("Llama 2 70B GPTQ 32g, two cards", "tabbyapi", LLAMA_2_70B, 40.66 * GB, 4096, 46.4 * GB, EXLLAMA, cards=2),
    Case(
        "CodeLlama 13B exl2 2.65 bits", "tabbyapi", LLAMA_2_13B, 13.02 * GB * 2.65 / 8, 2048, 7968 * MIB,
        "https://github.com/turboderp-org/exllamav2/issues/3",
    ),
    # Of these three logs the buffers are added up; what the driver takes beside them is not in there.
    Case(
        "Mixtral 8x7B Q4_K_M", "llama.cpp", MIXTRAL, 24.62 * GIB, 2048, (25145.55 + 256) * MIB,
        "https://github.com/abetlen/llama-cpp-python/issues/1014",
    ),
    Case(
        "Command R 35B, two cards", "llama.cpp", COMMAND_R, (1640.62 + 5434.38 + 13989.53) * MIB, 4096,
        (5434.38 + 13989.53 + 5120 + 2 * 672.01) * MIB, "https://github.com/ggml-org/llama.cpp/pull/6122", cards=2,
    ),
    Case(
        "Llama 2 7B f16, four cards", "llama.cpp", LLAMA_2_7B, 12853 * MIB, 4096,
        4 * (3088.25 + 512 + 296) * MIB, "https://github.com/ggml-org/llama.cpp/issues/9229", cards=4,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_never_less_than_was_measured(case: Case) -> None:
    assert 0.9 <= case.ratio <= 1.35, f"{case.ratio:.2f} of what {case.source} has measured"


def test_most_are_within_a_tenth() -> None:
    assert len(CASES) >= 20
    near = [case for case in CASES if 0.9 <= case.ratio <= 1.1]
    assert len(near) >= 15, [f"{case}: {case.ratio:.2f}" for case in CASES if case not in near]


def test_what_did_not_fit_is_not_said_to() -> None:
    """Command R+ Q5_K_S, 66.86 GiB, on three cards of 24 GB: https://github.com/ggml-org/llama.cpp/issues/6668."""
    served = Served(context_tokens=8192)
    fit = reckon("llama.cpp", COMMAND_R_PLUS.of(66.86 * GIB), served, 3, int(24 * GIB * USABLE))
    assert not fit.fits
    assert fit.most_weights < 66.86 * GIB


def test_what_vllm_has_left_for_the_cache_is_never_overrated() -> None:
    """21.21 GiB of weights on each RTX 3090 left 1.57 of 23.35 GiB (0.99): vllm pull request 14447."""
    fit = reckon("vllm", LLAMA_3_70B.of(21.21 * GIB), Served(), 1, int(24 * GIB * USABLE))
    left = fit.room * 0.99 - fit.weights - fit.overhead
    assert left <= 1.57 * GIB


def test_the_longest_context_fits_and_a_longer_one_does_not() -> None:
    weights = LLAMA_3_8B.of(4.9 * GB)
    for cache_type in ("f16", "q8_0", "q4_0"):
        served = Served.model_validate({"parallel": 2, "cache_type": cache_type})
        most = reckon("llama.cpp", weights, served, 1, 12 * GIB).most_context()
        for tokens, fits in ((most, True), (most + 64, False)):
            tried = Served.model_validate({"parallel": 2, "cache_type": cache_type, "context_tokens": tokens})
            assert reckon("llama.cpp", weights, tried, 1, 12 * GIB).fits is fits


def test_layers_are_not_cut() -> None:
    """Of 32 layers one of three cards has 11."""
    fit = reckon("llama.cpp", LLAMA_3_8B.of(32 * GIB), Served(), 3, 24 * GIB)
    assert fit.each > (fit.weights + fit.cache) / 3 + fit.overhead
    assert fit.each == pytest.approx((fit.weights + fit.cache) * 11 / 32 + fit.overhead, abs=1)


def test_heads_that_no_quantised_cache_takes_have_no_context_with_one() -> None:
    fit = reckon("llama.cpp", Model(1, 4, 4, 80).of(GIB), Served(), 1, 24 * GIB)
    assert fit.most_context("q8_0") == 0 and fit.most_context("f16") > 0
