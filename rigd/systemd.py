"""What systemd is told: ready, alive, ending (sd_notify)."""

from __future__ import annotations

import os
import socket


class Notifier:
    """Talks to NOTIFY_SOCKET; does nothing where there is none."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None

    def tell(self, *lines: str) -> None:
        """Send these lines, such as ``READY=1``. A manager that does not listen is no reason to stop cooling."""
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return
