"""The way in: the declared port first, then the other one, and nowhere a key that is not known to be the host's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import BadHostKeyException, ECDSAKey, HostKeys
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector

from rigwright.engine import reconnect, way_in
from rigwright.engine.host_key import UnknownHostKey
from rigwright.engine.known_hosts import Papers
from rigwright.engine.ledger import ledger_of
from rigwright.spec.load import Declarations, use
from rigwright.spec.rig import Rig

OWN, FOREIGN = ECDSAKey.generate(), ECDSAKey.generate()
NAME = "10.0.0.7"


class Machine:
    """Who listens where, and how: the host's ports with the keys that they show; every other one is closed."""

    def __init__(self, open_ports: Mapping[int, ECDSAKey], closed: Exception | None = None) -> None:
        self.open_ports = open_ports
        self.closed = closed or NoValidConnectionsError({(NAME, 0): ConnectionRefusedError(111, "refused")})
        self.tried: list[int] = []
        self.ended: list[int] = []
        """Ports of the connections that were closed, in order."""

    def connect(self, connector: SSHConnector) -> None:
        """As pyinfra's, which raises ConnectError while it handles the cause."""
        try:
            self._connect(connector)
        except Exception as error:
            raise ConnectError("told otherwise") from error

    def _connect(self, connector: SSHConnector) -> None:
        port = way_in.port_of(connector)
        self.tried.append(port)
        if port not in self.open_ports:
            raise self.closed
        key = self.open_ports[port]
        name = NAME if port == 22 else f"[{NAME}]:{port}"
        known = HostKeys(connector.data["ssh_known_hosts_file"]).lookup(name)
        if not known:
            assert connector.data["ssh_strict_host_key_checking"] == "yes"
            raise UnknownHostKey(name, key)
        if key.get_name() not in known or known[key.get_name()] != key:
            raise BadHostKeyException(name, key, next(iter(known.values())))
        transport = SimpleNamespace(get_remote_server_key=lambda: key)
        connector.client = SimpleNamespace(  # type: ignore[assignment]
            port=port, get_transport=lambda: transport, close=lambda: self.ended.append(port)
        )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Make a host with these ports declared, whose own key is known under some of them, and others' under others."""

    def make(ssh_port: int | None, sshd_port: int, own: tuple[int, ...] = (), foreign: tuple[int, ...] = ()) -> Any:
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(
            "".join(
                f"{NAME if port == 22 else f'[{NAME}]:{port}'} {key.get_name()} {key.get_base64()}\n"
                for key, ports in ((OWN, own), (FOREIGN, foreign))
                for port in ports
            )
        )
        (tmp_path / "config").write_text("")
        data = {
            "ssh_hostname": NAME, "ssh_port": ssh_port, "ssh_known_hosts_file": str(known_hosts),
            "ssh_config_file": str(tmp_path / "config"), "ssh_strict_host_key_checking": "yes",
        }  # fmt: skip
        given = {name: value for name, value in data.items() if value is not None}
        (found,) = State(Inventory((["bench"], given)), Config()).inventory
        rig = Rig.model_validate({"name": "bench", "access": {"ssh": {"port": sshd_port}}, "driver": {"branch": 580}})
        use(Declarations(tmp_path, {"bench": rig}, {}, {}, {}))
        return found

    yield make
    use(Declarations(tmp_path, {}, {}, {}, {}))


def enter(host: Any, machine: Machine) -> str | None:
    way_in.enter(host.connector, machine.connect)
    found = ledger_of(host).way_in
    assert found is not None and found.key == OWN
    assert host.connector.data["ssh_known_hosts_file"].endswith("/known_hosts"), "the declared file is left alone"
    return found.remark


def test_the_declared_way_in_is_all_that_is_tried_where_it_is_open(host: Callable[..., Any]) -> None:
    machine = Machine({22: OWN, 2222: FOREIGN})
    assert enter(host(22, 2222, own=(22,)), machine) is None
    assert machine.tried == [22]


@pytest.mark.parametrize("known_under", [22, 2222])
@pytest.mark.parametrize("ssh_port", [None, 22])
def test_a_host_whose_sshd_was_moved(host: Callable[..., Any], ssh_port: int | None, known_under: int) -> None:
    machine = Machine({2222: OWN})
    remark = enter(host(ssh_port, 2222, own=(known_under,)), machine)
    assert (machine.tried, remark) == ([22, 2222], "answers on port 2222, as declared in access.ssh.port")


