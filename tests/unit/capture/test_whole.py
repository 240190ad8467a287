"""A whole capture: what is left out, what is refused, the file that it comes to, and what `rig check` says of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from rigwright.capture import judge, whole, write
from rigwright.capture.part import FILL_IN, Part, together
from rigwright.capture.seen import Seen, key_of, mount_points
from rigwright.facts.card_limits import CardLimit
from rigwright.facts.people import Person
from rigwright.facts.sources import SourceFile, SourcesState
from rigwright.spec.merge import Layer
from rigwright.spec.position import Position
from rigwright.spec.source import read
from tests.unit.capture.hosts import KEY, UUID, account, card, hand, said, seen, settings, smi, sshd


def attic(**more: Any) -> Seen:
    """A host without cards, of which enough is known to be declared."""
    given: dict[str, Any] = {
        "settings": settings(),
        "sshd": sshd(),
        "people": [Person("anna", 1000, "anna", password=False, rights="nopasswd")],
        "accounts": {"anna": account(groups=frozenset({"anna", "video"}))},
    }
    return seen(**{**given, **more})


def declared(host: Seen, group_data: dict[str, Any] | None = None) -> tuple[dict[str, Any], Part]:
    part = whole.captured(host, "attic")
    layer = Layer("group", "group_data/all.py", group_data, Position(1)) if group_data else None
    return whole.without_standard(part.values, whole.standard("attic", layer)), part


def text_of(host: Seen, name: str = "attic") -> str:
    entry, part = declared(host)
    return write.inventory(name, "captured", entry, part, "attic, as found")


def test_a_host_without_cards_is_sound_as_it_stands() -> None:
    entry, _ = declared(attic())
    assert entry["access"]["users"] == {"anna": {"keys": [KEY], "groups": ["video"]}}
    assert entry["driver"] == {"state": "absent"} and entry["containers"] == {"state": "absent"}
    assert list(entry) == ["base", "access", "driver", "containers", "rigd"], "in the order of the declaration"
    assert judge.faults_of(text_of(attic()), "attic", "attic.py", None) == []


def test_defaults_are_not_written_but_those_that_a_reader_looks_for() -> None:
    entry, _ = declared(attic())
    assert "ssh" not in entry["access"] and "tuning" not in entry
    assert entry["base"]["timezone"] == "Europe/Vienna"
    utc, _ = declared(attic(settings=settings(localtime="", locale_lines=())))
    assert (utc["base"]["timezone"], utc["base"]["locale"]) == ("Etc/UTC", "C.UTF-8")


def test_what_the_project_gives_to_every_host_counts_as_given() -> None:
    given = {"access": {"firewall": {"state": "absent"}, "ssh": {"max_auth_tries": 6}}, "base": {"smartd": False}}
    entry, _ = declared(attic(), given)
    assert entry["access"]["ssh"] == {"max_auth_tries": 4}, "another one is given: it has to be said"
    assert "firewall" not in entry["access"] and "smartd" not in entry["base"]


def test_what_the_types_refuse_is_said_and_left_out() -> None:
    host = attic(hand=hand(texts={"/etc/modprobe.d/x.conf": "options bad.module x=1\noptions good y=1\n"}))
    entry, part = declared(host)
    assert entry["tuning"]["module_options"] == {"good": {"y": 1}}
    assert said(part)[-1] == "tuning.unfit" and "bad.module" in part.notes[-1].what


def test_nothing_that_looks_like_a_secret_gets_in() -> None:
    secret = "https://me:hunter2@x.example/"
    host = attic(hand=hand(texts={"/etc/modprobe.d/x.conf": f"options good url={secret} y=1\n"}))
    entry, part = declared(host)
    assert entry["tuning"]["module_options"] == {"good": {"y": 1}}
    assert "hunter2" not in text_of(host) and "hunter2" not in str(part.notes)
    assert said(part)[-1] == "tuning.unfit"


def test_what_is_to_be_filled_in_is_named_by_its_line() -> None:
    host = attic(gpus=[card()], cards=[smi()], limits=[CardLimit(UUID, 280.0, 350.0)])
    text = text_of(host)
    faults = [fault for fault in judge.faults_of(text, "attic", "attic.py", None) if fault.severity == "error"]
    assert [fault.key for fault in faults] == ["hardware.gpus.0.cables", "hardware.psus.main.rated_w"]
    for fault in faults:
        assert fault.origin is not None and fault.origin.file == "attic.py"
        assert FILL_IN in text.splitlines()[(fault.origin.line or 0) - 1]
    filled = text.replace(
        next(line for line in text.splitlines() if '"cables"' in line), '"cables": ["8-pin", "8-pin"],'
    )
    filled = filled.replace(next(line for line in text.splitlines() if '"rated_w"' in line), '"rated_w": 1300,')
    assert [fault.id for fault in judge.faults_of(filled, "attic", "attic.py", None)] == ["rigd.unkept"], "a warning"


def test_the_file_is_as_people_write_it_and_reads_back_as_what_it_was(tmp_path: Path) -> None:
    host = attic(
        gpus=[card(), card("0000:04:00.0")], hand=hand(crontabs={"anna": 2}, smi=("nvidia-smi -lgc 210,1695",))
    )
    text = text_of(host)
    path = tmp_path / "attic.py"
    path.write_text(text)
    command = [sys.executable, "-m", "ruff", "format", "--diff", "--line-length", "120", "--isolated", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ((name, entry),) = read(path, tmp_path).values["captured"]
    assert (name, entry) == ("attic", declared(host)[0])
    assert max(len(line) for line in text.splitlines() if KEY not in line) <= 120
    assert "# What the host has and this file does not say:" in text and "anna's crontab has 2 lines" in text


def test_texts_of_every_kind_are_written_so_that_they_read_back(tmp_path: Path) -> None:
    entry = {
        "strange": {'a "quoted" text': "it's \"both\"", "back\\slash": "tab\there", "umlaut": "Küche"},
        "list": [{"deep": {"er": [1, [2, 3]]}}, "text " * 40, {}],
        "empty": {}, "none": None, "no": False,
    }  # fmt: skip
    part = Part(comments={("strange", "umlaut"): 'ends """ here\nand goes on'})
    part.say("layer", "id", 'a "note"\nof two lines with \\ in it')
    path = tmp_path / "x.py"
    path.write_text(write.inventory("x", "captured", entry, part, 'a """ title \\'))
    assert read(path, tmp_path).values["captured"] == [("x", entry)]


