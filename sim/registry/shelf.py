"""Images on the shelf of a repository server, and a host that is sent there by the registries' own names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sim.host.reachable import Reachable
from sim.registry import certificates
from sim.registry.image import Image, image
from sim.registry.server import INDEX, OTHER_NAMES

FOLDER = "registry"


def publish(folder: Path, names: Sequence[str]) -> list[Image]:
    """Have these images served from the server's ``folder``."""
    images = [image(name) for name in names]
    registry = folder / FOLDER
    registry.mkdir(parents=True, exist_ok=True)
    index: dict[str, dict[str, object]] = {}
    for each in images:
        entry = index.setdefault(each.repository, {"folder": str(each.folder), "tags": {}})
        assert isinstance(entry["tags"], dict)
        entry["tags"][each.tag] = each.digest
    (registry / INDEX).write_text(json.dumps(index))
    certificates.make(registry, names_of(images))
    return images


def names_of(images: Sequence[Image]) -> list[str]:
    """The names of their registries, and those under which some of these answer."""
    named = {each.name.partition("/")[0] for each in images}
    return sorted(named | {OTHER_NAMES[name] for name in named & set(OTHER_NAMES)})


def send_there(host: Reachable, folder: Path, address: str, images: Sequence[Image]) -> None:
    """Let a host know the registries' names by this address, and trust the certificate there."""
    ca = (folder / FOLDER / certificates.CA).read_text()
    # For its own registry Docker looks into no folder of certificates: the whole host trusts it.
    trusted = "/usr/local/share/ca-certificates/stand-in-registries.crt"
    host.run(f"cat > {trusted} && update-ca-certificates >/dev/null 2>&1", input=ca)
    for name in names_of(images):
        lines = [f"grep -q ' {name}$' /etc/hosts || echo '{address} {name}' >> /etc/hosts"]
        for place in ("/etc/docker/certs.d", "/etc/containers/certs.d"):
            lines += [f"mkdir -p {place}/{name}", f"cp /dev/shm/registry-ca.crt {place}/{name}/ca.crt"]
        host.run("cat > /dev/shm/registry-ca.crt; " + "; ".join(lines), input=ca)
