"""Models of the Ollama registry are served by what can, and Ollama serves no others, all of them in one way."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.models import has_ollama
from rigwright.choice.runtimes import OLLAMAS
from rigwright.choice.runtimes.ollama import OF_ALL_MODELS, OURS, settings
from rigwright.rules.finding import Finding
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime
from rigwright.spec.words import listed


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of Ollama and its models."""
    for name, runtime in rig.runtimes.services.items():
        key = f"runtimes.services.{name}"
        if runtime.kind != "ollama":
            yield from _elsewhere(rig, key, runtime)
            continue
        yield from _sources(rig, key, runtime)
        yield from _options(key, runtime)
        if runtime.models:
            yield from _one_way(key, runtime)
            yield from _variables(key, runtime)
            yield from _contexts(rig, key, runtime)
        elif has_ollama(rig):
            yield Finding(
                "runtimes.ollama-own",
                f"{key}.models",
                None,
                "a model to serve: models.wanted has some of the Ollama registry, so that <models.root>/ollama is "
                "theirs, and Ollama pulls nothing there itself",
                "Name those that it is to serve: {'name': {}}.",
                rests_on=(f"{key}.kind", f"{key}.models.*", "models.wanted.*.ollama"),
            )


def _elsewhere(rig: Rig, key: str, runtime: Runtime) -> Iterator[Finding]:
    for model in runtime.models:
        wanted = rig.models.wanted.get(model)
        if wanted is not None and wanted.ollama is not None and runtime.kind not in OLLAMAS:
            yield Finding(
                "runtimes.ollama-elsewhere",
                f"{key}.models.{model}",
                None,
                f"a model that {runtime.kind} can load: those of the Ollama registry ({wanted.ollama}) are for "
                f"{', '.join(OLLAMAS)}",
                f"Serve it by one of them, or declare models.wanted.{model} with 'hub'.",
                rests_on=(f"{key}.kind", f"models.wanted.{model}.*"),
            )


def _sources(rig: Rig, key: str, runtime: Runtime) -> Iterator[Finding]:
    for model in runtime.models:
        wanted = rig.models.wanted.get(model)
        if wanted is not None and wanted.ollama is None:
            yield Finding(
                "runtimes.not-of-ollama",
                f"{key}.models.{model}",
                None,
                "a model of the Ollama registry: Ollama serves no others",
                f"Declare models.wanted.{model} with 'ollama' (e.g. 'qwen3:8b'), or serve it by llama.cpp.",
                rests_on=(f"{key}.kind", f"models.wanted.{model}.*"),
            )


def _options(key: str, runtime: Runtime) -> Iterator[Finding]:
    """Options have no way to it."""
    given = {f"{key}.args": runtime.args}
    given |= {f"{key}.models.{model}.args": served.args for model, served in runtime.models.items()}
    for where, args in given.items():
        if args:
            yield Finding(
                "runtimes.args-unused",
                where,
                sorted(args),
                "no options: Ollama takes variables, of all models at once",
                f"Write them into {key}.env, as OLLAMA_….",
                rests_on=(f"{key}.kind", f"{where}.*"),
            )


def _one_way(key: str, runtime: Runtime) -> Iterator[Finding]:
    """It knows context, requests at a time and cache of all models together alone."""
    declared = settings(runtime)
    different = [name for name in OF_ALL_MODELS if len({each[name] for each in declared.values()}) > 1]
    if different:
        shown = "; ".join(
            f"{model} has {', '.join(f'{name} {each[name]}' for name in different)}" for model, each in declared.items()
        )
        yield Finding(
            "runtimes.ollama-differ",
            f"{key}.models",
            list(runtime.models),
            f"the same {listed(different)} of all models, for Ollama has one of each: {shown}",
            "Make them the same, or declare a runtime for each of them, with a port of its own.",
            rests_on=(f"{key}.kind", *(f"{key}.models.*.{name}" for name in OF_ALL_MODELS)),
        )


def _variables(key: str, runtime: Runtime) -> Iterator[Finding]:
    """What the rest of the declaration says is not said twice."""
    names = {variable: name for name, variable in OF_ALL_MODELS.items()}
    for variable in OURS:
        if variable in runtime.env:
            instead = f"Remove it; set {names[variable]} of the models." if variable in names else "Remove it."
            yield Finding(
                "runtimes.ollama-variable",
                f"{key}.env.{variable}",
                runtime.env[variable],
                f"no {variable} beside declared models: it follows from them",
                instead,
                rests_on=(f"{key}.kind", f"{key}.models.*"),
            )


def _contexts(rig: Rig, key: str, runtime: Runtime) -> Iterator[Finding]:
    """A model's own parameters come before what Ollama is told, and it would take more memory than was reckoned."""
    for model, served in runtime.models.items():
        wanted = rig.models.wanted.get(model)
        found = rig.locks.models.get(wanted.source) if wanted is not None else None
        own = found.own_context if found is not None else None
        if own is not None and own != served.context_tokens:
            yield Finding(
                "runtimes.ollama-context",
                f"{key}.models.{model}.context_tokens",
                served.context_tokens,
                f"{own}: the model's own parameters set it (num_ctx), and Ollama takes them first",
                "Write it, or take another model.",
                rests_on=(f"{key}.kind", f"models.wanted.{model}.*"),
            )
