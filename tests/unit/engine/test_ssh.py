"""Connections: prompt, watched, asking nobody who is not there, and reading whatever a host prints."""

from __future__ import annotations

import base64
import io
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from rigwright.engine.run import Run  # noqa: F401  # isort: skip
import paramiko
from pyinfra.api.exceptions import PyinfraError
from pyinfra.connectors import ssh_util, util
from pyinfra.connectors.sshuserclient.client import SSHClient

from rigwright.engine import host_key, pyinfra_patch, ssh


@pytest.fixture(autouse=True)
def _patched(tmp_path: Path) -> None:
    pyinfra_patch.install(tmp_path)


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        yield client


def test_sockets_do_not_wait_and_notice_a_dead_peer(connection: socket.socket) -> None:
    transport = paramiko.Transport(connection)
    assert transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert transport.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == ssh.SILENCE_S * 1000


def test_a_jump_hosts_channel_is_taken_as_it_is() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert paramiko.Transport(one).sock is one


def test_something_is_sent_on_a_silent_connection(tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host lively\n    ServerAliveInterval 3\n")
    assert SSHClient().parse_config("host", {}, ssh_config_file=str(config))[5] == ssh.KEEPALIVE_S
    assert SSHClient().parse_config("lively", {}, ssh_config_file=str(config))[5] == 3


@pytest.mark.parametrize("module", [util, ssh_util])
def test_nobody_is_asked_for_a_password_without_a_terminal(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(PyinfraError, match="there is no terminal to ask at: sudo password:"):
        module.getpass("sudo password: ")  # type: ignore[attr-defined]


def test_output_that_is_not_utf8_is_not_lost() -> None:
    queue: Queue[util.OutputLine] = Queue()
    util.read_buffer("stdout", [b"before\n", b"\xff\xfe\n", "after\n"], queue)
    assert [line.line for line in queue.queue] == ["before", "\ufffd\ufffd", "after"]


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints() -> None:
    line = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"  # GitHub's published host key
    key = paramiko.PKey.from_type_string("ssh-ed25519", base64.b64decode(line))
    assert host_key.fingerprint(key) == "ssh-ed25519 SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
