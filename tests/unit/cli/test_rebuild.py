"""`rig rebuild`, as far as it needs no host: its options, whose key is believed, what is put back, what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from paramiko import ECDSAKey, PKey

from cli import exit_codes
from cli.main import cli
from cli.rebuild import introduction, putting_back, shown
from cli.rebuild.course import Ended, Saved
from cli.rebuild.introduction import Accepted, Acquaintance, accepted, introduced, keys_in, refusal, settled
from cli.rebuild.parts import Part, Stop, Told
from cli.rebuild.parts import Result as Came
from rigwright.engine import run as engine
from rigwright.engine.host_key import fingerprint
from rigwright.engine.known_hosts import Papers
from rigwright.engine.stranger import Stranger
from tests.unit.spec.project import host, project

OLD, NEW, OTHER = ECDSAKey.generate(), ECDSAKey.generate(), ECDSAKey.generate()
PRINT = fingerprint(NEW).split()[1]
RIGHT = Accepted(PRINT, "as asked for by --fingerprint")
WRONG = Accepted(f"SHA256:{'A' * 43}", "as declared in ssh_host_key")


def rig(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--chdir", str(folder), "rebuild", *words])


# The command line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nobody can be asked without a terminal: add --yes"),
        (["--json"], "nobody can be asked with --json: add --yes"),
        (["--yes", "--fingerprint", "MD5:00"], "expected the SHA256 fingerprint of its host key"),
        (["--yes", "--no-restore", "--over-newer"], "--no-restore puts nothing back"),
    ],
)
def test_wrong_usage(tmp_path: Path, words: list[str], said: str) -> None:
    folder = project(tmp_path, host('"driver": {"branch": 580},'))
    found = rig(folder, "basement", *words)
    assert found.exit_code != 0 and said in " ".join(found.output.split())


def test_faults_are_in_the_document(tmp_path: Path) -> None:
    folder = project(tmp_path, host('"driver": {"branch": 580}, "backup": {"repository": "/srv/rig"},'))
    told = json.loads(rig(folder, "basement", "--yes", "--json").output)
    assert (told["command"], told["exit_status"], told["hosts"]) == ("rebuild", 1, [])
    assert "backup.no-password" in {each["id"] for each in told["faults"]}


@pytest.mark.parametrize(
    "key",
    [f"SHA256:{'A' * 43}", f"{NEW.get_name()} {NEW.get_base64()} root@basement"],
    ids=["fingerprint", "public key"],
)
def test_a_host_key_is_declared_beside_what_leads_to_the_host(tmp_path: Path, key: str) -> None:
    folder = project(tmp_path, host(f'"driver": {{"branch": 580}}, "ssh_host_key": "{key}",'))
    assert CliRunner().invoke(cli, ["--chdir", str(folder), "check"]).exit_code == 0


@pytest.mark.parametrize("key", ["SHA256:short", "MD5:00:11", "ssh-dss AAAA", "ssh-ed25519"])
def test_what_is_no_host_key_is_refused(tmp_path: Path, key: str) -> None:
    folder = project(tmp_path, host(f'"driver": {{"branch": 580}}, "ssh_host_key": "{key}",'))
    found = CliRunner().invoke(cli, ["--chdir", str(folder), "check"])
    assert found.exit_code == 1 and "ssh_host_key" in found.output


# Whose key is believed


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """The old installation's."""
    (tmp_path / "known").write_text(f"10.0.0.7 {OLD.get_name()} {OLD.get_base64()}\n")
    return Papers(("10.0.0.7",), (tmp_path / "known",))


