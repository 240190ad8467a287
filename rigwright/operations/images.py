"""Images, by digest: what a tag means today is the lock's business, not the host's."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from typing import Literal

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.images import Images


@operation()
def pulled(engine: Literal["docker", "podman"], images: Sequence[str]) -> Generator[str, None, None]:
    """Have images (``registry/name@sha256:…``); what is there already is not asked for again."""
    there = host.get_fact(Images, engine=engine)
    missing = [image for image in dict.fromkeys(images) if _short(image) not in {_short(name) for name in there}]
    if not missing:
        host.noop("all images are there")
        return
    because("; ".join(f"{image}: not on the host" for image in missing))
    for image in missing:
        yield f"{engine} pull --quiet {shlex.quote(image)}"


def _short(image: str) -> str:
    """As Docker writes it down: without the name of its own registry."""
    for prefix in ("docker.io/library/", "docker.io/"):
        if image.startswith(prefix):
            return image.removeprefix(prefix)
    return image
