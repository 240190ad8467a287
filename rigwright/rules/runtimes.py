"""Runtimes are what their kinds can be, in front of others that are there, and have ports that are theirs."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.runtimes import CONFIGURED, FRONTS, NATIVE, image_of, port_of
from rigwright.rules import places
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

_ALL = "runtimes.services"


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Everything that does not hold of layer `runtimes`."""
    if rig.runtimes.services:
        yield from places.find(rig, "runtimes.data", rig.runtimes.data, "runtimes")
    for name, runtime in rig.runtimes.services.items():
        key, kind = f"{_ALL}.{name}", catalog.runtimes[runtime.kind]
        yield from _how(rig, key, runtime, kind)
        yield from _needed(key, runtime, kind)
        yield from _configured(key, runtime)
        yield from _upstreams(rig, name, key, runtime)
    yield from _ports(rig, catalog)


def _how(rig: Rig, key: str, runtime: Runtime, kind: RuntimeKind) -> Iterator[Finding]:
    rests_on = tuple(f"{key}.{each}" for each in ("kind", "how", "image", "archive"))
    if runtime.how == "native":
        if runtime.kind not in NATIVE:
            yield Finding(
                "runtimes.not-native",
                f"{key}.how",
                "native",
                f"'container': of the kinds only {' and '.join(NATIVE)} can be a service by itself",
                "Remove it.",
                rests_on=rests_on,
            )
        elif runtime.archive is None:
            yield Finding(
                "runtimes.no-archive",
                f"{key}.archive",
                None,
                "the archive that its program comes in: version, url, sha256",
                "Add it, or run it in a container.",
                rests_on=rests_on,
            )
        return
    if runtime.archive is not None:
        yield Finding(
            "runtimes.archive-unused",
            f"{key}.archive",
            None,
            "no archive: how is 'container', so the program comes in an image",
            "Remove it, or set how to 'native'.",
            rests_on=rests_on,
        )
    yield from _image(rig, key, runtime, kind, rests_on)
    if rig.containers.state == "absent" and rig.runtimes.state == "present":
        yield Finding(
            "runtimes.no-engine",
            f"{key}.how",
            "container",
            "a container engine: containers.state is 'absent'",
            "Have containers present, or take the runtime out.",
            rests_on=("containers.state", *rests_on),
        )


def _image(rig: Rig, key: str, runtime: Runtime, kind: RuntimeKind, rests_on: tuple[str, ...]) -> Iterator[Finding]:
    image = image_of(runtime, kind)
    if image is None:
        yield Finding(
            "runtimes.no-image",
            f"{key}.image",
            None,
            f"an image: kind {runtime.kind!r} has none of its own",
            "Add it, with its registry and tag.",
            rests_on=rests_on,
        )
    elif image not in rig.locks.images:
        yield Finding(
            "runtimes.not-locked",
            f"{key}.image",
            image,
            "an image whose digest is in images.lock",
            "Run `rig images lock`, and keep the file with the inventory.",
            rests_on=rests_on,
        )


def _needed(key: str, runtime: Runtime, kind: RuntimeKind) -> Iterator[Finding]:
    """Variables without which it must not be run."""
    for table, names in (("env", kind.needed_env), ("secrets", kind.needed_secrets)):
        for name in names:
            if not getattr(runtime, table).get(name):  # an empty one is none
                yield Finding(
                    "runtimes.variable-missing",
                    f"{key}.{table}",
                    None,
                    f"{name}, without which {runtime.kind} is not to be run",
                    "Add it." if table == "env" else f"Add it: {{'{name}': {{'file': …}}}}.",
                    rests_on=(f"{key}.kind", f"{key}.{table}.{name}", f"{key}.{table}.*"),
                )


def _configured(key: str, runtime: Runtime) -> Iterator[Finding]:
    rests_on = (f"{key}.kind", f"{key}.config.*", f"{key}.models", f"{key}.models.*")
    if runtime.kind not in CONFIGURED and runtime.config:
        yield Finding(
            "runtimes.config-unused",
            f"{key}.config",
            runtime.config,
            f"nothing: {runtime.kind} has its options in args; {' and '.join(CONFIGURED)} has a file besides",
            "Move it to args, or remove it.",
            rests_on=rests_on,
        )
    served = runtime.config.get("models")
    for name in served if runtime.kind == "llama-swap" and isinstance(served, dict) else ():
        own = served[name] if isinstance(served, dict) else None
        if name not in runtime.models and not (isinstance(own, dict) and "cmd" in own):
            yield Finding(
                "runtimes.config-model",
                f"{key}.config.models.{name}",
                own,
                f"a model of {key}.models ({', '.join(runtime.models)}), or a cmd of its own that starts one",
                "Correct the name, or add cmd.",
                nearest(name, runtime.models),
                rests_on=rests_on,
            )


def _upstreams(rig: Rig, name: str, key: str, runtime: Runtime) -> Iterator[Finding]:
    rests_on = (f"{key}.kind", f"{key}.upstreams.*", f"{_ALL}.*", f"{_ALL}.*.how")
    if runtime.kind in FRONTS and not runtime.upstreams:
        yield Finding(
            "runtimes.no-upstreams",
            f"{key}.upstreams",
            None,
            f"a runtime that {runtime.kind} stands in front of",
            "Add one.",
            rests_on=rests_on,
        )
    if runtime.kind not in FRONTS and runtime.upstreams:
        yield Finding(
            "runtimes.upstreams-unused",
            f"{key}.upstreams",
            list(runtime.upstreams),
            f"no upstreams: only {' and '.join(FRONTS)} stand in front of others",
            "Remove it.",
            rests_on=rests_on,
        )
        return
    for index, other in enumerate(runtime.upstreams):
        found = rig.runtimes.services.get(other)
        if found is None or other == name or found.how == "native":
            yield Finding(
                "runtimes.no-such-upstream",
                f"{key}.upstreams.{index}",
                other,
                "another runtime of runtimes.services, in a container like this one: "
                f"{', '.join(each for each in rig.runtimes.services if each != name) or 'there is none'}",
                "Correct it, or run that one in a container.",
                nearest(other, [each for each in rig.runtimes.services if each != name]),
                rests_on=rests_on,
            )


def _ports(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    seen: dict[int, str] = {}
    for name, runtime in rig.runtimes.services.items():
        key = f"{_ALL}.{name}.port"
        port = port_of(runtime, catalog.runtimes[runtime.kind])
        if port is None:
            yield Finding(
                "runtimes.no-port",
                key,
                None,
                f"a port: kind {runtime.kind!r} has none of its own",
                "Add one that nothing else has.",
                rests_on=(f"{_ALL}.{name}.kind", key),
            )
        elif port in seen:
            yield Finding(
                "runtimes.port-twice",
                key,
                runtime.port,
                f"a port of its own: {port} is {seen[port]}'s",
                "Give one of the two another port.",
                rests_on=(f"{_ALL}.*.kind", f"{_ALL}.*.port", f"{_ALL}.*"),
            )
        else:
            seen[port] = name
