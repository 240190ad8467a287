"""Runtimes as others call them: by name on the bridge that they share."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import catalog
from rigwright.choice.runtimes.common import port_of, served_as
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime


def base_urls(rig: Rig, runtime: Runtime) -> list[str]:
    """The base addresses of OpenAI's API of all that it stands in front of."""
    return [base_url(rig, name) for name in runtime.upstreams]


def base_url(rig: Rig, name: str) -> str:
    """Of one of them."""
    runtime = rig.runtimes.services[name]
    kind = catalog().runtimes[runtime.kind]
    return f"http://{name}:{runtime.listens or kind.listens or kind.port or port_of(runtime, kind)}/v1"


def models(rig: Rig, runtime: Runtime) -> Iterator[tuple[str, str, str]]:
    """Every model of theirs, with the name and the base address that it is asked by."""
    for name in runtime.upstreams:
        upstream = rig.runtimes.services[name]
        for model in upstream.models:
            yield model, served_as(rig, upstream, model), base_url(rig, name)
