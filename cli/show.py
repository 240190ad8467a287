"""`rig show`: a host's declaration, whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli import exit_codes
from cli.declared import Unsound, hosts_and_overrides, load, print_soundness
from rigwright.spec.load import Declarations

_VALUE_COLUMNS = 48
"""Values longer than this push what follows them aside, so that one SSH key does not move every line's origin."""


@click.command("show")
@hosts_and_overrides
@click.option("--origin", is_flag=True, help="Say where each value was set.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(
    hosts: tuple[str, ...], profiles: tuple[str, ...], overrides: tuple[str, ...], origin: bool, as_json: bool
) -> int:
    """Print the whole declaration of HOSTS (default: all): profiles, group data and defaults merged.

    What was set stands out; what is a default is dim.

    Exit status 0; 1: it has faults, which --json prints as `rig check --json` does.
    """
    try:
        declarations = load(hosts, profiles, overrides)
    except Unsound as error:
        if not as_json:
            raise
        print_soundness([], error.faults)
        return exit_codes.FAILED
    if as_json:
        data = {name: _plain(declarations, name, with_origins=origin) for name in declarations.rigs}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return exit_codes.HOLDS
    for number, name in enumerate(declarations.rigs):
        _print(declarations, name, origin, first=number == 0)
    return exit_codes.HOLDS


def _values(declarations: Declarations, name: str) -> dict[str, Any]:
    rig = declarations.rigs[name].model_dump(mode="json", exclude={"name"})
    return {**declarations.connections[name].model_dump(mode="json", by_alias=True), **rig}


def _plain(declarations: Declarations, name: str, *, with_origins: bool) -> dict[str, Any]:
    values = _values(declarations, name)
    if not with_origins:
        return values
    origins = declarations.origins[name]
    paths = {".".join(path) for path, value in _rows(values) if not _holds_more(value)}
    return {"values": values, "origins": {path: origins[path].text for path in sorted(paths)}}


def _print(declarations: Declarations, name: str, with_origin: bool, *, first: bool) -> None:
    from rich.text import Text  # noqa: PLC0415  # rich is not imported for JSON

    from cli import console  # noqa: PLC0415

    origins = declarations.origins[name]
    rows = list(_rows(_values(declarations, name)))
    keys = ["  " * len(path) + path[-1] for path, _ in rows]
    values = ["" if _holds_more(value) else _written(value) for _, value in rows]
    key_width = max(map(len, keys))
    value_width = min(max(map(len, values)), _VALUE_COLUMNS)
    if not first:
        console.out().print()
    console.out().print(Text(name, "bold"))
    for (path, whole), key, value in zip(rows, keys, values, strict=True):
        origin = origins[".".join(path)]
        holds_more, default = _holds_more(whole), origin.kind == "default"
        line = Text(f"{key:<{key_width}}", "bold" if holds_more else "dim" if default else "")
        if not holds_more:
            line.append("  ").append(f"{value:<{value_width}}" if with_origin else value, "dim" if default else "")
            if with_origin:
                line.append("  ").append(origin.text, "dim" if default else "cyan")
        line.rstrip()
        console.out().print(line, soft_wrap=True)


def _rows(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key, one that holds others before them. A list of plain values is one row."""
    entries = values.items() if isinstance(values, Mapping) else enumerate(values)
    for name, value in entries:
        where = (*path, str(name))
        yield where, value
        if _holds_more(value):
            yield from _rows(value, where)


def _holds_more(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _written(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            items = (f"[{_written(item)}]" if isinstance(item, list) else _written(item) for item in value)
            return ", ".join(items) or "none"
        case dict():
            return "none"
    return str(value)
