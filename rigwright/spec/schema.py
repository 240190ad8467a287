"""The JSON schema of what may be declared about a host."""

from __future__ import annotations

from typing import Any

from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a host's data: the Rig's keys, but its name, and the connection's beside them."""
    rig, connection = Rig.model_json_schema(), Connection.model_json_schema(by_alias=True)
    properties = {name: entry for name, entry in rig["properties"].items() if name != "name"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Host",
        "description": "What may be declared about one host: in the inventory, in group_data/ and in profiles/.",
        "type": "object",
        "properties": {**properties, **connection["properties"]},
        "additionalProperties": False,
        "$defs": {**rig.get("$defs", {}), **connection.get("$defs", {})},
    }
