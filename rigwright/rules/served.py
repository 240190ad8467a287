"""Runtimes serve models that are declared, as many as their kinds can, in a way that these can."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import NotLocked
from rigwright.choice.runtimes import FRONTS, GGUF, MODELS, ONE_MODEL, WITHOUT_MODELS, llama_cpp
from rigwright.metadata.gguf import NotGguf
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of what runtimes serve."""
    for name, runtime in rig.runtimes.services.items():
        yield from _served(rig, f"runtimes.services.{name}", runtime, catalog.runtimes[runtime.kind])


def _served(rig: Rig, key: str, runtime: Runtime, kind: RuntimeKind) -> Iterator[Finding]:
    for name in runtime.models:
        where = f"{key}.models.{name}"
        if name not in rig.models.wanted:
            yield Finding(
                "runtimes.no-such-model",
                where,
                None,
                f"a model of models.wanted: {', '.join(rig.models.wanted) or 'there is none'}",
                "Declare it there, or correct the name.",
                nearest(name, rig.models.wanted),
                rests_on=("models.wanted.*",),
            )
        elif runtime.kind in GGUF:
            yield from _gguf(rig, name, where, key)
        cache = runtime.models[name].cache_type
        if cache not in kind.cache_types:
            yield Finding(
                "runtimes.cache-type",
                f"{where}.cache_type",
                cache,
                f"one of {', '.join(kind.cache_types)}, which is what {runtime.kind} can keep keys and values as",
                "Choose one of these.",
                rests_on=(f"{key}.kind",),
            )
    rests_on = (f"{key}.kind", f"{key}.models.*")
    if runtime.kind in MODELS and not runtime.models:
        yield Finding(
            "runtimes.no-models",
            f"{key}.models",
            None,
            "a model to serve",
            "Add one: {'name': {}}.",
            rests_on=rests_on,
        )
    if runtime.kind in WITHOUT_MODELS and runtime.models:
        yield Finding(
            "runtimes.models-unused",
            f"{key}.models",
            list(runtime.models),
            f"no models: {runtime.kind} is not told which to serve",
            "Remove it: it asks its upstreams." if runtime.kind in FRONTS else "Remove it.",
            rests_on=rests_on,
        )
    if runtime.kind in ONE_MODEL and len(runtime.models) > 1:
        yield Finding(
            "runtimes.one-model",
            f"{key}.models",
            list(runtime.models),
            f"a single model: {runtime.kind} serves one",
            "Declare a runtime for each of them, with cards and a port of its own.",
            rests_on=rests_on,
        )


def _gguf(rig: Rig, name: str, where: str, key: str) -> Iterator[Finding]:
    try:
        llama_cpp.model_file(rig, name)
    except NotLocked:
        return  # said of models.wanted
    except NotGguf as error:
        said = str(error)
    else:
        return
    yield Finding(
        "runtimes.no-gguf",
        where,
        None,
        f"a model in one GGUF, or in all parts of one: {said}",
        "Take another one." if rig.models.wanted[name].ollama is not None else f"Correct models.wanted.{name}.files.",
        rests_on=(f"{key}.kind", f"models.wanted.{name}.*", f"models.wanted.{name}.files.*"),
    )
