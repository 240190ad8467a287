"""A language model of some hundred kilobytes: it loads and answers, and what it says means nothing."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, KV_HEADS, INNER, CONTEXT = 2, 64, 2, 1, 128, 4096
_HEAD = WIDTH // HEADS
_LETTERS = "▁etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLU.,!?0123456789"
_SEED = 7
TYPES = {"f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0}
"""Quantisation → its type, in the names of files: tiny-f16.gguf, tiny-q8_0.gguf."""


def write(path: Path, quantization: str) -> None:
    """Write a llama with random weights, the same ones each time."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"tiny, random ({quantization})")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_HEAD)
    tokens = _vocabulary(writer)
    for name, shape in _tensors(len(tokens)).items():
        _add(writer, name, shape, TYPES[quantization])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary(writer: gguf.GGUFWriter) -> list[bytes]:
    special = [("<unk>", gguf.TokenType.UNKNOWN), ("<s>", gguf.TokenType.CONTROL), ("</s>", gguf.TokenType.CONTROL)]
    entries = [
        *special,
        *((f"<0x{byte:02X}>", gguf.TokenType.BYTE) for byte in range(256)),
        *((letter, gguf.TokenType.NORMAL) for letter in _LETTERS),
    ]
    tokens = [text.encode() for text, _ in entries]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(len(entries))])
    writer.add_token_types([int(kind) for _, kind in entries])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return tokens


def _tensors(vocabulary: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, WIDTH),
        "output_norm.weight": (WIDTH,),
        "output.weight": (vocabulary, WIDTH),
    }
    for layer in range(LAYERS):
        found |= {
            f"blk.{layer}.attn_norm.weight": (WIDTH,),
            f"blk.{layer}.attn_q.weight": (WIDTH, WIDTH),
            f"blk.{layer}.attn_k.weight": (KV_HEADS * _HEAD, WIDTH),
            f"blk.{layer}.attn_v.weight": (KV_HEADS * _HEAD, WIDTH),
            f"blk.{layer}.attn_output.weight": (WIDTH, WIDTH),
            f"blk.{layer}.ffn_norm.weight": (WIDTH,),
            f"blk.{layer}.ffn_gate.weight": (INNER, WIDTH),
            f"blk.{layer}.ffn_up.weight": (INNER, WIDTH),
            f"blk.{layer}.ffn_down.weight": (WIDTH, INNER),
        }
    return found


def _add(writer: gguf.GGUFWriter, name: str, shape: tuple[int, ...], kind: gguf.GGMLQuantizationType) -> None:
    if len(shape) == 1:  # norms stay in single precision, as llama.cpp's own converter leaves them
        writer.add_tensor(name, np.ones(shape, dtype=np.float32))
        return
    seed = [_SEED, *name.encode()]
    values = np.random.default_rng(seed).normal(0, 0.08, shape).astype(np.float32)
    if name == "output.weight":
        # Letters rather than single bytes, which are no text; and never the end.
        values[: -len(_LETTERS)] = 0
        values[-len(_LETTERS) :] *= 20
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
