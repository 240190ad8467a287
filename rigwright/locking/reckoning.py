"""What a model takes of memory, read from the beginning of its files."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO

from rigwright.metadata import gguf
from rigwright.metadata.attention import Attention, of_gguf
from rigwright.spec.locks import Reckoned


def of_ggufs(files: Iterable[AbstractContextManager[BinaryIO]]) -> Reckoned:
    """Of one model's parts: the first has the metadata, each has tensors. Raises `NotTold` and `NotGguf`."""
    weights, attention = 0, None
    for file in files:
        with file as source:
            header = gguf.read(source)
        weights += header.weights_bytes
        attention = attention or of_gguf(header)
    assert attention is not None
    return reckoned("gguf", weights, attention)


def reckoned(kind: str, weights: int, attention: Attention) -> Reckoned:
    """As the lock keeps it. ``kind``: "gguf" or "safetensors"."""
    return Reckoned.model_validate(
        {
            "format": kind,
            "weights_bytes": weights,
            "kv_heads": list(attention.kv_heads),
            "key_length": attention.key_length,
            "value_length": attention.value_length,
            "context_length": attention.context_length,
        }
    )
