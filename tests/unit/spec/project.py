"""Projects made for a test."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

HEAD = 'home = [\n    (\n        "basement",\n        {\n'
TAIL = "\n        },\n    ),\n]\n"
FIRST_LINE = 5
"""Of a host's data in inventory/home.py, as `host` writes it."""


def project(folder: Path, files: dict[str, str]) -> Path:
    """Write files, by path, into an empty project."""
    for name in ("inventory", "group_data", "profiles"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "deploy.py").touch()
    for path, text in files.items():
        (folder / path).write_text(dedent(text), encoding="utf-8")
    return folder


def host(body: str) -> dict[str, str]:
    """The inventory file of one host, `basement`, whose data begins at line 5."""
    home = HEAD + indent(body, " " * 12) + TAIL
    return {"inventory/home.py": home, "profiles/inference.py": '"""For inference."""\n'}