def test_a_bare_host_that_is_declared_with_its_port_to_be(host: Callable[..., Any]) -> None:
    assert enter(host(2222, 2222, own=(22,)), Machine({22: OWN})) == (
        "answers on port 22, where a bare distribution listens"
    )


@pytest.mark.parametrize("sshd_port", [2222, 22], ids=["moved there", "about to be moved back"])
def test_the_new_port_is_taken_by_the_key_that_is_known_under_the_old_one(
    host: Callable[..., Any], sshd_port: int
) -> None:
    assert enter(host(2222, sshd_port, own=(22,)), Machine({2222: OWN})) is None


@pytest.mark.parametrize("known", [{"foreign": (22,)}, {}], ids=["another under the old one", "unknown under both"])
def test_an_unknown_key_is_refused_as_ever(host: Callable[..., Any], known: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ConnectError) as caught:
        enter(host(2222, 2222, **known), Machine({2222: OWN}))
    assert isinstance(way_in.cause_of(caught.value), UnknownHostKey)


def test_a_firewall_that_does_not_answer(host: Callable[..., Any]) -> None:
    remark = enter(host(None, 2222, own=(22,)), Machine({2222: OWN}, TimeoutError("timed out")))
    assert remark is not None
    assert remark.endswith("(port 22 does not answer; declaring ssh_port = 2222 saves the wait)")


@pytest.mark.parametrize(
    ("ports", "known"),
    [
        ((None, 2222), {}),
        ((None, 2222), {"foreign": (2222,), "own": (22,)}),
        ((2222, 22), {"foreign": (22,)}),
        ((2222, 22), {"foreign": (22,), "own": (2222,)}),
    ],
    ids=["unknown", "the host's key is another", "a forwarded port, never met", "a forwarded port"],
)
def test_another_machines_port_is_no_way_in(
    host: Callable[..., Any], ports: tuple[int | None, int], known: dict[str, tuple[int, ...]]
) -> None:
    bench = host(*ports, **known)
    with pytest.raises(ConnectError) as caught:
        enter(bench, Machine({ports[1]: FOREIGN}))
    assert isinstance(way_in.cause_of(caught.value), NoValidConnectionsError)
    [note] = caught.value.__notes__
    assert note.startswith(f"port {ports[1]}, as declared in access.ssh.port, is open, but shows a host key that is")
    assert ledger_of(bench).way_in is None


def test_closed_everywhere(host: Callable[..., Any]) -> None:
    with pytest.raises(ConnectError) as caught:
        enter(host(None, 2222, own=(22,)), Machine({}))
    assert caught.value.__notes__ == ["neither to port 2222, as declared in access.ssh.port"]


def test_no_other_port_is_guessed(host: Callable[..., Any]) -> None:
    machine = Machine({2222: OWN})
    with pytest.raises(ConnectError):
        enter(host(None, 22, own=(22, 2222)), machine)
    assert machine.tried == [22]


