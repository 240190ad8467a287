"""Every key says what it means, and errors have words for every type."""

from __future__ import annotations

import pytest

from rigwright.catalog import catalog
from rigwright.spec.origin import Path, dotted
from rigwright.spec.schema import json_schema
from rigwright.spec.shape import Shape, declaration
from rigwright.spec.words import expected

KEYS = [(path, shape) for path, shape in declaration().walk() if path]


@pytest.mark.parametrize(("path", "shape"), KEYS, ids=[dotted(path) for path, _ in KEYS])
def test_every_key_has_words(path: Path, shape: Shape) -> None:
    words = expected(shape)
    assert words
    assert not [sign for sign in ("^", "\\", "[a-z", "class", "typing") if sign in words]
    if shape.info is not None:
        assert shape.info.description


def test_the_schema_describes_a_hosts_data() -> None:
    schema = json_schema()
    assert "name" not in schema["properties"]
    assert {"driver", "ssh_user", "_sudo"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Driver"]["properties"]["branch"]["description"].startswith("driver branch, e.g. 580")
    version = schema["$defs"]["Toolkit"]["properties"]["version"]
    assert version["default"] == catalog().containers.toolkit.recommended, "a default that is looked up is said, too"
    references = {value for value in _references(schema) if value.removeprefix("#/$defs/") not in schema["$defs"]}
    assert references == set()


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in _references(value)]
    return [found for value in node for found in _references(value)] if isinstance(node, list) else []
