"""`rig schema`: what a declaration may hold, for editors and programs."""

from __future__ import annotations

import json

import click

from rigwright.spec.schema import json_schema


@click.command("schema")
def command() -> None:
    """Print the JSON schema of what may be declared about a host, with each key's meaning."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
