"""Takes a JSON document apart, and notes down everything that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

_MISSING = object()


class Reader:
    """One mapping of the document; those inside it share its list of faults."""

    def __init__(self, raw: Any, path: str = "", faults: list[str] | None = None) -> None:
        self.faults: list[str] = [] if faults is None else faults
        self._path = path
        self._known: set[str] = set()
        self._below: list[Reader] = []
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.fault("", raw, "a mapping")

    def fault(self, key: str, value: object, expected: str) -> None:
        """Note that a key does not hold what it should."""
        path = ".".join(part for part in (self._path, key) if part) or "the document"
        self.faults.append(f"{path} = {value!r}: expected {expected}")

    def all_below(self) -> Iterator[Reader]:
        """Every mapping inside this one."""
        for each in self._below:
            yield each
            yield from each.all_below()

    def refuse_unknown(self) -> None:
        """Note keys that nobody asked for."""
        for key in self.raw:
            if key not in self._known:
                self.fault(key, self.raw[key], f"no such key; the keys here are: {', '.join(sorted(self._known))}")

    def _take(self, key: str, default: Any) -> Any:
        self._known.add(key)
        value = self.raw.get(key, _MISSING)
        if value is _MISSING:
            if default is _MISSING:
                self.fault(key, None, "a value: the key is missing")
                return None
            return default
        return value

    def number(
        self, key: str, default: Any = _MISSING, *, least: float, most: float | None = None, whole: bool = False
    ) -> float | None:
        """A number in its bounds; None where there is none, or none that can be used."""
        value = self._take(key, default)
        if value is None:
            return None
        bounds = f"at least {least:g}" if most is None else f"{least:g} to {most:g}"
        kinds = (int,) if whole else (int, float)
        good = isinstance(value, kinds) and not isinstance(value, bool)
        if not good or not least <= value <= (most if most is not None else value):
            self.fault(key, value, f"a {'whole ' if whole else ''}number, {bounds}")
            return None
        return float(value)

    def text(self, key: str, default: Any = _MISSING) -> str | None:
        """A text that is not empty."""
        value = self._take(key, default)
        if value is None or (isinstance(value, str) and value):
            return value
        self.fault(key, value, "a text")
        return None

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, value, "true or false")
        return default

    def words(self, key: str) -> tuple[str, ...] | None:
        """A command: a list of texts, the first of them a path from the root on."""
        value = self._take(key, None)
        if value is None:
            return None
        good = isinstance(value, list) and value and all(isinstance(word, str) for word in value)
        if good and value[0].startswith("/"):
            return tuple(value)
        self.fault(key, value, "a command as a list of words, the first of them the program's whole path")
        return None

    def span(self, key: str) -> tuple[int, int] | None:
        """Least and most, whole numbers over 0."""
        value = self._take(key, None)
        if value is None:
            return None
        good = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
        if good and 0 <= value[0] <= value[1] and value[1] > 0:
            return value[0], value[1]
        self.fault(key, value, "[least, most] in MHz, the one not above the other")
        return None

    def curve(self, key: str, *, required: bool = False) -> tuple[tuple[float, float], ...] | None:
        """Points of a curve that rises: [°C, per cent] each, two at least."""
        value = self._take(key, _MISSING if required else None)
        if value is None:
            return None
        try:
            points = tuple((float(celsius), float(percent)) for celsius, percent in value)
        except (TypeError, ValueError):
            points = ()
        rises = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(points))
        in_range = all(0 <= celsius <= 120 and 0 <= percent <= 100 for celsius, percent in points)
        if len(points) >= 2 and rises and in_range:
            return points
        self.fault(key, value, "two or more points [°C, per cent], each warmer than the one before and no slower")
        return None

    def loopback(self, key: str) -> tuple[str, int] | None:
        """An address of this machine alone, and a port: 127.0.0.1:9452."""
        value = self._take(key, None)
        if value is None:
            return None
        import ipaddress  # noqa: PLC0415  # only where there is an address to look at

        address, _, port = str(value).rpartition(":")
        try:
            good = ipaddress.ip_address(address.strip("[]")).is_loopback and 0 < int(port) < 65536
        except ValueError:
            good = False
        if good:
            return address.strip("[]"), int(port)
        self.fault(key, value, "a loopback address and a port, such as 127.0.0.1:9452")
        return None

    def table(self, key: str) -> Reader | None:
        """The mapping under a key; None where there is none."""
        value = self._take(key, None)
        return None if value is None else self._inside(value, key)

    def tables(self, key: str) -> dict[str, Reader]:
        """The mappings under a mapping's keys."""
        outer = self.table(key)
        if outer is None:
            return {}
        return {name: outer._inside(outer._take(name, {}), name) for name in list(outer.raw)}

    def list(self, key: str) -> list[Reader]:
        """The mappings of a list."""
        value = self._take(key, _MISSING)
        if not isinstance(value, list):
            if value is not None:
                self.fault(key, value, "a list")
            return []
        return [self._inside(each, f"{key}.{number}") for number, each in enumerate(value)]

    def _inside(self, value: Any, key: str) -> Reader:
        inside = Reader(value, ".".join(part for part in (self._path, key) if part), self.faults)
        self._below.append(inside)
        return inside
