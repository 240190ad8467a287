"""The proof as data."""

from __future__ import annotations

from rigwright.engine.proof import Proof, _take


def test_what_is_to_be_said_of_the_way_in_is_said_to_programs_too() -> None:
    proof = Proof("bench")
    _take(proof, {"event": "host", "host": "bench", "reachable": True, "error": None, "remark": None})
    assert "remark" not in proof.as_dict()
    _take(proof, {"event": "host", "host": "bench", "reachable": True, "error": None, "remark": "answers on port 2222"})
    assert proof.as_dict()["remark"] == "answers on port 2222"
