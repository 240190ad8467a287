"""Layers `runtimes`, `gateway`, `backup`: what serves here. It is named and not declared: a second one beside the
first would have neither its port nor its cards."""

from __future__ import annotations

from rigwright.capture.part import Part
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.facts.served import RunningContainer
from rigwright.spec.words import looks_secret

LAYER = "runtimes"


def captured(seen: Seen) -> Part:
    """Notes alone."""
    part = Part()
    if seen.own_runtimes:
        part.say(LAYER, "ours", f"Runtimes of an earlier apply ({', '.join(sorted(seen.own_runtimes))}): their "
                 "declaration stands in the inventory that they came from", "Copy it from there: an apply without it "
                 "removes them")  # fmt: skip
    for container in seen.served.containers:
        if container.name.removeprefix("rig-") not in seen.own_runtimes:
            _container(container, part)
    if seen.served.ollama and "ollama" not in seen.own_runtimes:
        part.say(LAYER, "ollama", "Ollama runs as a service of its own installer",
                 "To have it from Rigwright, stop and disable ollama.service, and declare runtimes.services.ollama = "
                 "{'kind': 'ollama', 'models': …}")  # fmt: skip
    if seen.enabled("rigwright-gateway.service"):
        part.say("gateway", "ours", "The gateway is of an earlier apply: its routes and clients stand in the inventory "
                 "that it came from")  # fmt: skip
    if seen.enabled("rigwright-backup.timer"):
        part.say("backup", "ours", "Backups are made by an earlier apply: where they go, and the password, are in the "
                 "inventory that they came from")  # fmt: skip
    return part


def _container(container: RunningContainer, part: Part) -> None:
    image = container.image if not looks_secret("image", container.image) else "(not shown)"
    repository = image.partition("@")[0].rpartition(":")[0] or image
    kinds = {name: kind.image.rpartition(":")[0] for name, kind in catalog().runtimes.items() if kind.image is not None}
    kind = next((name for name, own in kinds.items() if own.endswith(repository) or repository.endswith(own)), None)
    project = f" of compose project {container.project} ({container.files})" if container.project else ""
    ports = f", ports {container.ports}" if container.ports else ""
    advice = (
        f"It is kind {kind!r}: to have it from Rigwright, stop it there and declare it in runtimes.services"
        if kind
        else "Any image can be declared in runtimes.services with kind 'custom', once it is stopped there"
    )
    part.say(LAYER, "container", f"{container.engine} runs {container.name}{project}, image {image}{ports}", advice)
