"""The attention of models by their config.json: figures as the models' own files have them."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.metadata.attention import Attention, NotTold
from rigwright.metadata.safetensors import of_config

LLAMA_3_8B: dict[str, Any] = {
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 4096,
    "max_position_embeddings": 131072,
}  # fmt: skip


def test_heads_are_of_the_embedding_where_nothing_else_is_said() -> None:
    assert of_config(LLAMA_3_8B) == Attention((8,) * 32, 128, 128, 131072)
    assert of_config({**LLAMA_3_8B, "head_dim": 256}).key_length == 256
    assert of_config({**LLAMA_3_8B, "num_key_value_heads": None}).kv_heads == (32,) * 32


def test_the_language_model_of_one_that_sees() -> None:
    assert of_config({"model_type": "x", "text_config": LLAMA_3_8B}) == of_config(LLAMA_3_8B)


def test_latent_attention_keeps_one_head_of_all() -> None:
    deepseek = {**LLAMA_3_8B, "num_hidden_layers": 61, "kv_lora_rank": 512, "qk_rope_head_dim": 64}
    assert of_config(deepseek) == Attention((1,) * 61, 576, 0, 131072)
    # 70,272 bytes a token: the figure for DeepSeek-V3, https://arxiv.org/abs/2505.09343, table 1 (70.272 KB, BF16).
    assert of_config(deepseek).cache_bytes(1) == 70272


def test_layers_without_attention_keep_nothing() -> None:
    kinds = ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 8
    assert of_config({**LLAMA_3_8B, "layer_types": kinds}).kv_heads == (8,) * 8


@pytest.mark.parametrize("key", ["num_hidden_layers", "num_attention_heads", "hidden_size"])
@pytest.mark.parametrize("value", [None, "many", -1, True])
def test_what_is_missing_or_odd_is_named(key: str, value: object) -> None:
    with pytest.raises(NotTold, match=key):
        of_config({**LLAMA_3_8B, key: value})
