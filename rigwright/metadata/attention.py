"""What a model's attention keeps of each token: the cache of keys and values, which grows with the context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from rigwright.metadata.gguf import BLOCKS, Gguf, Value

CACHE_TYPES: Mapping[str, Fraction] = {
    name: Fraction(size, elements)
    for name, elements, size in BLOCKS.values()
    if name in ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0", "IQ4_NL")
}
"""Type of a cache → bytes an element. Source: what llama.cpp's ``--cache-type-k`` takes (common/arg.cpp)."""


class NotTold(ValueError):
    """The metadata lacks what the cache's size follows from, or contradicts itself; the text names the key."""


@dataclass(frozen=True)
class Attention:
    """Heads by layer. ``kv_heads``: heads of keys and values, one entry a layer, 0 where a layer keeps none by token.

    ``key_length``, ``value_length``: elements a head. ``context_length``: tokens that the model was trained for, None
    where the file does not say. Sliding windows, recurrent layers among others, and latent attention make the cache
    smaller than what is reckoned here, never larger.
    """

    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    context_length: int | None

    def cache_bytes(self, tokens: int, key_type: str = "F16", value_type: str = "F16") -> int:
        """Bytes that ``tokens`` take, of all sequences together; types as in `CACHE_TYPES`, others are a KeyError."""
        return ceil(tokens * self._token_bytes(key_type, value_type))

    def most_tokens(self, room_bytes: int, key_type: str = "F16", value_type: str = "F16") -> int:
        """As many tokens as ``room_bytes`` hold: the context that would fit. Raises `NotTold` where nothing is kept."""
        each = self._token_bytes(key_type, value_type)
        if not each:
            raise NotTold("no layer keeps keys and values: memory does not bound the context")
        return max(0, int(room_bytes // each))

    def _token_bytes(self, key_type: str, value_type: str) -> Fraction:
        a_head = self.key_length * CACHE_TYPES[key_type] + self.value_length * CACHE_TYPES[value_type]
        return sum(self.kv_heads) * a_head


def of_gguf(header: Gguf) -> Attention:
    """What a GGUF's metadata says of its attention. Raises `NotTold`."""
    metadata = header.metadata
    family = metadata.get("general.architecture")
    if not isinstance(family, str):
        raise NotTold("general.architecture is missing")
    layers = _number(metadata, f"{family}.block_count")
    heads = _by_layer(metadata, f"{family}.attention.head_count", layers)
    kv_key = f"{family}.attention.head_count_kv"
    kv_heads = _by_layer(metadata, kv_key, layers) if kv_key in metadata else heads
    trained = f"{family}.context_length"
    return Attention(
        kv_heads=kv_heads,
        key_length=_head_length(metadata, family, "key_length", heads),
        value_length=_head_length(metadata, family, "value_length", heads),
        context_length=_number(metadata, trained) if trained in metadata else None,
    )


def _head_length(metadata: Mapping[str, Value], family: str, name: str, heads: tuple[int, ...]) -> int:
    """As the file says, or else, as everywhere in llama.cpp, the embedding divided among the heads."""
    key = f"{family}.attention.{name}"
    if key in metadata:
        return _number(metadata, key)
    most = max(heads, default=0)
    return _number(metadata, f"{family}.embedding_length") // most if most else 0


def _by_layer(metadata: Mapping[str, Value], key: str, layers: int) -> tuple[int, ...]:
    found = metadata.get(key)
    if not isinstance(found, tuple):
        return (_number(metadata, key),) * layers
    if len(found) != layers:
        raise NotTold(f"{key} has {len(found)} entries for {layers} layers")
    return tuple(_whole(key, each) for each in found)


def _number(metadata: Mapping[str, Value], key: str) -> int:
    if key not in metadata:
        raise NotTold(f"{key} is missing")
    return _whole(key, metadata[key])


def _whole(key: str, found: Value) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise NotTold(f"{key} is {found!r}, expected a whole number of at least 0")
    return found
