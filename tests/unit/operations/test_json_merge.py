"""json_merge: ours in, others' untouched, taken back when no longer declared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rigwright.facts.files import Contents, Files
from rigwright.operations.json_merge import Ours, merge, merged
from tests.unit.operations.harness import Case, file, link, run

DEST, RECORD = "/etc/docker/daemon.json", "/var/lib/rigwright/daemon.json.ours"
LOG = {"log-opts": {"max-size": "50m", "max-file": "3"}}


def arguments(keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"dest": DEST, "keys": keys, "record": RECORD, **more}


def found(text: str | None, ours: Ours | None = None) -> dict[Any, Any]:
    texts = {DEST: text, RECORD: ours.text() if ours else None}
    return {Contents: texts, Files: {path: file(text) for path, text in texts.items() if text is not None}}


def documents(commands: tuple[str, ...]) -> list[Any]:
    """What the commands write, in order: parsed, with None for a removal."""
    return [json.loads(command.partition("\n<<<\n")[2]) if "<<<" in command else None for command in commands]


OURS_LOG = Ours({("log-opts", "max-size"): (), ("log-opts", "max-file"): ()})

CASES = [
    Case(
        "a new file, remembered as ours",
        merged,
        arguments({"debug": True}),
        found(None),
        has=[f'mv -fT "$new" {RECORD}', '"created": true', f'mv -fT "$new" {DEST}', '"debug": true'],
        why=[f"{DEST}: debug: missing"],
    ),
    Case("all there", merged, arguments(LOG), found(json.dumps(LOG), OURS_LOG)),
    Case(
        "all there in another order and layout",
        merged,
        arguments(LOG),
        found('{"log-opts":\n{"max-file": "3", "max-size": "50m"}, "debug": true}', OURS_LOG),
    ),
    Case(
        "values only where they may be shown",
        merged,
        arguments({**LOG, "proxies": {"http-proxy": "http://me:secret@proxy"}}, shown=("log-opts",)),
        found('{"log-opts": {"max-size": "10m", "max-file": "3"}}', OURS_LOG),
        has=["mv -fT"],
        why=[f'{DEST}: log-opts.max-size: "10m", wanted "50m"; proxies.http-proxy: missing'],
    ),
    Case(
        "checked before it takes its place",
        merged,
        arguments(LOG, validate="dockerd --validate --config-file {path}"),
        found("{}"),
        has=['dockerd --validate --config-file "$new" && sync "$new" && mv -fT "$new" /etc/docker/daemon.json'],
    ),
    Case("an empty file is an empty object", merged, arguments(LOG), found(" \n"), has=['"max-size": "50m"']),
    Case("a byte order mark is no fault", merged, arguments({"debug": True}), found('\ufeff{"a": 1}'), has=['"a": 1']),
    Case(
        "broken JSON",
        merged,
        arguments(LOG),
        found('{\n  "debug": true,\n  "a" 1\n}'),
        refuses=f"{DEST} is not valid JSON: line 3, column 7: Expecting ':' delimiter; nothing was changed",
    ),
    Case("no object", merged, arguments(LOG), found("[1]"), refuses="holds no JSON object"),
    Case(
        "something else where a mapping goes",
        merged,
        arguments(LOG),
        found('{"log-opts": "x"}'),
        refuses='log-opts is "x"',
    ),
    Case(
        "a broken record", merged, arguments(LOG), {**found("{}"), Contents: {DEST: "{}", RECORD: "[]"}}, refuses=RECORD
    ),
    Case(
        "the last of ours goes, and the file that we made",
        merged,
        arguments({}),
        found('{"debug": true}', Ours({("debug",): ()}, created=True)),
        commands=[f"rm -f -- {DEST}", f"rm -f -- {RECORD}"],
        why=[f"{DEST}: debug: no longer declared"],
    ),
    Case("nothing of ours, nothing wanted", merged, arguments({}), found('{"debug": true}')),
    Case(
        "a record left behind by an interruption",
        merged,
        arguments({}),
        found(None, OURS_LOG),
        commands=[f"rm -f -- {RECORD}"],
        why=[f"{DEST}: the record of our keys is out of date"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_merged(case: Case) -> None:
    case.check()


def test_others_keys_survive_and_ours_are_added() -> None:
    record, document = documents(
        run(merged, arguments(LOG), found('{"log-opts": {"tag": "x"}, "bip": "10.1.0.1/24"}')).commands
    )
    assert document == {"log-opts": {"tag": "x", "max-size": "50m", "max-file": "3"}, "bip": "10.1.0.1/24"}
    assert record == {
        "created": False,
        "keys": [{"path": ["log-opts", "max-file"]}, {"path": ["log-opts", "max-size"]}],
    }


def test_what_stood_there_before_comes_back() -> None:
    before = '{"log-driver": "local", "debug": true}'
    record, document = documents(run(merged, arguments({"log-driver": "json-file"}), found(before)).commands)
    ours = Ours.read(json.dumps(record))
    assert ours.was == {("log-driver",): ("local",)}
    restored = documents(run(merged, arguments({}), found(json.dumps(document), ours)).commands)
    assert restored == [{"log-driver": "local", "debug": True}, None]


def test_the_record_is_written_before_the_keys_and_trimmed_after_them() -> None:
    ours = Ours({("debug",): ()})
    first, document, last = documents(
        run(merged, arguments({"bip": "10.1.0.1/24"}), found('{"debug": true}', ours)).commands
    )
    assert [entry["path"] for entry in first["keys"]] == [["bip"], ["debug"]]
    assert document == {"bip": "10.1.0.1/24"}
    assert [entry["path"] for entry in last["keys"]] == [["bip"]]


def test_interrupted_after_any_command_it_ends_the_same() -> None:
    keys = {"bip": "10.1.0.1/24", "log-opts": {"max-size": "50m"}}
    start = ('{"debug": true, "log-opts": {"max-size": "1m"}}', Ours({("debug",): (False,)}))
    for first_run in (1, 2, 3):
        text, ours = start
        for commands_run in (first_run, None):  # the interrupted run, and the one after it
            for command in run(merged, arguments(keys), found(text, ours)).commands[:commands_run]:
                written = command.partition("\n<<<\n")[2]
                if RECORD in command:
                    ours = Ours.read(written)
                else:
                    text = written
        assert json.loads(text) == {"debug": False, "log-opts": {"max-size": "50m"}, "bip": "10.1.0.1/24"}
        assert ours.was == {("bip",): (), ("log-opts", "max-size"): ("1m",)}


def test_a_list_is_replaced_whole() -> None:
    document, _ = merge({"registry-mirrors": ["http://a"]}, Ours({}), {"registry-mirrors": ["http://b"]})
    assert document == {"registry-mirrors": ["http://b"]}


def test_emptied_mappings_go_and_others_stay() -> None:
    ours = Ours({("features", "cdi"): (), ("a", "b", "c"): ()})
    document, now = merge({"features": {"cdi": True}, "a": {"b": {"c": 1}, "d": 2}}, ours, {})
    assert document == {"a": {"d": 2}}
    assert not now.was


def test_a_link_is_followed_and_not_replaced() -> None:
    facts = {
        Files: {DEST: link("../../srv/daemon.json"), "/srv/daemon.json": file("{}", mode="640", group="docker")},
        Contents: {"/srv/daemon.json": "{}"},
    }
    *_, command = run(merged, arguments({"debug": True}), facts).commands
    assert 'mv -fT "$new" /srv/daemon.json' in command
    assert "chown root:docker" in command
    assert "chmod 640" in command


# Options of what somebody else had chosen

_SYSLOG = {"log-driver": "syslog", "log-opts": {"syslog-address": "udp://10.0.0.1:514"}, "debug": True}
_FILES = {"log-driver": "json-file", "log-opts": {"max-size": "50m"}}
_OPTIONS_OF = {"log-opts": "log-driver"}


def test_options_for_another_driver_are_replaced_whole_and_come_back_with_it() -> None:
    document, ours = merge(_SYSLOG, Ours({}), _FILES, _OPTIONS_OF)
    assert document == {**_FILES, "debug": True}, "Docker does not start with a driver and another's options"
    assert merge(document, ours, _FILES, _OPTIONS_OF) == (document, ours)
    more = {**_FILES, "log-opts": {"max-size": "9m"}}
    assert merge(document, ours, more, _OPTIONS_OF)[0] == {**more, "debug": True}
    assert merge(document, ours, {}, _OPTIONS_OF)[0] == _SYSLOG


def test_options_for_a_driver_that_was_chosen_after_us_are_replaced_too() -> None:
    document, ours = merge({}, Ours({}), _FILES, _OPTIONS_OF)
    again, ours = merge({**document, **_SYSLOG}, ours, _FILES, _OPTIONS_OF)
    assert again == {**_FILES, "debug": True}
    assert merge(again, ours, _FILES, _OPTIONS_OF) == (again, ours)


def test_further_options_for_the_same_driver_stay() -> None:
    for driver in ({}, {"log-driver": "json-file"}):
        document, _ = merge({**driver, "log-opts": {"labels": "x"}}, Ours({}), _FILES, _OPTIONS_OF)
        assert document == {**_FILES, "log-opts": {"labels": "x", "max-size": "50m"}}


def test_interrupted_while_options_are_replaced_it_ends_the_same() -> None:
    arguments_ = arguments(_FILES, options_of=_OPTIONS_OF)
    for commands_run in (1, 2, None):
        text, ours = json.dumps(_SYSLOG), Ours({})
        for number in (commands_run, None):
            for command in run(merged, arguments_, found(text, ours)).commands[:number]:
                written = command.partition("\n<<<\n")[2]
                text, ours = (text, Ours.read(written)) if RECORD in command else (written, ours)
        assert json.loads(text) == {**_FILES, "debug": True}
        assert merge(json.loads(text), ours, {})[0] == _SYSLOG
