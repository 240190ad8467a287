"""What config.json says of a model in safetensors: its attention, by the keys that transformers knows it by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rigwright.metadata.attention import Attention, NotTold


def of_config(config: Mapping[str, Any]) -> Attention:
    """The attention of the language model in it. Raises `NotTold`.

    Models that see or hear keep theirs in ``text_config``. Where keys and values are kept compressed (DeepSeek's
    latent attention: ``kv_lora_rank``), one head of that length stands for all.
    """
    text = config.get("text_config")
    inner: Mapping[str, Any] = text if isinstance(text, Mapping) else config
    layers = _number(inner, "num_hidden_layers")
    context = inner.get("max_position_embeddings")
    trained = context if isinstance(context, int) and not isinstance(context, bool) else None
    if inner.get("kv_lora_rank"):
        length = _number(inner, "kv_lora_rank") + _number(inner, "qk_rope_head_dim")
        return Attention((1,) * layers, length, 0, trained)
    heads = _number(inner, "num_attention_heads")
    kv_heads = _number(inner, "num_key_value_heads") if inner.get("num_key_value_heads") is not None else heads
    head = _number(inner, "head_dim") if inner.get("head_dim") is not None else _number(inner, "hidden_size") // heads
    return Attention((kv_heads,) * _attending(inner, layers), head, head, trained)


def _attending(config: Mapping[str, Any], layers: int) -> int:
    """Layers that keep keys and values of every token: linear and recurrent ones do not."""
    kinds = config.get("layer_types")
    if not isinstance(kinds, list) or len(kinds) != layers:
        return layers
    return sum("attention" in str(kind) and "linear" not in str(kind) for kind in kinds)


def _number(config: Mapping[str, Any], key: str) -> int:
    found = config.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise NotTold(f"config.json: {key} is {found!r}, expected a whole number of at least 0")
    return found
