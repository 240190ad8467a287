"""The header of a GGUF: what it says, what it weighs, and what is no GGUF."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from rigwright.metadata import gguf
from rigwright.metadata.gguf import NotGguf, read

FORMS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?"), "u64": (10, "<Q"), "f64": (12, "<d")}


def text(words: str | bytes) -> bytes:
    data = words.encode() if isinstance(words, str) else words
    return struct.pack("<Q", len(data)) + data


def entry(key: str, kind: str, value: Any) -> bytes:
    if kind == "text":
        return text(key) + struct.pack("<I", 8) + text(value)
    if kind == "texts":
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    if kind.endswith("s") and kind[:-1] in FORMS:
        number, form = FORMS[kind[:-1]]
        return (
            text(key) + struct.pack("<IIQ", 9, number, len(value)) + b"".join(struct.pack(form, each) for each in value)
        )
    number, form = FORMS[kind]
    return text(key) + struct.pack("<I", number) + struct.pack(form, value)


def tensor(name: str, shape: list[int], kind: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, 0)


def written(entries: list[bytes], tensors: list[bytes], version: int = 3) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries))
    return head + b"".join(entries) + b"".join(tensors)


ENTRIES = [
    entry("general.architecture", "text", "llama"),
    entry("llama.block_count", "u32", 2),
    entry("llama.attention.head_count_kv", "i32s", [2, 1]),
    entry("llama.rope.freq_base", "f32", 0.5),
    entry("general.parameters", "u64", 2**40),
    entry("tokenizer.ggml.add_bos_token", "bool", True),
    entry("tokenizer.ggml.tokens", "texts", ["a", b"\xe2\x96", "c"]),
]
TENSORS = [
    tensor("token_embd.weight", [64, 2], 0),
    tensor("blk.0.attn_q.weight", [256, 64], 12),
    tensor("blk.0.attn_k.weight", [64, 3], 8),
]
WHOLE = written(ENTRIES, TENSORS)


class Trickle(io.RawIOBase):
    """A stream that gives seven bytes at a time, as a slow line does, and tells how far it was read."""

    def __init__(self, data: bytes) -> None:
        self._left = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._left.read(min(size, 7) if size >= 0 else 7)

    def tell(self) -> int:
        return self._left.tell()


def test_metadata_comes_with_its_types() -> None:
    assert read(io.BytesIO(WHOLE)).metadata == {
        "general.architecture": "llama",
        "llama.block_count": 2,
        "llama.attention.head_count_kv": (2, 1),
        "llama.rope.freq_base": 0.5,
        "general.parameters": 2**40,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.tokens": ("a", "\ufffd", "c"),
    }


def test_tensors_weigh_what_their_blocks_do() -> None:
    found = read(io.BytesIO(WHOLE))
    assert [(each.name, each.shape, each.type, each.bytes) for each in found.tensors] == [
        ("token_embd.weight", (64, 2), "F32", 512),
        ("blk.0.attn_q.weight", (256, 64), "Q4_K", 64 * 144),
        ("blk.0.attn_k.weight", (64, 3), "Q8_0", 6 * 34),
    ]
    assert found.weights_bytes == 512 + 9216 + 204
    assert found.parameters == 128 + 16384 + 192


@pytest.mark.parametrize("version", [2, 3])
def test_nothing_behind_the_header_is_read(version: int) -> None:
    whole = written(ENTRIES, TENSORS, version)
    stream = Trickle(whole + bytes(1000))
    found = read(stream)  # type: ignore[arg-type]
    assert found.header_bytes == stream.tell() == len(whole)
    assert found.version == version


def test_cut_off_anywhere_it_says_so() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(NotGguf, match=f"the file ends after {length} bytes, within "):
            read(io.BytesIO(WHOLE[:length]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 a zip", r"the file begins with b'PK\x03\x04', expected b'GGUF'"),
        (written([], [], version=1), "GGUF version 1, expected one of 2, 3"),
        (
            b"GGUF" + struct.pack(">I", 3),
            "GGUF version 50331648 (written on a big-endian machine), expected one of 2, 3",
        ),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), f"the number of tensors is {2**60}; no header is that long"),
        (
            written([struct.pack("<Q", 2**40)], []),
            f"the length of a key is {2**40}; no header is that long",
        ),
        (
            written([text("x") + struct.pack("<IIQ", 9, 12, 2**25)], []),
            "x reaches past 64 MiB; no header is that long",
        ),
        (written([text(b"\xff") + struct.pack("<I", 4)], []), "a key is not UTF-8 text: "),
        (written([text("x") + struct.pack("<I", 13)], []), "x is of type 13, which no GGUF has"),
        (
            written([text("x") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 3], []),
            "x is an array in an array in an array",
        ),
        (
            written([], [tensor("w", [32], 99)]),
            "tensor w is of type 99, which is not known here: its size cannot be told",
        ),
        (written([], [tensor("w", [1] * 5, 0)]), "tensor w has 5 dimensions, expected at most 4"),
        (written([], [tensor("w", [100, 2], 12)]), "tensor w has rows of 100, expected a multiple of 256 for Q4_K"),
    ],
)
def test_what_is_no_gguf_is_told_apart(data: bytes, said: str) -> None:
    with pytest.raises(NotGguf) as caught:
        read(io.BytesIO(data))
    assert str(caught.value).startswith(said)


# Bits a weight, as llama.cpp's own descriptions of its quantisations give them.
BITS = {
    "F16": 16,
    "BF16": 16,
    "Q4_0": 4.5,
    "Q4_1": 5,
    "Q5_0": 5.5,
    "Q5_1": 6,
    "Q8_0": 8.5,
    "Q2_K": 2.625,
    "Q3_K": 3.4375,
    "Q4_K": 4.5,
    "Q5_K": 5.5,
    "Q6_K": 6.5625,
    "IQ1_S": 1.5625,
    "IQ1_M": 1.75,
    "IQ2_XXS": 2.0625,
    "IQ2_XS": 2.3125,
    "IQ3_XXS": 3.0625,
    "IQ3_S": 3.4375,
    "IQ4_NL": 4.5,
    "IQ4_XS": 4.25,
    "MXFP4": 4.25,
}


def test_a_weight_takes_the_bits_that_its_type_is_known_for() -> None:
    sizes = {name: 8 * size / elements for name, elements, size in gguf.BLOCKS.values()}
    assert len(sizes) == len(gguf.BLOCKS), "each type has a name of its own"
    assert {name: sizes[name] for name in BITS} == BITS
