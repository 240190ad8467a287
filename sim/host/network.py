"""The network of one host: a namespace of its own, a pair of interfaces, and one nftables table that lets it out."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim import programs
from sim.errors import SimulationError

POOL = ipaddress.ip_network("10.221.0.0/16")
"""Where hosts get their addresses: four in a row each, of which two are used."""

_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
_FORWARD_BEFORE = Path("/run/rigwright-sim/ip_forward.before")

# Docker lets nothing but its own through the machine, and keeps this chain for who needs more.
_DOCKER = ["ip", "filter", "DOCKER-USER"]


@dataclass(frozen=True)
class Network:
    """What the host is known by on the machine. `token` is six hexadecimal digits, `index` its place in POOL."""

    token: str
    index: int

    @property
    def namespace(self) -> str:
        """The name of its network namespace."""
        return f"rigsim-{self.token}"

    @property
    def interface(self) -> str:
        """The machine's end of the pair; the host's end is called `host0`."""
        return f"rigsim{self.token}"

    @property
    def table(self) -> str:
        """The name of its nftables table."""
        return f"rigsim_{self.token}"

    @property
    def gateway(self) -> str:
        """The machine's address on the pair: what stands in for vendors' servers listens here."""
        return str(POOL[self.index * 4 + 1])

    @property
    def address(self) -> str:
        """The host's address."""
        return str(POOL[self.index * 4 + 2])

    def up(self) -> None:
        """Makes it anew: whatever a boot before left in the namespace is gone, as after a real reboot."""
        self.down()
        programs.run(["ip", "netns", "add", self.namespace])
        peer = ["peer", "name", "host0", "netns", self.namespace]
        programs.run(["ip", "link", "add", self.interface, "type", "veth", *peer])
        programs.run(["ip", "address", "add", f"{self.gateway}/30", "dev", self.interface])
        programs.run(["ip", "link", "set", self.interface, "up"])
        inside = ["ip", "-n", self.namespace]
        programs.run([*inside, "address", "add", f"{self.address}/30", "dev", "host0"])
        programs.run([*inside, "link", "set", "lo", "up"])
        programs.run([*inside, "link", "set", "host0", "up"])
        programs.run([*inside, "route", "add", "default", "via", self.gateway])
        _forward()
        programs.run(["nft", "-f", "-"], input=self._rules())
        if programs.succeeds(["nft", "list", "chain", *_DOCKER]):
            for side in ("iifname", "oifname"):
                rule = [side, self.interface, "accept", "comment", f'"{self.namespace}"']
                programs.run(["nft", "insert", "rule", *_DOCKER, *rule])

    def down(self) -> None:
        """Takes all of it down; what is not there is passed over. Raises SimulationError if something stays."""
        programs.succeeds(["ip", "link", "delete", self.interface])
        programs.succeeds(["ip", "netns", "delete", self.namespace])
        programs.succeeds(["nft", "delete", "table", "ip", self.table])
        for handle in self._handles_in_docker():
            programs.run(["nft", "delete", "rule", *_DOCKER, "handle", str(handle)])
        deadline = time.monotonic() + 5
        while Path(f"/sys/class/net/{self.interface}").exists() or Path(f"/run/netns/{self.namespace}").exists():
            if time.monotonic() > deadline:
                raise SimulationError(f"the network of {self.namespace} cannot be taken down")
            time.sleep(0.02)

    def cut_outbound(self, verdict: str) -> None:
        """Lets the host reach nothing beyond this machine: `reject` answers at once, `drop` never."""
        self.restore_outbound()
        programs.run(["nft", "add", "rule", "ip", self.table, "forward", "iifname", self.interface, verdict])

    def restore_outbound(self) -> None:
        """Undoes `cut_outbound`."""
        programs.run(["nft", "flush", "chain", "ip", self.table, "forward"])

    def set_link(self, state: str) -> None:
        """Pulls the host's cable (`down`) or plugs it in again (`up`)."""
        programs.run(["ip", "link", "set", self.interface, state])

    def _handles_in_docker(self) -> list[int]:
        if not programs.succeeds(["nft", "list", "chain", *_DOCKER]):
            return []
        listed = json.loads(programs.run(["nft", "--json", "--handle", "list", "chain", *_DOCKER]))["nftables"]
        rules = [entry["rule"] for entry in listed if "rule" in entry]
        return [rule["handle"] for rule in rules if rule.get("comment") == self.namespace]

    def _rules(self) -> str:
        return (
            f"table ip {self.table} {{\n"
            "  chain forward { type filter hook forward priority filter; policy accept; }\n"
            "  chain postrouting {\n"
            "    type nat hook postrouting priority srcnat; policy accept;\n"
            f'    ip saddr {self.address} oifname != "{self.interface}" masquerade\n'
            "  }\n"
            "}\n"
        )


def restore_forwarding() -> None:
    """Sets the machine's forwarding back to what it was before the first host; to be called when none is left."""
    if _FORWARD_BEFORE.exists():
        _FORWARD.write_text(_FORWARD_BEFORE.read_text())
        _FORWARD_BEFORE.unlink()


def _forward() -> None:
    before = _FORWARD.read_text()
    if before.strip() != "1":
        _FORWARD_BEFORE.write_text(before)
        _FORWARD.write_text("1")


def free_index(taken: Collection[int]) -> int:
    """The first place in POOL that neither a host (`taken`) nor an address or a route of this machine uses."""
    used = list(_networks_in_use())
    for index in range(POOL.num_addresses // 4):
        block = ipaddress.ip_network((int(POOL.network_address) + index * 4, 30))
        if index not in taken and not any(block.overlaps(other) for other in used):
            return index
    raise SimulationError(f"all of {POOL} is in use on this machine")


def _networks_in_use() -> Iterator[ipaddress.IPv4Network]:
    for route in json.loads(programs.run(["ip", "-4", "-json", "route", "show", "table", "all"]) or "[]"):
        destination = route["dst"]
        if destination not in ("default", "0.0.0.0/0") and route.get("type", "unicast") in ("unicast", "local"):
            yield ipaddress.IPv4Network(destination, strict=False)
