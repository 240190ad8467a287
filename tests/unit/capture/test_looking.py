"""What is asked of a host, and in how many round trips."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.capture import seen
from rigwright.engine.together import Wish
from rigwright.facts.accounts import Accounts
from rigwright.facts.chosen_packages import ChosenPackages, ChosenState
from rigwright.facts.disks import Disks
from rigwright.facts.driver import Offers
from rigwright.facts.files import Contents, Files
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.people import People, Person
from rigwright.facts.release import Release, ReleaseState
from rigwright.facts.settings import Settings
from rigwright.facts.sources import SourceFile, Sources, SourcesState
from rigwright.facts.swap import Swap, SwapState
from rigwright.facts.units import Units
from tests.unit.capture.hosts import settings
from tests.unit.operations.releases import release

SOURCE = "deb [signed-by=/usr/share/keyrings/x.gpg] https://x.example trixie main\n"


class Told:
    """Answers every fact, with nothing where nothing else is said; remembers what it was asked for."""

    def __init__(self, system: ReleaseState) -> None:
        self.trips: list[list[Wish]] = []
        self.known: dict[Any, Any] = {
            Release: system,
            Settings: settings(),
            ChosenPackages: ChosenState(("tree",)),
            People: [Person("anna", 1000, "anna", password=False, rights="none")],
            Sources: SourcesState({"/etc/apt/sources.list": SourceFile(SOURCE, "644")}),
            Units: {},
            Swap: SwapState((), "UUID=1 /data ext4 defaults 0 0", None, False, ()),
        }

    def __call__(self, host: Any, wishes: list[Wish]) -> list[Any]:
        self.trips.append(wishes)
        return [self._of(fact, arguments) for fact, arguments in wishes]

    def _of(self, fact: Any, arguments: dict[str, Any]) -> Any:
        if fact in (Contents, Files):
            return dict.fromkeys(arguments["paths"])
        return self.known[fact] if fact in self.known else fact().process([])


def test_two_round_trips_and_the_second_by_the_names_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(release("trixie"))
    monkeypatch.setattr(seen, "together", told)
    found = seen.look(None)  # type: ignore[arg-type]  # nobody looks at the host itself
    assert (found.release.codename, found.daemon_json, found.cuda_profile) == ("trixie", None, False)
    first, second = told.trips
    assert len(first) > 25
    assert dict(second) == {
        Accounts: {"users": ["anna"], "shells": []},
        Offers: {"names": ["docker-ce", "nvidia-container-toolkit", "tree"]},
        Disks: {"targets": ["/data"], "serials": []},
        Keyrings: {"paths": ["/usr/share/keyrings/x.gpg"]},
    }


def test_an_unknown_release_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(replace(release("trixie"), id="fedora", codename="", version_id="44"))
    monkeypatch.setattr(seen, "together", told)
    with pytest.raises(seen.UnknownRelease, match=r"it runs fedora 44 \(no codename\); known are bookworm, trixie"):
        seen.look(None)  # type: ignore[arg-type]
    assert len(told.trips) == 1
