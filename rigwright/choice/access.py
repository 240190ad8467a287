"""What the access layer gets from a declaration: packages, and the firewall's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network

from rigwright.choice.keepsake import Keepsake
from rigwright.spec.access import Access
from rigwright.spec.rig import Rig

SSH_PORT = 22
"""Where sshd listens until somebody moves it."""
ADMIN_GROUPS = ("sudo", "admin", "wheel")
"""Groups to which distributions' own sudoers give root's rights."""


def asked_for(access: Access) -> dict[str, str]:
    """Packages of the access layer, each with the key that asks for it."""
    wanted = {"openssh-server": "access.ssh"}
    for name, user in access.users.items():
        if user.sudo != "none" and user.state == "present":
            wanted["sudo"] = f"access.users.{name}.sudo"
    if access.firewall.state == "present":
        wanted["nftables"] = "access.firewall.state"
    return wanted


def keepsakes(rig: Rig) -> list[Keepsake]:
    """The keys by which the host is known to those who come in."""
    return [Keepsake("ssh", paths=["/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub"], reloaded=["ssh.service"])]


def packages(access: Access) -> tuple[str, ...]:
    """Packages of the access layer."""
    return tuple(sorted(asked_for(access)))


@dataclass(frozen=True)
class OtherPort:
    """Where a host may answer when its declared way in is closed: sshd was not moved yet, or has been."""

    port: int
    why: str
    may_be_forwarded: bool
    """The declared port may be one that is forwarded to sshd's; then this one may be another machine's."""

    def remark(self, first: int, *, waited: bool) -> str:
        """What to say of a host that answers here. ``waited``: the ``first`` port did not even refuse."""
        hint = f" (port {first} does not answer; declaring ssh_port = {self.port} saves the wait)" if waited else ""
        return f"answers on port {self.port}, {self.why}{hint}"


def other_port(way_in: int, access: Access) -> OtherPort | None:
    """The other port to look at when nobody listens at ``way_in``, the port by which the host is to be reached."""
    if access.ssh.port != way_in:
        return OtherPort(access.ssh.port, "as declared in access.ssh.port", way_in != SSH_PORT)
    if way_in != SSH_PORT:
        return OtherPort(SSH_PORT, "where a bare distribution listens", may_be_forwarded=False)
    return None


def firewall_rules(rig: Rig, session_port: int | None) -> tuple[str, ...]:
    """nftables rules for what the declaration opens, each with a comment that names it.

    ``session_port``: the port that the connection in use came in by; it stays open until sshd has been proven to answer
    at the declared one and connections use that.
    """
    firewall = rig.access.firewall
    ssh_ports = sorted({rig.access.ssh.port, session_port or rig.access.ssh.port})
    rules = list(_opened("ssh", "tcp", ssh_ports, firewall.ssh_sources))
    for name, port in sorted(firewall.ports.items()):
        rules += _opened(f"port {name}", port.protocol, [port.port], port.sources)
    if rig.gateway.routes:
        rules += _opened("gateway", "tcp", [rig.gateway.port], rig.gateway.sources)
    if rig.containers.state == "present" and rig.containers.engine == "podman":
        # podman's name server answers its containers on the bridge, on the host's side; Docker's does not.
        for protocol in ("udp", "tcp"):
            rules.append(f'iifname "podman*" {protocol} dport 53 accept comment "podman dns {protocol}"')
    return tuple(rules)


def lets_in(sources: Iterable[str], address: str) -> bool:
    """Whether an address is among the declared sources; none declared: everybody is."""
    networks = [ip_network(source, strict=False) for source in sources]
    client = ip_address(address.partition("%")[0])
    if mapped := getattr(client, "ipv4_mapped", None):
        client = mapped
    return not networks or any(client in network for network in networks)


def _opened(name: str, protocol: str, ports: list[int], sources: Iterable[str]) -> Iterator[str]:
    listed = str(ports[0]) if len(ports) == 1 else f"{{ {', '.join(map(str, ports))} }}"
    networks = [ip_network(source, strict=False) for source in sources]
    if not networks:
        yield f'{protocol} dport {listed} accept comment "{name}"'
        return
    v4 = collapse_addresses([n for n in networks if isinstance(n, IPv4Network)])
    v6 = collapse_addresses([n for n in networks if isinstance(n, IPv6Network)])
    for family, found in (("ip", list(v4)), ("ip6", list(v6))):
        if found:
            addresses = ", ".join(map(str, found))
            yield f'{family} saddr {{ {addresses} }} {protocol} dport {listed} accept comment "{name} {family}"'