def test_groups_have_names_of_their_own() -> None:
    assert write.group_name("attic", ["home"]) == "captured"
    assert write.group_name("attic-1.example", ["captured"]) == "captured_attic_1_example"
    assert write.group_name("attic", ["captured", "captured_attic"]) == "captured_attic_2"


def test_parts_are_merged_key_by_key() -> None:
    one, other = Part({"base": {"a": 1, "b": 1}}), Part({"base": {"b": 2}}, secrets=["s"])
    assert together([one, other]).values == {"base": {"a": 1, "b": 2}} and together([one, other]).secrets == ["s"]


def test_what_the_second_round_trip_asks_for() -> None:
    assert mount_points("# /x\nUUID=1 /data ext4 defaults 0 0\nUUID=2 none swap sw 0 0\n\n") == ["/data"]
    text = "deb [signed-by=/a.gpg] https://one.example x main\ndeb [signed-by=/b.gpg] https://two.example x main\n"
    sources = SourcesState({"/etc/apt/sources.list": SourceFile(text, "644")})
    host = seen(sources=sources, keyrings={"/a.gpg": ["A"], "/b.gpg": ["B", "C"]})
    assert key_of(host, "https://one.example") == "A"
    assert key_of(host, "https://two.example") is None, "which of two keys is not known"
    assert key_of(host, "https://three.example") is None
