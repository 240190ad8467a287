"""The header of a GGUF file: its metadata, and what its tensors weigh. The weights themselves are never read.

PyPI's `gguf` maps the whole file; here a file that is still to be pulled is judged by its beginning.
Format: ggml's docs/gguf.md, versions 2 and 3.
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

MOST_BYTES = 64 * 2**20
"""A header is a few MB, most of it the vocabulary; one that claims more than this is broken, or meant to harm."""

_MOST_DIMENSIONS = 4  # GGML_MAX_DIMS
_VERSIONS = (2, 3)
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9

BLOCKS: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
}
"""ggml type → name, elements a block, bytes a block. Source: GGML_QUANT_SIZES of PyPI's gguf 0.19.0."""

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_PROJECTOR = "mmproj"
"""What stands in the name of a file that is not the language model: it turns pictures or sound into its input."""

Value = int | float | bool | str | tuple["Value", ...]


class NotGguf(ValueError):
    """This is no GGUF file that can be understood; the text says what was found and what was expected."""


@dataclass(frozen=True)
class Tensor:
    """One tensor: ``shape`` as stored, the innermost dimension first; ``bytes`` without padding."""

    name: str
    shape: tuple[int, ...]
    type: str
    bytes: int


@dataclass(frozen=True)
class Gguf:
    """What the header says. ``metadata``: key → value, e.g. ``llama.block_count`` → 32."""

    version: int
    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]
    header_bytes: int

    @property
    def weights_bytes(self) -> int:
        """What all tensors of this file weigh, without padding between them."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def parameters(self) -> int:
        """Elements of all tensors of this file."""
        return sum(prod(tensor.shape) for tensor in self.tensors)


def main_files(names: Iterable[str]) -> list[str]:
    """Of a model's files those that are the language model itself: one, or all parts of one. Empty: there is no GGUF.

    Raises `NotGguf` where they are several models, or not all parts of one.
    """
    found = sorted(
        name for name in names if name.endswith(".gguf") and _PROJECTOR not in posixpath.basename(name).lower()
    )
    if len(found) < 2 and not any(_PART.search(name) for name in found):
        return found
    parts = [(match.string[: match.start()], *match.groups()) for name in found if (match := _PART.search(name))]
    if len(parts) != len(found) or len({(stem, count) for stem, _, count in parts}) != 1:
        raise NotGguf(f"these are several models: {', '.join(found)}; name the files of one")
    if [int(number) for _, number, _ in parts] != list(range(1, int(parts[0][2]) + 1)):
        raise NotGguf(f"of {int(parts[0][2])} parts there are only {', '.join(found)}")
    return found


def read(stream: BinaryIO) -> Gguf:
    """Read the header from ``stream``, from where it stands, and no byte more.

    Raises `NotGguf` where the stream is no GGUF, is of a version or has a tensor type that is not known, where it ends
    within its header, and where the header claims more than `MOST_BYTES`.
    """
    source = _Source(stream)
    magic = source.take(4, "the magic number")
    if magic != b"GGUF":
        raise NotGguf(f"the file begins with {magic!r}, expected b'GGUF'")
    version = source.number("<I", "the version")
    if version not in _VERSIONS:
        hint = " (written on a big-endian machine)" if version and not version & 0xFFFF else ""
        raise NotGguf(f"GGUF version {version}{hint}, expected one of {', '.join(map(str, _VERSIONS))}")
    tensors, keys = source.count("the number of tensors"), source.count("the number of keys")
    metadata: dict[str, Value] = {}
    for _ in range(keys):
        key = source.text("a key")
        metadata[key] = source.value(source.number("<I", f"the type of {key}"), key)
    return Gguf(version, metadata, tuple(_tensor(source) for _ in range(tensors)), source.taken)


def _tensor(source: _Source) -> Tensor:
    name = source.text("a tensor's name")
    dimensions = source.number("<I", f"the dimensions of {name}")
    if dimensions > _MOST_DIMENSIONS:
        raise NotGguf(f"tensor {name} has {dimensions} dimensions, expected at most {_MOST_DIMENSIONS}")
    shape = tuple(source.number("<Q", f"the shape of {name}") for _ in range(dimensions))
    number = source.number("<I", f"the type of {name}")
    source.number("<Q", f"the place of {name}")
    if number not in BLOCKS:
        raise NotGguf(f"tensor {name} is of type {number}, which is not known here: its size cannot be told")
    kind, elements, size = BLOCKS[number]
    if shape and shape[0] % elements:
        raise NotGguf(f"tensor {name} has rows of {shape[0]}, expected a multiple of {elements} for {kind}")
    return Tensor(name, shape, kind, prod(shape) // elements * size)


class _Source:
    """The stream, and how much of it was taken."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0

    def take(self, length: int, what: str) -> bytes:
        if self.taken + length > MOST_BYTES:
            raise NotGguf(f"{what} reaches past {MOST_BYTES // 2**20} MiB; no header is that long")
        data = b""
        while len(data) < length:  # a socket gives what it has
            more = self._stream.read(length - len(data))
            if not more:
                raise NotGguf(f"the file ends after {self.taken + len(data)} bytes, within {what}")
            data += more
        self.taken += length
        return data

    def number(self, form: str, what: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form), what))[0])

    def count(self, what: str) -> int:
        """How many of something follow; each takes at least a byte, which bounds it before anything is made of it."""
        found = self.number("<Q", what)
        if found > MOST_BYTES:
            raise NotGguf(f"{what} is {found}; no header is that long")
        return found

    def text(self, what: str) -> str:
        data = self.take(self.count(f"the length of {what}"), what)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotGguf(f"{what} is not UTF-8 text: {error}") from error

    def value(self, kind: int, key: str, depth: int = 0) -> Value:
        if kind == _STRING:
            # Some vocabularies hold single bytes of a character. They are of no use here, and no reason to fail.
            return self.take(self.count(f"the length of {key}"), key).decode("utf-8", "replace")
        if kind == _ARRAY:
            if depth > 1:
                raise NotGguf(f"{key} is an array in an array in an array")
            return self._array(key, depth)
        if kind not in _SCALARS:
            raise NotGguf(f"{key} is of type {kind}, which no GGUF has")
        form = _SCALARS[kind]
        found: Value = struct.unpack(form, self.take(struct.calcsize(form), key))[0]
        return found

    def _array(self, key: str, depth: int) -> Value:
        kind, length = self.number("<I", f"the type of {key}"), self.count(f"the length of {key}")
        if kind in _SCALARS:
            form = _SCALARS[kind]
            size = struct.calcsize(form)
            return tuple(each[0] for each in struct.iter_unpack(form, self.take(length * size, key)))
        return tuple(self.value(kind, key, depth + 1) for _ in range(length))
