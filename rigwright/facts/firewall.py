"""nftables: our table as the kernel has it, and as it would be."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from pyinfra.api import FactBase

from rigwright.facts.undo import undo_script

TABLE = "inet rigwright"

# The wanted rules are loaded in an empty network namespace, and listed by the same nft from the same kernel: so the two
# listings differ in what the rules say, and in nothing else.
_COMMAND = r"""
export LC_ALL=C
grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && echo "O ufw"
systemctl is-active -q firewalld.service 2>/dev/null && echo "O firewalld"
[ -e @UNPROVEN@ ] && echo unproven
command -v nft >/dev/null || exit 0
echo "N $(command -v nft)"
echo "L $(nft -j list table @TABLE@ 2>/dev/null)"
wanted=$(printf %s '@TEXT@' | base64 -d | unshare -n sh -c 'nft -f - && nft -j list table @TABLE@' 2>&1) &&
    echo "W $wanted" || echo "$wanted" | sed 's/^/E /'
true
"""


@dataclass(frozen=True)
class FirewallState:
    """What `Firewall` found.

    ``nft``: path of the program, None without it; ``live`` and ``wanted``: the table as a list of nft's JSON objects
    without handles, None where there is none; ``error``: why the wanted rules cannot be loaded; ``others``: firewalls
    of other programs that are in force; ``unproven``: a change waits for its proof.
    """

    nft: str | None = None
    live: list[dict[str, Any]] | None = None
    wanted: list[dict[str, Any]] | None = None
    error: str = ""
    others: tuple[str, ...] = ()
    unproven: bool = False

    def differences(self) -> list[str]:
        """What is wrong with the rules in force, in words: rules by their comments."""
        if self.live is None:
            return ["no rules in force"]
        live, wanted = _by_name(self.live), _by_name(self.wanted or [])
        found = [f"{name} missing" for name in wanted if name not in live]
        found += [f"{name} not declared" for name in live if name not in wanted]
        found += [f"{name} differs" for name in wanted if name in live and live[name] != wanted[name]]
        if not found and self.live != self.wanted:
            found.append("rules in another order")
        return found


class Firewall(FactBase[FirewallState]):
    """Our table in force, and what ``text`` (a whole nft file) would make of it.

    Raw lines: ``N /usr/sbin/nft``, ``L {"nftables": […]}``, ``W {"nftables": […]}`` or ``E Error: syntax error …``.
    """

    def command(self, text: str) -> str:
        """List both."""
        encoded = base64.b64encode(text.encode()).decode()
        command = _COMMAND.replace("@TEXT@", encoded).replace("@TABLE@", TABLE)
        return command.replace("@UNPROVEN@", undo_script("firewall"))

    def process(self, output: list[str]) -> FirewallState:
        """Read both listings."""
        lines: dict[str, list[str]] = {}
        for line in output:
            kind, _, rest = line.partition(" ")
            lines.setdefault(kind, []).append(rest)
        return FirewallState(
            nft=lines["N"][0] if "N" in lines else None,
            live=_objects("\n".join(lines.get("L", []))),
            wanted=_objects("\n".join(lines.get("W", []))),
            error="; ".join(line for line in lines.get("E", []) if line.strip()),
            others=tuple(lines.get("O", ())),
            unproven="unproven" in lines,
        )


def _objects(text: str) -> list[dict[str, Any]] | None:
    if not text.strip():
        return None
    found = [item for item in json.loads(text)["nftables"] if "metainfo" not in item]
    for item in found:
        for value in item.values():
            value.pop("handle", None)
    return found


def _by_name(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Objects under the words for them: rules by comment, chains and sets by name."""
    found: dict[str, dict[str, Any]] = {}
    for item in objects:
        ((kind, value),) = item.items()
        if kind == "table":
            continue
        label = value.get("comment") or value.get("name")
        name = f"{kind} '{label}'" if label else f"{kind} {json.dumps(value.get('expr'))}"
        found[f"a second {name}" if name in found else name] = value
    return found