def test_after_a_proven_move_the_new_port_is_the_way_in_and_its_connection_the_one_in_use(
    host: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a reboot later in the run is waited for where sshd is, and the old port is nobody's any more."""
    bench, machine = host(22, 2222, own=(22,)), Machine({22: OWN, 2222: OWN})
    enter(bench, machine)
    monkeypatch.setattr(SSHConnector, "run_shell_command", lambda self, command: (True, None))
    monkeypatch.setattr(SSHConnector, "connect", lambda self: way_in.enter(self, machine.connect))
    reconnect.prove_new_connection(bench, 22)
    assert (bench.connector.client.port, machine.ended, reconnect.has_moved(bench)) == (22, [22], False)
    reconnect.prove_new_connection(bench, 2222)
    assert (bench.connector.client.port, machine.ended, reconnect.has_moved(bench)) == (2222, [22, 22], True)
    del machine.open_ports[22]  # type: ignore[attr-defined]
    bench.connector.connect()
    assert machine.tried == [22, 22, 2222, 2222]


def test_what_proves_one_port_tries_no_other(host: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    bench, machine = host(22, 2222, own=(22,)), Machine({22: OWN})
    enter(bench, machine)
    monkeypatch.setattr(SSHConnector, "connect", lambda self: way_in.enter(self, machine.connect))
    with pytest.raises(ConnectError):
        reconnect.prove_new_connection(bench, 2222)
    found = ledger_of(bench).way_in
    assert found is not None and found.port == 22


def test_within_a_run_a_host_keeps_its_key(host: Callable[..., Any]) -> None:
    bench, machine = host(22, 22, own=(22,)), Machine({22: OWN})
    enter(bench, machine)
    machine.open_ports = {22: FOREIGN}
    with pytest.raises(ConnectError) as caught:
        way_in.enter(bench.connector, machine.connect)
    assert isinstance(way_in.cause_of(caught.value), BadHostKeyException)


def test_all_keys_of_a_kind_that_known_hosts_holds_count(host: Callable[..., Any]) -> None:
    """As for ssh itself; paramiko alone would go by the first."""
    bench = host(22, 22, foreign=(22,))
    with Path(bench.data.ssh_known_hosts_file).open("a") as known:
        known.write(f"{NAME} {OWN.get_name()} {OWN.get_base64()}\n")
    machine = Machine({22: OWN})
    assert enter(bench, machine) is None
    assert machine.tried == [22, 22]
    assert ledger_of(bench).strange_at is None


@pytest.mark.parametrize(
    ("ports", "known", "strange_at"),
    [
        ((22, 22), {"foreign": (22,)}, 22),
        ((22, 22), {}, 22),
        ((2222, 2222), {"foreign": (2222,)}, 22),
        ((None, 2222), {"own": (22,)}, None),
    ],
    ids=["another key is known", "none is known", "at the port of a bare distribution", "closed"],
)
def test_where_a_stranger_was_met_is_written_down(
    host: Callable[..., Any], ports: tuple[int | None, int], known: dict[str, tuple[int, ...]], strange_at: int | None
) -> None:
    bench = host(*ports, **known)
    with pytest.raises(ConnectError):
        enter(bench, Machine({strange_at: OWN} if strange_at else {}))
    assert ledger_of(bench).strange_at == strange_at


def test_a_key_below_a_line_that_paramiko_does_not_understand_is_known(host: Callable[..., Any]) -> None:
    bench = host(22, 22, own=(22,))
    file = Path(bench.data.ssh_known_hosts_file)
    file.write_text(f"@cert-authority {NAME} {FOREIGN.get_name()} {FOREIGN.get_base64()}\n{file.read_text()}")
    machine = Machine({22: OWN})

    def connect(connector: SSHConnector) -> None:
        if connector.data["ssh_known_hosts_file"] != str(file):
            machine.connect(connector)
            return
        try:
            raise UnknownHostKey(NAME, OWN)
        except UnknownHostKey as error:
            raise ConnectError("told otherwise") from error

    way_in.enter(bench.connector, connect)
    assert machine.tried == [22] and ledger_of(bench).strange_at is None


def test_a_jump_host_with_another_key_is_not_the_host(host: Callable[..., Any]) -> None:
    bench = host(22, 22, own=(22,))

    def connect(connector: SSHConnector) -> None:
        try:
            raise BadHostKeyException("jump", FOREIGN, OWN)
        except BadHostKeyException as error:
            raise ConnectError("told otherwise") from error

    with pytest.raises(ConnectError):
        way_in.enter(bench.connector, connect)
    assert ledger_of(bench).strange_at is None


@pytest.mark.parametrize(
    ("ports", "own", "names"),
    [
        ((22, 22), (22,), [NAME]),
        ((2222, 2222), (2222,), [f"[{NAME}]:2222", NAME]),
        ((22, 2222), (22, 2222), [NAME, f"[{NAME}]:2222"]),
        ((22, 2222), (22,), [NAME]),
        ((2200, 2222), (2200, 2222), [f"[{NAME}]:2200", NAME]),
    ],
    ids=["one port", "met at another one", "known under both", "known under one", "the other may be another machine's"],
)
def test_the_names_that_a_host_is_known_by(
    host: Callable[..., Any], ports: tuple[int, int], own: tuple[int, ...], names: list[str]
) -> None:
    bench = host(*ports, own=own)
    assert way_in.papers(bench.connector, 22) == Papers(tuple(names), (Path(bench.data.ssh_known_hosts_file),))


def test_the_port_may_stand_in_sshs_configuration(host: Callable[..., Any], tmp_path: Path) -> None:
    bench = host(None, 2222, own=(22,))
    config = tmp_path / "another"
    config.write_text(f"Host {NAME}\n    Port 2200\n    HostName real.example\n")
    bench.connector.data["ssh_config_file"] = str(config)
    assert way_in.port_of(bench.connector) == 2200
