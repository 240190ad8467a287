"""Python packages of images: which are left out, and for which Python pip is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim import programs
from sim.registry import python

RESOLVED = ("open-webui 0.12.0", "torch 2.9.0", "nvidia-nccl-cu13 2.30", "Triton 3.8.0", "Jinja2 3.1.6")


def test_what_is_left_out_is_never_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> str:
        asked.append(argv)
        if "--report" in argv:
            pairs = [dict(zip(("name", "version"), each.split(), strict=True)) for each in RESOLVED]
            report = {"install": [{"metadata": each} for each in pairs]}
            Path(argv[argv.index("--report") + 1]).write_text(json.dumps(report))
        return ""

    monkeypatch.setattr(programs, "run", run)
    python.install(tmp_path, python.Wanted(("open-webui==0.12.0",), ("torch", "triton", "nvidia-*")), "bookworm")
    resolve, install = asked
    assert "3.11.2" in resolve and "--dry-run" in resolve and resolve[-1] == "open-webui==0.12.0"
    assert install[-4:] == ["--no-deps", "--no-compile", "open-webui==0.12.0", "Jinja2==3.1.6"]


def test_debians_python_finds_them() -> None:
    assert python.place("bookworm") == "/usr/local/lib/python3.11/dist-packages"
