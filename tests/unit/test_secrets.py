"""Secrets are read where they are kept, and errors say everything but the secret."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import pytest

from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.secret import Secret


def _refused(secret: Secret) -> str:
    with pytest.raises(SecretUnreadable) as refusal:
        read_secret(secret)
    return str(refusal.value)


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGS_SECRET", "s3cret")
    assert read_secret(Secret(env="RIGS_SECRET")) == "s3cret"
    monkeypatch.delenv("RIGS_SECRET")
    assert "RIGS_SECRET is not set" in _refused(Secret(env="RIGS_SECRET"))


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret \n")
    file.chmod(0o600)
    assert read_secret(Secret(file=str(file))) == "s3cret ", "only the line break is not part of it"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    file.chmod(0o640)
    text = _refused(Secret(file=str(file)))
    assert "(mode 640): chmod 600" in text
    assert "s3cret" not in text


def test_a_file_that_is_not_there_empty_or_no_text(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    assert "No such file" in _refused(Secret(file=str(file)))
    file.write_text("\n")
    file.chmod(0o600)
    assert "is empty" in _refused(Secret(file=str(file)))
    file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in _refused(Secret(file=str(file)))


def test_what_is_no_text_does_not_come_out_by_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"s3cret\xff")
    file.chmod(0o600)
    for secret in (Secret(file=str(file)), _python("import sys; sys.stdout.buffer.write(b's3cret' + bytes([255]))")):
        with pytest.raises(SecretUnreadable, match="is not UTF-8 text") as refusal:
            read_secret(secret)
        assert "s3cret" not in "".join(traceback.format_exception(refusal.value))


def test_a_command_runs_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    secret = _python(f"open({str(count)!r}, 'a').write('x'); print('s3cret')")
    assert [read_secret(secret), read_secret(secret)] == ["s3cret", "s3cret"]
    assert count.read_text() == "x"


def test_a_command_that_failed_is_asked_again(tmp_path: Path) -> None:
    there = tmp_path / "there"
    secret = _python(f"print(open({str(there)!r}).read())")
    assert "failed (1)" in _refused(secret)
    there.write_text("s3cret")
    assert read_secret(secret) == "s3cret"


def _python(program: str) -> Secret:
    return Secret(command=[sys.executable, "-c", program])


def test_from_a_command() -> None:
    assert read_secret(_python("print('s3cret'); print('url: x')")) == "s3cret", "as `pass` prints it: the first line"


def test_a_command_that_fails() -> None:
    text = _refused(_python("import sys; print('s3cret'); print('no key', file=sys.stderr); sys.exit(2)"))
    assert "failed (2) instead of printing a secret: no key" in text
    assert "s3cret" not in text
    assert "empty first line" in _refused(_python("print()"))
    assert "cannot run /no/such/pass for a secret" in _refused(Secret(command=["/no/such/pass", "show", "x"]))
