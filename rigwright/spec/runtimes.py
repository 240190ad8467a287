"""Layer `runtimes`: programs that serve models, each in a container or as a native service, on loopback."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from rigwright.spec.model import Model, State, key
from rigwright.spec.models import SHA256, ModelName
from rigwright.spec.power import CardName
from rigwright.spec.secret import Secret

Kind = Literal[
    "llama.cpp",
    "llama-swap",
    "ollama",
    "vllm",
    "sglang",
    "tabbyapi",
    "open-webui",
    "litellm",
    "comfyui",
    "whisper.cpp",
    "speaches",
    "custom",
]
RuntimeName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{0,26}$",
        description="a runtime's name: small letters, digits and '-', at most 27, a letter first",
    ),
]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the name of an environment variable")
]
OptionName = Annotated[
    str, Field(pattern=r"^[a-z][A-Za-z0-9_.-]*$", description="an option's long name, without '--' before it")
]


class Served(Model):
    """How a runtime serves one model."""

    context_tokens: int = key(4096, "context of each request, tokens", ge=256)
    parallel: int = key(1, "requests at a time, each with the whole context", ge=1, le=256)
    cache_type: Literal["f16", "q8_0", "q4_0"] = key("f16", "what keys and values are kept as")
    args: dict[OptionName, JsonValue] = key(
        default_factory=dict,
        description="further options of the runtime for this model, as it knows them",
        form="a mapping of options to values that JSON can hold; True: the option alone",
    )


class Archive(Model):
    """A native runtime's program, as its makers pack it."""

    version: str = key(
        description="what its makers call it",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$",
        form="a version as text, e.g. 'b6600'",
    )
    url: str = key(
        description="where the archive is (.tar.gz, .tar.xz, .tar.zst)",
        pattern=r"^https?://[^\s?#]+\.(tar\.(gz|xz|zst)|tgz)$",
        form="the whole address of a .tar.gz, .tar.xz or .tar.zst",
        unproved="is where it came from; what is there has the declared hash",
    )
    sha256: str = key(description="hash of the archive", pattern=SHA256, form="64 hex digits, as sha256sum prints them")


class Runtime(Model):
    """One runtime."""

    kind: Kind = key(description="what it is")
    how: Literal["container", "native"] = key(
        "container", "in a container of containers.engine, or a service by itself"
    )
    image: str | None = key(
        None,
        "image with its tag; None: the kind's own; the digest is in images.lock",
        pattern=r"^[a-z0-9][a-z0-9.-]*(:[0-9]+)?/[a-z0-9][a-z0-9._/-]*:[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        form="registry, name and tag, e.g. 'docker.io/vllm/vllm-openai:v0.33.0'",
    )
    archive: Archive | None = key(None, "its program, with how 'native'")
    models: dict[ModelName, Served] = key(
        default_factory=dict,
        description="models of models.wanted that it serves",
        form="a mapping of models to how they are served, {'qwen3': {'context_tokens': 32768}}",
    )
    upstreams: list[RuntimeName] = key(
        default_factory=list, description="runtimes that it stands in front of: open-webui and litellm"
    )
    gpus: list[CardName] | None = key(
        None,
        "cards that it sees, by slot or UUID; []: none; None: all, where its kind computes on them",
        form="a list of slots or UUIDs of hardware.gpus, e.g. ['PCIE1']",
    )
    exclusive: bool = key(
        False, "True: no other runtime may have a card of these", unproved="is judged before anything"
    )
    port: int | None = key(None, "port on loopback; None: the kind's own", ge=1024, le=65535)
    args: dict[OptionName, JsonValue] = key(
        default_factory=dict,
        description="further options, as the runtime knows them; what it does not know is its own error, and shown",
        form="a mapping of options to values that JSON can hold; True: the option alone",
    )
    config: dict[str, JsonValue] = key(
        default_factory=dict,
        description="kind 'llama-swap': keys of its configuration file, merged into what is made of the models",
        form="a mapping that JSON can hold, as the runtime knows it, {'models': {'qwen3': {'ttl': 300}}}",
    )
    env: dict[VariableName, str] = key(
        default_factory=dict,
        description="further environment variables; none of them secret",
        form="a mapping of names to texts",
    )
    secrets: dict[VariableName, Secret] = key(
        default_factory=dict,
        description="environment variables that are secret, kept in a file that root alone may read",
        form="a mapping of names to where each secret is read from, {'HF_TOKEN': {'env': 'HF_TOKEN'}}",
    )
    command: list[str] = key(default_factory=list, description="kind 'custom': the image's command, word by word")
    listens: int | None = key(None, "kind 'custom': the port that it listens on in its container", ge=1, le=65535)
    health: str | None = key(
        None,
        "path that answers 200 when it can serve; None: the kind's own",
        pattern=r"^/[^\s]*$",
        form="a path, '/health'",
    )
    start_s: int = key(
        600, "what it may take until it can serve, s", ge=5, le=86400, unproved="says how long one waits"
    )


class Runtimes(Model):
    """All runtimes of a host."""

    state: State = key("present", "'absent' stops and removes all of them; models and their data stay")
    data: str = key(
        "/var/lib/rigwright/runtimes",
        "where they keep what is to last: caches, databases; one folder each",
        pattern=r"^/[^\s]*[^/\s]$",
        form="an absolute path without a slash at its end",
    )
    services: dict[RuntimeName, Runtime] = key(
        default_factory=dict,
        description="runtimes by name",
        form="a mapping of names to runtimes, {'llm': {'kind': 'llama.cpp', 'models': {'qwen3': {}}}}",
    )
