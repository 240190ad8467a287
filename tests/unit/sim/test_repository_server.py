"""The repository server: what it gives, what it keeps, how it is told to misbehave."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.repository import leftovers, record, server
from sim.repository.archive import OTHER
from sim.repository.record import Answers, Record, load, records, write_answers


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    monkeypatch.setattr(record, "_FOLDER", tmp_path / "repositories")
    monkeypatch.setattr(server, "PORT", 0)
    found = Record("0a0b0c", "127.0.0.1", None, "boot")
    found.save()
    folder = found.folder / "www/stable"
    (folder / OTHER).mkdir(parents=True)
    (folder / "InRelease").write_text("by the key")
    (folder / "Release.gpg").write_text("by the key")
    (folder / "Packages").write_text("0123456789")
    (folder / OTHER / "InRelease").write_text("by another")
    (folder / OTHER / "Release.gpg").write_text("by another")
    (found.folder / "secret").write_text("not served")
    return found


@pytest.fixture
def port(served: Record) -> Iterator[int]:
    running = server.Server(served)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running.server_address[1]
    running.ending.set()
    running.shutdown()
    running.server_close()
    thread.join()


def get(port: int, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.headers)


def test_a_file_is_sent_whole(port: int) -> None:
    status, body, headers = get(port, "/stable/Packages")
    assert (status, body, headers["Content-Length"]) == (200, "0123456789", "10")


@pytest.mark.parametrize(
    "path", ["/stable/./Packages", "//stable//Packages", "/stable/%50ackages", "/stable/Packages?x=1"]
)
def test_a_path_may_be_written_in_other_ways(port: int, path: str) -> None:
    assert get(port, path)[:2] == (200, "0123456789")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/stable",
        "/stable/none",
        "/../secret",
        "/stable/../../secret",
        "/%2e%2e/secret",
        f"/stable/{OTHER}/InRelease",
    ],
)
def test_nothing_else_is_given(port: int, path: str) -> None:
    assert get(port, path)[:2] == (404, "")


def test_a_download_goes_on_where_it_was_cut(port: int) -> None:
    status, body, headers = get(port, "/stable/Packages", Range="bytes=4-")
    assert (status, body, headers["Content-Range"]) == (206, "456789", "bytes 4-9/10")


def test_several_files_come_over_one_connection(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for path, body in (("/stable/Packages", b"0123456789"), ("/none", b""), ("/stable/InRelease", b"by the key")):
        connection.request("GET", path)
        assert connection.getresponse().read() == body


def test_what_is_known_of_a_file_comes_without_it(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("HEAD", "/stable/Packages")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "10", b"")


def test_an_old_index_is_sent_again_although_apt_has_it(port: int) -> None:
    assert get(port, "/stable/InRelease", If_Modified_Since="Fri, 01 Jan 2038 00:00:00 GMT")[0] == 200


def test_every_request_is_refused_when_so_told(served: Record, port: int) -> None:
    write_answers(served.folder, Answers(status=503))
    assert get(port, "/stable/Packages")[:2] == (503, "")
    write_answers(served.folder, Answers())
    assert get(port, "/stable/Packages")[0] == 200


def test_the_other_keys_signatures_take_the_place_of_the_true_ones(served: Record, port: int) -> None:
    write_answers(served.folder, Answers(other_key=True))
    assert get(port, "/stable/InRelease")[1] == "by another"
    assert get(port, "/stable/Release.gpg")[1] == "by another"
    assert get(port, "/stable/Packages")[1] == "0123456789"


def test_a_request_that_hangs_is_let_go_when_that_ends(served: Record, port: int) -> None:
    write_answers(served.folder, Answers(hang=True))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /stable/Packages HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        write_answers(served.folder, Answers())
        connection.settimeout(10)
        assert connection.recv(1) == b""


def test_what_is_served_stays_in_the_cache(served: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(leftovers, "sweep", lambda: None)
    built = tmp_path / "cache/repositories"
    for name in ("nvidia-debian-1", "nvidia-debian-2", "key-1-nvidia"):
        (built / name).mkdir(parents=True)
        (built / name / "Packages").write_text("")
    (served.folder / "www/stable/Packages.gz").symlink_to(built / "nvidia-debian-2/Packages")
    assert leftovers.remove_unused() == ["nvidia-debian-1"]
    assert sorted(path.name for path in built.iterdir()) == ["key-1-nvidia", "nvidia-debian-2"]


def test_a_record_is_read_as_it_was_written(served: Record) -> None:
    assert load(served.folder) == served
    assert records() == [served]


def test_a_record_without_a_server_is_a_leftover(served: Record) -> None:
    assert served.abandoned
