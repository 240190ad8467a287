"""What a runtime takes of its cards' memory, of a declaration and of what models say of themselves.

Weights and the cache of keys and values are exact as far as the metadata is. What comes on top differs by runtime and
version; the figures below are bounds from published logs, named beside each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from rigwright.catalog import Catalog
from rigwright.choice.models import NotLocked, locked
from rigwright.choice.runtimes import llama_cpp, ollama
from rigwright.choice.runtimes.common import split
from rigwright.metadata.attention import Attention
from rigwright.spec.hardware import Gpu
from rigwright.spec.locks import Reckoned
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime, Served

MIB, GIB = 2**20, 2**30
USABLE = 0.98
"""Of a card's memory: a 24 GB RTX 3090 has 23.58 GiB for vLLM (vllm pull request 14447)."""
DRIVER_BYTES = 450 * MIB
"""A CUDA context with its kernels, each card: some 300 to 500 MiB on Ampere and Ada (vllm issue 7553, nvidia-smi)."""
COMPUTE_BYTES = {
    # 672 MiB with a vocabulary of 256,000 (llama.cpp pull request 6122), 313 MiB with 152,000 (ik_llama.cpp 370).
    "llama.cpp": 700 * MIB,
    "llama-swap": 700 * MIB,
    "ollama": 700 * MIB,
    # activations 0.37 GiB of short batches (vllm pull request 14447), graphs up to 2.4 GiB (vllm issue 7553).
    "vllm": 1400 * MIB,
    "sglang": 1800 * MIB,
    # 7968 MiB with all that torch and CUDA take, of which 5712 are weights and cache (exllamav2 issue 3).
    "tabbyapi": 1300 * MIB,
}
"""Buffers of a step, each card."""
CACHE_TYPES = {"f16": "F16", "q8_0": "Q8_0", "q4_0": "Q4_0"}
BLOCK = 32
"""Elements that a quantised cache keeps together: a head's length must be a multiple (ggml)."""
RESERVED = {"vllm": 0.92, "sglang": 0.88}
"""Share of each card that is taken at once, whatever the model needs; it has to find room in there."""


@dataclass(frozen=True)
class Fit:
    """One model in one runtime. Bytes: ``weights`` and ``cache`` of all cards together, ``overhead`` of each;
    ``room``: what each of ``cards`` has; ``share``: of that what this runtime may take."""

    runtime: str
    model: str
    cards: int
    weights: int
    cache: int
    overhead: int
    room: int
    share: float
    attention: Attention
    served: Served

    @property
    def each(self) -> int:
        """What the fullest card has to hold: layers cannot be cut, so one may have a layer more."""
        layers = max(1, len(self.attention.kv_heads))
        parts = ceil(layers / self.cards) / layers if self.cards > 1 else 1.0
        return ceil((self.weights + self.cache) * parts) + self.overhead

    @property
    def fits(self) -> bool:
        """Whether it does."""
        return self.each <= self.have

    @property
    def have(self) -> int:
        """What each card has for it."""
        return int(self.room * self.share)

    def most_context(self, cache_type: str | None = None) -> int:
        """The longest context of each request that would fit, with this type of cache; 0: none does."""
        kind = CACHE_TYPES[cache_type or self.served.cache_type]
        if kind != "F16" and self.attention.key_length % BLOCK:
            return 0
        left = (self.have - self.overhead) * self.cards - self.weights
        tokens = self.attention.most_tokens(max(0, left), kind, kind) // self.served.parallel
        trained = self.attention.context_length
        return min(tokens, trained) if trained else tokens

    @property
    def most_weights(self) -> int:
        """The heaviest model that would fit with this cache."""
        return max(0, (self.have - self.overhead) * self.cards - self.cache)


def attention_of(reckoned: Reckoned) -> Attention:
    """As the lock keeps it."""
    return Attention(tuple(reckoned.kv_heads), reckoned.key_length, reckoned.value_length, reckoned.context_length)


