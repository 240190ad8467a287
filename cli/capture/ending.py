"""What was captured, told to people or as a document, and the exit status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli import exit_codes
from cli.capture.reaching import WayIn
from cli.declared import Unsound
from rigwright.capture import judge, whole, write
from rigwright.capture.part import Part
from rigwright.capture.seen import Seen
from rigwright.spec.faults import DeclarationError, Fault
from rigwright.spec.files import Project
from rigwright.spec.origin import dotted


@dataclass(frozen=True)
class Captured:
    """The file's text, what it declares, and what is wrong with it still."""

    host: str
    name: str
    text: str
    entry: dict[str, Any]
    part: Part
    faults: list[Fault]

    @classmethod
    def of(cls, seen: Seen, way: WayIn, project: Project | None, output: Path | None, today: date) -> Captured:
        """From what was seen. Raises Unsound where the project's own group data are."""
        part = whole.captured(seen, way.name)
        everybodys = None
        if project is not None and "all" in project.group_data:
            everybodys = project.layer("group", project.group_data["all"])
        try:
            there = whole.standard(way.name, everybodys)
        except DeclarationError as error:
            raise Unsound(error) from error
        entry = {**way.entry, **whole.without_standard(part.values, there)}
        taken = [] if project is None else list(project.inventory.groups)
        title = f"{way.name}, as `rig capture {way.host}` found it on {today.isoformat()}."
        if project is not None and way.name in project.inventory.hosts:
            part.say(
                "inventory", "twice", f"{way.name} is in the inventory already: two entries of one name are a fault",
                "Take from this one what you want, or capture it again with --name",
            )  # fmt: skip
        text = write.inventory(way.name, write.group_name(way.name, taken), entry, part, title)
        label = str(output) if output is not None else "captured file"
        return cls(way.host, way.name, text, entry, part, judge.faults_of(text, way.name, label, project))

    @property
    def errors(self) -> list[Fault]:
        """What `rig check` will not let pass."""
        return [fault for fault in self.faults if fault.severity == "error"]

    @property
    def status(self) -> int:
        """Whether something is left to fill in or to decide."""
        return exit_codes.PENDING if self.errors else exit_codes.HOLDS


def ended(captured: Captured, output: Path | None, as_json: bool) -> int:
    """Print it."""
    if as_json:
        click.echo(json.dumps(_document(captured, output), indent=2))
        return captured.status
    if output is None:
        click.echo(captured.text, nl=False)
    where = f"written to {output}" if output is not None else "printed"
    click.echo(f"{captured.host}: captured as {captured.name}, {where}", err=True)
    for fault in captured.errors:
        click.echo(f"  to fill in or to decide: {_told(fault)}", err=True)
    for secret in captured.part.secrets:
        click.echo(f"  to supply before an apply: {secret}", err=True)
    count = len(captured.part.notes)
    if count:
        click.echo(
            f"  {count} thing{'s' if count > 1 else ''} that it does not say: see the comments at its head", err=True
        )
    click.echo(f"  next: {_next(captured, output)}", err=True)
    return captured.status


def _told(fault: Fault) -> str:
    line = f" [{fault.origin}]" if fault.origin else ""
    return f"{fault.key}{line}: expected {fault.expected}"


def _next(captured: Captured, output: Path | None) -> str:
    if output is None:
        return f"put it into a file of inventory/, then rig check {captured.name}"
    checked = "rig check" if captured.errors else "rig plan"
    return f"{checked} {captured.name}"


def _document(captured: Captured, output: Path | None) -> dict[str, Any]:
    return {
        "command": "capture",
        "exit_status": captured.status,
        "host": captured.host,
        "error": None,
        "name": captured.name,
        "file": str(output) if output is not None else None,
        "text": captured.text,
        "declaration": captured.entry,
        "fill_in": [{"key": dotted(path), "what": what} for path, what in write.gaps(captured.entry)],
        "supply": captured.part.secrets,
        "not_said": [note.as_dict() for note in captured.part.notes],
        "faults": [fault.as_dict() for fault in captured.faults],
    }
