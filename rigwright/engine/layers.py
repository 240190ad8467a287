"""Which layers a run deals with: all of them, or those that were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rigwright.spec.rig import LAYERS

if TYPE_CHECKING:
    from pyinfra.api.host import Host

KEY = "layers"
"""The data key: ``pyinfra inventory deploy.py --data layers=driver,cuda``, which is what ``rig --layer`` sets."""


class UnknownLayer(ValueError):
    """There is no layer of this name."""


def layers_of(host: Host) -> tuple[str, ...]:
    """The layers that deploy.py applies to this host, in their order. Raises `UnknownLayer`."""
    asked = host.data.get(KEY)
    return LAYERS if asked is None else named(asked)


def named(asked: str | Iterable[str]) -> tuple[str, ...]:
    """The layers of these names (``"driver,cuda"``, or several such), in their order. Raises `UnknownLayer`."""
    texts = [asked] if isinstance(asked, str) else list(asked)
    names = [name.strip() for text in texts for name in text.split(",")]
    for name in names:
        if name not in LAYERS:
            near = get_close_matches(name, LAYERS, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise UnknownLayer(f"no layer {name!r}{hint} There are: {', '.join(LAYERS)}")
    return tuple(layer for layer in LAYERS if layer in names)
