"""The declared network, in the words of those who configure it."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any

from rigwright.spec.install import Network

INTERFACE = "lan0"
"""What an interface that is declared by its MAC address is called on Debian."""


def link_file(network: Network) -> str:
    """systemd.link(5): the interface's own name, whatever slot it is found in."""
    assert network.mac is not None, "asked for by whoever has one"
    return f"[Match]\nMACAddress={network.mac.lower()}\nType=ether\n\n[Link]\nName={INTERFACE}\n"


def interfaces_file(network: Network) -> str:
    """interfaces(5) for ifupdown, by that name."""
    lines = ["source /etc/network/interfaces.d/*", "", "auto lo", "iface lo inet loopback", "", f"auto {INTERFACE}"]
    if network.address is None:
        lines.append(f"iface {INTERFACE} inet dhcp")
    else:
        family = "inet" if ip_interface(network.address).version == 4 else "inet6"
        lines += [
            f"iface {INTERFACE} {family} static",
            f"    address {network.address}",
            f"    gateway {network.gateway}",
            f"    dns-nameservers {' '.join(network.dns)}",
        ]
        if network.domain is not None:
            lines.append(f"    dns-search {network.domain}")
    return "\n".join(lines) + "\n"


def resolv_conf(network: Network) -> str:
    """resolv.conf(5), for a fixed address: without resolvconf nobody reads dns-nameservers."""
    search = [f"search {network.domain}"] if network.domain else []
    return "\n".join([*search, *(f"nameserver {each}" for each in network.dns)]) + "\n"


def netplan(network: Network) -> dict[str, Any]:
    """Netplan's mapping, version 2, of an interface that is declared by its MAC address."""
    assert network.mac is not None, "asked for by whoever has one"
    settings: dict[str, Any] = {"match": {"macaddress": network.mac.lower()}}
    if network.address is None:
        settings["dhcp4"] = True
    else:
        default = "0.0.0.0/0" if ip_interface(network.address).version == 4 else "::/0"
        settings["addresses"] = [network.address]
        settings["routes"] = [{"to": default, "via": network.gateway}]
        settings["nameservers"] = {"addresses": list(network.dns)}
        if network.domain is not None:
            settings["nameservers"]["search"] = [network.domain]
    return {"version": 2, "ethernets": {"lan": settings}}
