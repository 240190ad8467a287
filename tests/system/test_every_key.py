"""Every value is proved: change one in the declaration without applying it, and the proof falls short because of it."""

from __future__ import annotations

import pytest

from sim.host.throwaway import ThrowawayHost
from tests.system.other_values import HASH_VARIABLE, OTHER, UNTOLD, Other
from tests.system.outcome import changes
from tests.system.site import Site

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.mark.parametrize("other", OTHER, ids=lambda each: each.key)
def test_a_changed_key_falls_short(
    declared_host: tuple[ThrowawayHost, Site], other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HASH_VARIABLE, "$6$throwaway$" + "x" * 86)
    proof = declared_host[1].document("verify", *(part for each in other.assignments for part in ("--set", each)))
    short = [each for each in proof["hosts"][0]["answers"] if each["answer"] == "falls short"]
    assert proof["exit_status"] == 1, changes(proof)
    assert any(other.key in each["keys"] for each in short), changes(proof)


@pytest.mark.parametrize("other", UNTOLD, ids=lambda each: each.key)
def test_what_a_throw_away_host_cannot_show_is_not_called_proved(
    declared_host: tuple[ThrowawayHost, Site], other: Other
) -> None:
    proof = declared_host[1].document("verify", *(part for each in other.assignments for part in ("--set", each)))
    about = [each for each in proof["hosts"][0]["answers"] if other.key in each["keys"]]
    assert about and all(each["answer"] != "holds" for each in about), changes(proof)
