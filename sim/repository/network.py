"""The address of a repository server: on a bridge without ports, reached from this machine and its hosts alone."""

from __future__ import annotations

from dataclasses import dataclass

from sim import programs
from sim.host.network import POOL, free_index

PORT = 80


@dataclass(frozen=True)
class Network:
    """`token` is six hexadecimal digits, `address` one of POOL."""

    token: str
    address: str

    @property
    def interface(self) -> str:
        """The bridge's name."""
        return f"rigrepo{self.token}"

    @property
    def table(self) -> str:
        """The name of its nftables table."""
        return f"rigrepo_{self.token}"

    def up(self) -> None:
        """Makes the address, and closes it to whoever is not this machine or a throw-away host on it."""
        programs.run(["ip", "link", "add", self.interface, "type", "bridge"])
        programs.run(["ip", "address", "add", f"{self.address}/32", "dev", self.interface])
        programs.run(["ip", "link", "set", self.interface, "up"])
        programs.run(["nft", "-f", "-"], input=self._rules())

    def down(self) -> None:
        """Takes it down; what is not there is passed over."""
        programs.succeeds(["ip", "link", "delete", self.interface])
        programs.succeeds(["nft", "delete", "table", "ip", self.table])

    def _rules(self) -> str:
        return (
            f"table ip {self.table} {{\n"
            "  chain input {\n"
            "    type filter hook input priority filter; policy accept;\n"
            f'    ip daddr {self.address} iifname != "lo" iifname != "rigsim*" drop\n'
            "  }\n"
            "}\n"
        )


def free_address() -> str:
    """An address of POOL's upper half that nothing on this machine has; hosts fill POOL from its other end."""
    return str(POOL[free_index(range(POOL.num_addresses // 8)) * 4 + 1])
