"""The JSON schema of what may be declared about a host."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, NoDefault
from pydantic_core import core_schema

from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig


class _Generator(GenerateJsonSchema):
    """Pydantic's, but it says those defaults, too, that are made when they are asked for."""

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        default = super().get_default_value(schema)
        make = schema.get("default_factory")
        if default is not NoDefault or make is None or schema.get("default_factory_takes_data"):
            return default
        made = make()  # type: ignore[call-arg]
        return NoDefault if isinstance(made, BaseModel) else made  # a part's keys have defaults of their own


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a host's data: the Rig's keys, but its name, and the connection's beside them."""
    rig = Rig.model_json_schema(schema_generator=_Generator)
    connection = Connection.model_json_schema(by_alias=True, schema_generator=_Generator)
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
