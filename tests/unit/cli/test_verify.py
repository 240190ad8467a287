"""`rig verify`: which answers make which exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from rigwright.engine import proof
from rigwright.engine.proof import Answer, Proof, Verdict


def proved(host: str, *verdicts: Verdict, **more: Any) -> Proof:
    answers = [Answer("base", "test_x", "x", (), verdict, None, 0.0) for verdict in verdicts]
    return Proof(host, answers, len(answers), **more)


HOLDS = proved("holds", Verdict.HOLDS)
UNTOLD = proved("untold", Verdict.HOLDS, Verdict.COULD_NOT_TELL)
SHORT = proved("short", Verdict.FALLS_SHORT, Verdict.COULD_NOT_TELL)
UNREACHED = proved("unreached", error="nobody listens", reached=False)
BROKEN = proved("broken", Verdict.HOLDS, error="only 1 of 2 answers came")


@pytest.mark.parametrize(
    ("proofs", "status", "strict"),
    [
        pytest.param([HOLDS], 0, 0, id="all holds"),
        pytest.param([HOLDS, UNTOLD], 0, 3, id="something could not be told"),
        pytest.param([UNTOLD, SHORT], 1, 1, id="something falls short"),
        pytest.param([HOLDS, UNREACHED], 3, 3, id="a host was not reached"),
        pytest.param([SHORT, UNREACHED], 1, 1, id="falling short comes before not reached"),
        pytest.param([UNTOLD, BROKEN], 1, 1, id="answers are missing"),
    ],
)
def test_exit_status(
    proofs: list[Proof],
    status: int,
    strict: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/home.py").write_text('home = [("basement", {"driver": {"branch": 580}})]\n')
    (tmp_path / "deploy.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(proof, "prove", lambda *arguments, **options: proofs)
    assert run(["verify"]) == status
    assert run(["verify", "--strict"]) == strict
    capsys.readouterr()
    assert run(["verify", "--strict", "--json"]) == strict
    assert json.loads(capsys.readouterr().out)["exit_status"] == strict
