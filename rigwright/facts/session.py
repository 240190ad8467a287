"""The connection that asks: where it comes from, and which of the host's ports it uses."""

from __future__ import annotations

from dataclasses import dataclass

from pyinfra.api import FactBase


@dataclass(frozen=True)
class SessionState:
    """Both ends of the SSH connection in use, as the host sees them."""

    client: str
    port: int


class Session(FactBase[SessionState | None]):
    """The SSH connection in use; None where the host is reached in another way.

    sudo takes the variable away, so it is looked for in the environments of the command's ancestors.
    Raw line: ``192.0.2.7 50122 192.0.2.20 22``.
    """

    def command(self) -> str:
        """Print the nearest ancestor's SSH_CONNECTION."""
        return (
            'p=$$; while [ "${p:-0}" -gt 1 ]; do '
            "found=$(tr '\\0' '\\n' 2>/dev/null < /proc/$p/environ | sed -n 's/^SSH_CONNECTION=//p'); "
            '[ "$found" ] && { echo "$found"; break; }; '
            "p=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$p/status); done; true"
        )

    def process(self, output: list[str]) -> SessionState | None:
        """Take address and port."""
        fields = output[0].split() if output else []
        return SessionState(fields[0], int(fields[3])) if len(fields) == 4 else None
