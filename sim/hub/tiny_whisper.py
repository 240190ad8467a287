"""A whisper of three megabytes, in ggml's own format: whatever it hears, it writes down one sentence.

Its weights are zero, so what was heard counts for nothing: the position alone names the next word. Every token from
50256 on has a meaning that whisper.cpp knows by its number, so the vocabulary cannot be smaller than a real one's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

WORDS = (" This", " is", " a", " tiny", " model", ":", " it", " hears", " nothing", ".")
_BLANK = " "  # whisper.cpp looks it up, and ends where it is not
SAYS = "".join(WORDS).strip()
"""What it writes down."""
_MAGIC = 0x67676D6C
_VOCABULARY, _END = 51864, 50256  # of the models for English; the number of the token that ends a text
_WIDTH, _AUDIO_CONTEXT, _TEXT_CONTEXT, _MELS, _FREQUENCIES = 32, 32, 64, 80, 201
_LAYERS = _HEADS = 1
_F32, _F16 = 0, 1
_SURE = 8.0
"""A word's logit is this times the root of the width: far above 1501 time stamps together, which are at nothing."""

Array = NDArray[np.float32]


def write(path: Path) -> None:
    """Write it, the same one each time."""
    with path.open("wb") as file:
        _header(file)
        for name, values in _tensors().items():
            _add(file, name, values)


def _header(file: BinaryIO) -> None:
    sizes = (
        *(_VOCABULARY, _AUDIO_CONTEXT, _WIDTH, _HEADS, _LAYERS),
        *(_TEXT_CONTEXT, _WIDTH, _HEADS, _LAYERS, _MELS, _F16),
    )
    file.write(struct.pack(f"<I{len(sizes)}i", _MAGIC, *sizes))
    file.write(struct.pack("<2i", _MELS, _FREQUENCIES))
    file.write(np.zeros((_MELS, _FREQUENCIES), dtype=np.float32).tobytes())
    named = (*WORDS, _BLANK)  # whisper.cpp gives names to the others itself
    file.write(struct.pack("<i", len(named)))
    for word in named:
        file.write(struct.pack("<I", len(word)) + word.encode())


def _add(file: BinaryIO, name: str, values: Array) -> None:
    # As whisper.cpp's own converter: matrices in half precision, all that is added in single.
    single = values.ndim == 1 or name.endswith(("bias", "positional_embedding"))
    kind, data = (_F32, values) if single else (_F16, values.astype(np.float16))
    file.write(struct.pack("<3i", values.ndim, len(name), kind))
    file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)) + name.encode() + data.tobytes())


def _tensors() -> Mapping[str, Array]:
    tokens, positions = np.zeros((_VOCABULARY, _WIDTH)), np.zeros((_TEXT_CONTEXT, _WIDTH))
    for number, token in enumerate((*range(len(WORDS)), _END)):
        tokens[token, number] = 1  # each has a dimension of its own
    for position in range(_TEXT_CONTEXT):
        positions[position, min(position, len(WORDS))] = 100  # more than the word before, which is 1
    found: dict[str, NDArray[np.floating[Any]]] = {
        "encoder.positional_embedding": np.zeros((_AUDIO_CONTEXT, _WIDTH)),
        "encoder.conv1.weight": np.zeros((_WIDTH, _MELS, 3)),
        "encoder.conv1.bias": np.zeros((_WIDTH, 1)),
        "encoder.conv2.weight": np.zeros((_WIDTH, _WIDTH, 3)),
        "encoder.conv2.bias": np.zeros((_WIDTH, 1)),
        **_norm("encoder.ln_post"),
        **dict(_block("encoder.blocks.0", "attn")),
        "decoder.positional_embedding": positions,
        "decoder.token_embedding.weight": tokens,
        **_norm("decoder.ln", _SURE),
        **dict(_block("decoder.blocks.0", "attn", "cross_attn")),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _norm(name: str, weight: float = 1) -> dict[str, Array]:
    return {f"{name}.weight": np.full(_WIDTH, weight, dtype=np.float32), f"{name}.bias": np.zeros(_WIDTH, np.float32)}


def _block(name: str, *attentions: str) -> Iterator[tuple[str, Array]]:
    for attention in attentions:
        yield from _norm(f"{name}.{attention}_ln").items()
        for part in ("query", "key", "value", "out"):
            yield f"{name}.{attention}.{part}.weight", np.zeros((_WIDTH, _WIDTH), np.float32)
            if part != "key":
                yield f"{name}.{attention}.{part}.bias", np.zeros(_WIDTH, np.float32)
    yield from _norm(f"{name}.mlp_ln").items()
    for part, (rows, columns) in {"0": (4 * _WIDTH, _WIDTH), "2": (_WIDTH, 4 * _WIDTH)}.items():
        yield f"{name}.mlp.{part}.weight", np.zeros((rows, columns), np.float32)
        yield f"{name}.mlp.{part}.bias", np.zeros(rows, np.float32)
