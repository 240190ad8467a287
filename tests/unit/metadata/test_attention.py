"""The cache of keys and values: what was measured and published, and what a file may leave out."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.metadata.attention import Attention, NotTold, of_gguf
from rigwright.metadata.gguf import Gguf

MIB = 2**20


def model(layers: int, heads: int, embedding: int, **attention: Any) -> Attention:
    named = {f"llama.attention.{name}": value for name, value in attention.items()}
    metadata = {
        "general.architecture": "llama",
        "llama.block_count": layers,
        "llama.embedding_length": embedding,
        "llama.attention.head_count": heads,
    }
    return of_gguf(Gguf(3, {**metadata, **named}, (), 0))


LLAMA_3_8B = model(32, 32, 4096, head_count_kv=8)
LLAMA_3_70B = model(80, 64, 8192, head_count_kv=8)
MISTRAL_SMALL_24B = model(40, 32, 5120, head_count_kv=8, key_length=128, value_length=128)
QWEN_72B = model(80, 64, 8192)
OF_28_LAYERS = model(28, 28, 3584, head_count_kv=4)


@pytest.mark.parametrize(
    ("attention", "tokens", "types", "published_mib"),
    [
        # huggingface.co/blog/llama31, table of the cache by context, FP16 (there 1k = 1000 tokens, GB = 2**30 bytes)
        pytest.param(LLAMA_3_8B, 16000, "F16 F16", 1.95 * 1024, id="Llama 3.1 8B, 16k"),
        pytest.param(LLAMA_3_8B, 128000, "F16 F16", 15.62 * 1024, id="Llama 3.1 8B, 128k"),
        pytest.param(LLAMA_3_70B, 16000, "F16 F16", 4.88 * 1024, id="Llama 3.1 70B, 16k"),
        pytest.param(LLAMA_3_70B, 128000, "F16 F16", 39.06 * 1024, id="Llama 3.1 70B, 128k"),
        # github.com/ggml-org/llama.cpp/pull/21551, "Magidonia 24b": llama.cpp's own figures by type of the
        # cache; the context is not told there: it follows from the first row, and the others from it
        pytest.param(MISTRAL_SMALL_24B, 6656, "F16 F16", 1040.00, id="Mistral Small 24B, f16"),
        pytest.param(MISTRAL_SMALL_24B, 6656, "Q8_0 Q8_0", 552.50, id="Mistral Small 24B, q8_0"),
        pytest.param(MISTRAL_SMALL_24B, 6656, "Q4_0 Q4_0", 292.50, id="Mistral Small 24B, q4_0"),
        # github.com/JamePeng/llama-cpp-python/pull/1: llama.cpp's log, 28 layers of 512 elements; the context
        # follows from its size
        pytest.param(OF_28_LAYERS, 2048, "F16 F16", 112.00, id="28 layers, 4 heads, f16"),
        # github.com/ggml-org/llama.cpp/issues/6032: "over 20 GB" where heads do not share keys
        pytest.param(QWEN_72B, 8192, "F16 F16", 20 * 1024, id="Qwen 72B, 8k"),
    ],
)
def test_the_cache_is_as_large_as_published(
    attention: Attention, tokens: int, types: str, published_mib: float
) -> None:
    key_type, value_type = types.split()
    assert attention.cache_bytes(tokens, key_type, value_type) / MIB == pytest.approx(published_mib, rel=0.005)


def test_keys_and_values_may_be_of_two_types() -> None:
    both = MISTRAL_SMALL_24B.cache_bytes(6656, "Q8_0", "Q4_0")
    assert (
        both
        == (MISTRAL_SMALL_24B.cache_bytes(6656, "Q8_0", "Q8_0") + MISTRAL_SMALL_24B.cache_bytes(6656, "Q4_0", "Q4_0"))
        / 2
    )
    uneven = model(1, 1, 64, key_length=192, value_length=128)
    assert uneven.cache_bytes(1, "F32", "F16") == 192 * 4 + 128 * 2


@pytest.mark.parametrize("types", [("F16", "F16"), ("Q8_0", "Q4_0")])
def test_what_fits_fits_and_one_more_does_not(types: tuple[str, str]) -> None:
    room = 1000 * MIB + 1
    most = LLAMA_3_8B.most_tokens(room, *types)
    assert LLAMA_3_8B.cache_bytes(most, *types) <= room < LLAMA_3_8B.cache_bytes(most + 1, *types)
    assert LLAMA_3_8B.most_tokens(-5) == 0


def test_layers_may_differ_and_some_keep_nothing() -> None:
    mixed = model(4, 8, 512, head_count_kv=(2, 0, 2, 4))
    assert mixed.cache_bytes(10) == 8 * 64 * 2 * 2 * 10
    with pytest.raises(NotTold, match="no layer keeps keys and values"):
        model(2, 8, 512, head_count_kv=0).most_tokens(MIB)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "general.architecture is missing"),
        ({"general.architecture": "x"}, "x.block_count is missing"),
        ({"general.architecture": "x", "x.block_count": 2}, "x.attention.head_count is missing"),
        (
            {"general.architecture": "x", "x.block_count": 2, "x.attention.head_count": 4},
            "x.embedding_length is missing",
        ),
        (
            {"general.architecture": "x", "x.block_count": 2, "x.attention.head_count": (4, 4, 4)},
            "x.attention.head_count has 3 entries for 2 layers",
        ),
        (
            {"general.architecture": "x", "x.block_count": "two"},
            "x.block_count is 'two', expected a whole number of at least 0",
        ),
        (
            {"general.architecture": "x", "x.block_count": -1},
            "x.block_count is -1, expected a whole number of at least 0",
        ),
        (
            {"general.architecture": "x", "x.block_count": True},
            "x.block_count is True, expected a whole number of at least 0",
        ),
    ],
)
def test_what_is_not_told_is_named(metadata: dict[str, Any], said: str) -> None:
    with pytest.raises(NotTold) as caught:
        of_gguf(Gguf(3, metadata, (), 0))
    assert str(caught.value) == said


def test_the_trained_context_is_told_where_the_file_does() -> None:
    assert model(1, 1, 64).context_length is None
    metadata = {"general.architecture": "x", "x.block_count": 1, "x.attention.head_count": 1, "x.embedding_length": 64}
    assert of_gguf(Gguf(3, {**metadata, "x.context_length": 8192}, (), 0)).context_length == 8192