@pytest.fixture
def meets(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that has NEW, and is let in once that is known."""

    def met(declared: Any, host: str) -> Acquaintance | Stranger:
        if NEW in papers.keys:
            return Acquaintance(papers, NEW, (NEW, OTHER))
        return Stranger("10.0.0.7", (OTHER, NEW), papers)

    monkeypatch.setattr(introduction, "met", met)


def meet(*believed: Accepted, ask: Callable[[str], bool] | None = None) -> Told:
    declared: Any = None
    return introduced(declared, "basement", believed, ask)


@pytest.mark.parametrize("believed", [[], [WRONG]])
def test_nobody_is_believed_who_is_not_vouched_for(meets: None, papers: Papers, believed: list[Accepted]) -> None:
    with pytest.raises(Stop, match=r"has CHANGED: it shows ecdsa-sha2-nistp256 SHA256:") as caught:
        meet(*believed)
    assert caught.value.told.result is Came.LOST
    assert papers.keys == [OLD]
    assert (WRONG.key in caught.value.told.said) is bool(believed)


def test_the_key_that_is_vouched_for_takes_the_old_ones_place(meets: None, papers: Papers) -> None:
    told = meet(WRONG, RIGHT)
    assert told.result is Came.DONE and told.said.endswith(f"{PRINT} from now on, as asked for by --fingerprint")
    assert papers.keys == [NEW], "of its others nobody has said anything"


def test_somebody_at_the_terminal_may_say_so_or_not(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    stranger, known = Stranger("h", (NEW,), papers), Acquaintance(papers, NEW, (NEW,))
    monkeypatch.setattr(introduction, "met", lambda declared, host: known if NEW in papers.keys else stranger)
    with pytest.raises(Stop, match="is not its own; nothing was changed"):
        meet(ask=lambda question: bool(asked.append(question)))
    assert asked == [f"Does the machine itself say {fingerprint(NEW)}?"] and papers.keys == [OLD]
    assert meet(ask=lambda question: True).said.endswith("as confirmed")
    assert papers.keys == [NEW]


@pytest.mark.parametrize("ask", [None, lambda question: True])
@pytest.mark.parametrize("believed", [[RIGHT], []])
def test_a_revoked_key_is_believed_in_no_way(
    papers: Papers, monkeypatch: pytest.MonkeyPatch, believed: list[Accepted], ask: Callable[[str], bool] | None
) -> None:
    file = papers.files[0]
    file.write_text(f"{file.read_text()}@revoked * {NEW.get_name()} {NEW.get_base64()}\n")
    monkeypatch.setattr(introduction, "met", lambda declared, host: Stranger("h", (NEW,), papers))
    with pytest.raises(Stop):
        meet(*believed, ask=ask)
    assert papers.keys == [OLD]


def test_a_known_hosts_that_cannot_be_written_is_named(meets: None, papers: Papers) -> None:
    old = papers.files[0].with_name("known.old")
    old.mkdir()
    (old / "full").touch()
    with pytest.raises(Stop, match="cannot be written") as caught:
        meet(RIGHT)
    assert caught.value.told.result is Came.FAILED


def test_a_host_that_was_never_met_is_not_said_to_have_changed(tmp_path: Path) -> None:
    said = refusal(Stranger("10.0.0.7", (NEW,), Papers(("10.0.0.7",), (tmp_path / "known",))), [])
    assert said.startswith("the host key of 10.0.0.7 is not known") and "holds none for it" in said
    assert f"add --fingerprint {PRINT}, or declare it as ssh_host_key" in said


def test_keys_that_a_host_has_no_more_are_forgotten_but_only_by_one_that_it_has(papers: Papers) -> None:
    assert settled(Acquaintance(papers, OLD, (OLD, NEW))).result is Came.NOTHING
    assert settled(Acquaintance(papers, OLD, (NEW,))).result is Came.NOTHING, "its sshd has keys elsewhere"
    papers.replace([NEW, OLD])
    assert settled(Acquaintance(papers, OLD, (OLD,))).result is Came.DONE
    assert papers.keys == [OLD]
    assert settled(None).result is Came.NOTHING


def test_keys_as_the_host_has_them_in_files() -> None:
    lines = [f"{NEW.get_name()} {NEW.get_base64()} root@basement", "", "cat: no such file"]
    assert keys_in(lines) == (NEW,)


@pytest.mark.parametrize(
    ("declared", "asked", "found"),
    [(None, None, []), (WRONG.key, None, [WRONG]), (WRONG.key, PRINT, [WRONG, RIGHT]), (None, PRINT, [RIGHT])],
    ids=["nobody", "the declaration", "both", "the command line"],
)
def test_who_vouches(declared: str | None, asked: str | None, found: list[Accepted]) -> None:
    told: Any = SimpleNamespace(connections={"basement": SimpleNamespace(ssh_host_key=declared)})
    assert accepted(told, "basement", asked) == found


def test_a_host_that_is_not_reached_is_no_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimpleNamespace(
        ask=lambda question: {"basement": engine.Unanswered("no route", lost=True)}, stranger=lambda name: None,
        close=lambda: None,
    )  # fmt: skip
    monkeypatch.setattr(introduction, "start", lambda *given: run)
    with pytest.raises(Stop, match="no route") as caught:
        meet(RIGHT)
    assert caught.value.told.result is Came.LOST


# What is put back


SSH = {
    "path": "/etc/ssh/ssh_host_ed25519_key.pub", "item": "ssh", "files": 1, "bytes": 100, "missing": 0, "changed": 1,
    "newer": ["/etc/ssh/ssh_host_ed25519_key.pub"], "newer_count": 1, "stopped": [],
}  # fmt: skip
NOTES = {**SSH, "path": "/srv/notes", "item": "backup.paths", "newer": ["/srv/notes/one"]}
DATA = {**NOTES, "path": "/srv/data", "missing": 1, "changed": 0, "newer": [], "newer_count": 0}
LOOK = {"snapshot": "1a2b", "taken_at": 1795972482, "unfinished": None}


class Host:
    """What it is asked for and what it says; by its old key OLD it is known already, and shows NEW."""

    def __init__(self, papers: Papers, *targets: dict[str, Any], **found: Any) -> None:
        self.look = {**LOOK, "targets": list(targets), **found}
        self.papers, self.did = papers, list[str]()
        self.busy = ""
        self.coming: list[PKey] = []
        """Keys that known_hosts holds while the old ones are put back."""

    def save(self, at: Any, *words: str, limit_s: int | None = None) -> str:
        self.did.append(" ".join(words))
        if words[0] == "look":
            return json.dumps(self.look)
        if words[0] == "texts":
            return json.dumps({SSH["path"]: f"{OLD.get_name()} {OLD.get_base64()} root@basement\n"})
        self.coming = self.papers.keys
        return "done\n"

    def shell(self, at: Any, command: str) -> str:
        if "flock -w" in command:
            self.did.append("wait")
        return self.busy if "flock -n" in command else ""


@pytest.fixture
def restores(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    papers.replace([NEW])

    def put_back(played: Host, declares: str | None = None, **given: Any) -> Told:
        declared: Any = SimpleNamespace(connections={"basement": SimpleNamespace(ssh_host_key=declares)})
        run = SimpleNamespace(close=lambda: None)
        monkeypatch.setattr(putting_back, "start", lambda *given: run)
        monkeypatch.setattr(putting_back, "ask", lambda run, question: {"basement": question("at")})
        monkeypatch.setattr(putting_back, "save", played.save)
        monkeypatch.setattr(putting_back, "shell", played.shell)
        monkeypatch.setattr(putting_back, "acquaintance", lambda at: Acquaintance(papers, NEW, (NEW,)))
        monkeypatch.setattr(putting_back, "met", lambda declared, host: Acquaintance(papers, OLD, (OLD,)))
        options = {"snapshot": None, "over_newer": False, "yes": True, "as_json": False, **given}
        return putting_back.put_back(declared, "basement", shown=shown.Shown("basement", silent=True), **options)

    return put_back


def test_the_old_keys_are_known_before_the_host_shows_them_and_the_new_ones_forgotten_after(
    restores: Callable[..., Told], papers: Papers
) -> None:
    played = Host(papers, SSH, DATA)
    told = restores(played)
    assert told.result is Came.DONE and told.said.startswith("snapshot 1a2b of 2026-11-29T17:14:42+00:00: 2 paths")
    assert played.did == ["look", f"texts --snapshot 1a2b --path {SSH['path']}", "restore --over-newer"]
    assert played.coming == [NEW, OLD] and papers.keys == [OLD]


@pytest.mark.parametrize("as_json", [True, False])
def test_over_something_newer_nothing_is_put_back_by_itself(
    restores: Callable[..., Told], papers: Papers, as_json: bool
) -> None:
    played = Host(papers, SSH, NOTES, DATA)
    with pytest.raises(Stop, match=r"newer than snapshot 1a2b: /srv/notes/one\. `--over-newer` puts it back") as caught:
        restores(played, as_json=as_json)
    assert caught.value.told.result is Came.OUTSTANDING
    assert played.did == ["look"] and papers.keys == [NEW]
    restores(played, over_newer=True)
    assert played.did[-1] == "restore --over-newer"


def test_a_declared_key_that_is_not_the_one_that_came_back_is_said(
    restores: Callable[..., Told], papers: Papers
) -> None:
    assert restores(Host(papers, DATA), declares=PRINT).more == (
        f"ssh_host_key declares another one: declare {fingerprint(OLD).split()[1]}, or take it away",
    )
    assert restores(Host(papers, DATA), declares=fingerprint(OLD).split()[1]).more == ()


def test_another_snapshot(restores: Callable[..., Told], papers: Papers) -> None:
    played = Host(papers, DATA)
    restores(played, snapshot="00ff")
    assert played.did == ["look --snapshot 00ff", "restore --snapshot 00ff --over-newer"]


def test_one_that_goes_on_by_itself_is_waited_for_and_one_that_was_cut_off_is_finished(
    restores: Callable[..., Told], papers: Papers
) -> None:
    played = Host(papers, {**SSH, "changed": 0}, unfinished="77aa")
    played.busy = "busy\n"
    restores(played)
    assert played.did == ["wait", "look", f"texts --snapshot 77aa --path {SSH['path']}", "restore --over-newer"]


def test_a_restore_of_what_is_there_already_takes_note_of_it(restores: Callable[..., Told], papers: Papers) -> None:
    played = Host(papers, {**DATA, "missing": 0})
    restores(played)
    assert played.did == ["look", "restore --over-newer"], "from then on the repository is this installation's"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"count": 3, "repository": "/srv/rig", "unfinished": None}, Saved(3)),
        ({"count": 3, "repository": "/srv/rig", "unfinished": "77aa"}, Saved(3, "77aa")),
        (
            {"count": 0, "repository": "/old", "unfinished": None},
            Saved(why="the host still knows /old, and /srv/rig is declared"),
        ),
    ],
)
def test_what_there_is_to_put_back(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], found: Saved) -> None:
    declared: Any = SimpleNamespace(rigs={"basement": SimpleNamespace(backup=SimpleNamespace(repository="/srv/rig"))})
    monkeypatch.setattr(putting_back, "start", lambda *given: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(putting_back, "ask", lambda run, question: {"basement": told})
    assert putting_back.saved(declared, "basement") == found


# What is shown


ENDED = Ended(
    exit_codes.FAILED,
    (
        Part("way in", Told(Came.DONE, "known"), 0.2),
        Part(
            "apply",
            Told(Came.FAILED, "", ("Install it: no", *(f"line {n}" for n in range(20))), {"models": 75.4}),
            184.6,
        ),
    ),
)


def test_every_part_and_layer_has_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    for part in ENDED.parts:
        shown.Shown("basement", silent=False).ended(part)
    shown.Shown("basement", silent=False).all(ENDED)
    said = capsys.readouterr()
    assert "basement: [way in] done in 0.2 s: known" in said.out
    assert "basement:     and 9 more" in said.out and "line 11" not in said.out
    assert ["models", "1", "min", "15", "s"] in [line.split() for line in said.out.splitlines()]
    assert "basement: not as declared, after 3 min 5 s" in said.out
    assert "Run the same again" in said.err


def test_the_document_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    shown.print_document("basement", ENDED, ENDED.status, [])
    told = json.loads(capsys.readouterr().out)
    (found,) = told["hosts"]
    assert (told["exit_status"], found["host"], found["seconds"]) == (1, "basement", 184.8)
    assert found["error"].startswith("Install it: no") and found["parts"][1]["layers"] == {"models": 75.4}
    assert found["parts"][0] == {"part": "way in", "result": "done", "seconds": 0.2, "said": "known"}


def test_beside_a_document_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    silent = shown.Shown("basement", silent=True)
    silent.begins("apply")
    silent.ended(ENDED.parts[1])
    silent.all(ENDED)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("results", "status", "end", "again"),
    [
        ([Came.DONE], exit_codes.HOLDS, "as declared, after", False),
        ([Came.UNTOLD], exit_codes.UNREACHED, "as declared, as far as could be told, after", False),
        ([Came.OUTSTANDING], exit_codes.PENDING, "something is outstanding, after", True),
        ([Came.UNTOLD, Came.LOST], exit_codes.UNREACHED, "not at its end, after", True),
        ([Came.INTERRUPTED], exit_codes.INTERRUPTED, "not at its end, after", True),
    ],
)
def test_how_it_ends(
    capsys: pytest.CaptureFixture[str], results: list[Came], status: int, end: str, again: bool
) -> None:
    parts = tuple(Part("verify", Told(result), 1) for result in results)
    shown.Shown("basement", silent=False).all(Ended(status, parts))
    said = capsys.readouterr()
    assert f"basement: {end}" in said.out and ("Run the same again" in said.err) is again


@pytest.mark.parametrize(("seconds", "said"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (59.4, "59 s"), (59.6, "1 min 0 s")])
def test_durations(seconds: float, said: str) -> None:
    assert shown.duration(seconds) == said