def reckon(
    kind: str, reckoned: Reckoned, served: Served, cards: int, room: int, runtime: str = "", model: str = ""
) -> Fit:
    """What a model takes in a runtime of this kind. ``room``: bytes that each card has."""
    attention = attention_of(reckoned)
    cache_type = CACHE_TYPES[served.cache_type]
    return Fit(
        runtime=runtime,
        model=model,
        cards=cards,
        weights=reckoned.weights_bytes,
        cache=attention.cache_bytes(served.context_tokens * served.parallel, cache_type, cache_type),
        overhead=COMPUTE_BYTES[kind] + DRIVER_BYTES,
        room=room,
        share=RESERVED.get(kind, 1.0),
        attention=attention,
        served=served,
    )


def fits(rig: Rig, catalog: Catalog) -> Iterator[Fit]:
    """Every model of every runtime whose cards and metadata are known."""
    for name, runtime in rig.runtimes.services.items():
        seen = cards_of(rig, catalog, runtime)
        room = _room(catalog, seen)
        if runtime.kind not in COMPUTE_BYTES or room is None:
            continue
        for model, served in runtime.models.items():
            found = reckoned_of(rig, model)
            if found is not None:
                yield reckon(runtime.kind, found, served, len(seen), room, name, model)


@dataclass(frozen=True)
class Held:
    """What a runtime may hold of each of its cards at the same time, bytes. ``models``: those that make it up."""

    runtime: str
    cards: tuple[str, ...]
    bytes: int
    room: int
    models: tuple[str, ...]


def held(rig: Rig, catalog: Catalog) -> Iterator[Held]:
    """Every runtime of which that is known. Some keep as many models as they are told to: the largest of them."""
    by_runtime: dict[str, list[Fit]] = {}
    for fit in fits(rig, catalog):
        by_runtime.setdefault(fit.runtime, []).append(fit)
    for name, found in by_runtime.items():
        runtime = rig.runtimes.services[name]
        cards = tuple(gpu.slot for gpu in cards_of(rig, catalog, runtime))
        largest = sorted(found, key=lambda fit: fit.each, reverse=True)[: _at_once(runtime)]
        size = sum(fit.each for fit in largest)
        if runtime.kind in RESERVED:
            size = int(found[0].room * RESERVED[runtime.kind]) + DRIVER_BYTES
        yield Held(name, cards, size, found[0].room, tuple(fit.model for fit in largest))


def _at_once(runtime: Runtime) -> int:
    return ollama.at_once(runtime) if runtime.kind == "ollama" else llama_cpp.at_once(runtime)


def reckoned_of(rig: Rig, model: str) -> Reckoned | None:
    """What the lock says of a model's memory; None: nothing."""
    if model not in rig.models.wanted or rig.models.wanted[model].path is not None:
        return None
    try:
        return locked(rig, model).reckoned
    except NotLocked:
        return None


def cards_of(rig: Rig, catalog: Catalog, runtime: Runtime) -> list[Gpu]:
    """The declared cards that a runtime computes on."""
    if runtime.gpus is None:
        return list(rig.hardware.gpus) if catalog.runtimes[runtime.kind].computes else []
    named = [
        next((gpu for gpu in rig.hardware.gpus if name in (gpu.slot, gpu.uuid, gpu.pci)), None) for name in runtime.gpus
    ]
    return [gpu for gpu in named if gpu is not None]


def _room(catalog: Catalog, cards: Sequence[Gpu]) -> int | None:
    """What the smallest of them has, bytes; None: that is not known, or there is none."""
    models = [catalog.gpus.get(gpu.model) for gpu in cards]
    sizes = [model.memory_gb for model in models if model is not None]
    if not sizes or len(sizes) != len(models):
        return None
    return int(min(sizes) * GIB * USABLE)


def splits(kind: str, cards: int) -> Mapping[str, int]:
    """How a runtime shares a model out, for people: tensor and pipeline parallel; llama.cpp by layers."""
    tensor, pipeline = split(cards)
    if kind in ("vllm", "sglang"):
        return {"tensor": tensor, "pipeline": pipeline}
    return {"layers": cards}
