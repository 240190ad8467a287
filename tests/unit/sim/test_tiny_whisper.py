"""The tiny whisper is laid out as whisper.cpp reads its models: header, filters, vocabulary, tensors to the end."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sim.hub import tiny_whisper

_SIZES = {0: 4, 1: 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "ggml-tiny.bin"
    tiny_whisper.write(path)
    return path.read_bytes()


def _vocabulary(data: bytes) -> tuple[list[str], int]:
    """Its words, and where they end."""
    mels, frequencies = struct.unpack_from("<2i", data, 48)
    at = 56 + 4 * mels * frequencies
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    words = []
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        words.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return words, at


def test_header_and_vocabulary(data: bytes) -> None:
    assert data[:4] == b"lmgg"
    vocabulary, audio, width, *_ = struct.unpack_from("<11i", data, 4)
    assert (vocabulary, audio, width) == (51864, 32, 32)
    words, _ = _vocabulary(data)
    assert "".join(words).strip() == tiny_whisper.SAYS
    assert " " in words, "whisper.cpp looks it up, and ends where it is not"


def test_tensors_fill_it_to_the_end(data: bytes) -> None:
    _, at = _vocabulary(data)
    names = []
    while at < len(data):
        dimensions, length, kind = struct.unpack_from("<3i", data, at)
        at += 12
        shape = struct.unpack_from(f"<{dimensions}i", data, at)
        at += 4 * dimensions
        names.append(data[at : at + length].decode())
        at += length
        size = _SIZES[kind]
        for each in shape:
            size *= each
        at += size
    assert at == len(data) and len(names) == len(set(names))
    assert {"decoder.token_embedding.weight", "decoder.blocks.0.cross_attn.key.weight"} <= set(names)
    assert "encoder.blocks.0.attn.key.bias" not in names


def test_it_is_the_same_each_time(data: bytes, tmp_path: Path) -> None:
    tiny_whisper.write(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == data
