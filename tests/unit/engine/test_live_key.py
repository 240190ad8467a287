"""The host key of a live system, asked of a server that shows it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import paramiko
import pytest
from paramiko import ECDSAKey

from rigwright.engine.host_key import fingerprint
from rigwright.engine.live_key import NotThatKey, key_of, known_hosts_line

KEY, OTHER = ECDSAKey.generate(), ECDSAKey.generate()


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that has one key, of one kind."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(30)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(KEY)
            transport.start_server(event=threading.Event(), server=paramiko.ServerInterface())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    ended.set()
    listening.close()


def test_the_key_of_that_fingerprint_is_believed(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert key_of("127.0.0.1", port, fingerprint(KEY).split()[1]) == KEY
    assert capfd.readouterr().err == "", "that it has no key of another kind is told to nobody"


def test_another_key_is_not(port: int) -> None:
    wanted = fingerprint(OTHER).split()[1]
    with pytest.raises(NotThatKey) as refusal:
        key_of("127.0.0.1", port, wanted)
    said = str(refusal.value)
    assert f"shows other host keys than {wanted}: {fingerprint(KEY)}. Nothing was sent there." in said


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(NotThatKey, match=f"no connection to 127.0.0.1 port {port}: Connection refused"):
        key_of("127.0.0.1", port, fingerprint(KEY).split()[1])


@pytest.mark.parametrize(("port", "at"), [(22, "10.0.0.7"), (2222, "[10.0.0.7]:2222")])
def test_as_known_hosts_has_it(port: int, at: str) -> None:
    assert known_hosts_line("10.0.0.7", port, KEY) == f"{at} {KEY.get_name()} {KEY.get_base64()}\n"
