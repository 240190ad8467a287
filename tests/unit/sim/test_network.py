"""Where a host stands in the machine's network."""

import pytest

from sim import programs
from sim.errors import SimulationError
from sim.host.network import POOL, Network, free_index

ROUTES = """[
 {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
 {"type": "local", "dst": "127.0.0.0/8", "dev": "lo"},
 {"dst": "10.221.0.0/30", "dev": "rigsim0a0b0c"},
 {"type": "broadcast", "dst": "10.221.0.11", "dev": "x"},
 {"dst": "10.221.0.9", "dev": "tun0"}
]"""


def test_two_hosts_never_share_an_address() -> None:
    one, other = Network("0a0b0c", 0), Network("0d0e0f", 1)
    assert (one.gateway, one.address) == ("10.221.0.1", "10.221.0.2")
    assert (other.gateway, other.address) == ("10.221.0.5", "10.221.0.6")
    assert {one.namespace, one.interface, one.table}.isdisjoint({other.namespace, other.interface, other.table})


def test_the_interface_name_is_one_that_the_kernel_takes() -> None:
    assert len(Network("ffffff", 0).interface) <= 15


def test_a_free_place_is_neither_a_hosts_nor_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "run", lambda argv: ROUTES)
    assert free_index([]) == 1
    assert free_index([1]) == 3  # 2 holds 10.221.0.9


def test_a_full_pool_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "run", lambda argv: f'[{{"dst": "{POOL}"}}]')
    with pytest.raises(SimulationError, match="in use"):
        free_index([])
