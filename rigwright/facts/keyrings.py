"""Which keys apt trusts for a source."""

from __future__ import annotations

import shlex

from pyinfra.api import FactBase


class Keyrings(FactBase[dict[str, list[str]]]):
    """Keyring file → fingerprints of its primary keys; a missing or unreadable file has none.

    Raw lines: ``@/etc/apt/keyrings/x.gpg``, then gpg's colon records (``pub:…``, ``fpr:::::::::EB69…:``).
    """

    def command(self, paths: list[str]) -> str:
        """List all files' keys; without gpg on the host nothing is known, and so nothing is trusted."""
        listed = " ".join(shlex.quote(path) for path in paths)
        return (
            f'd=$(mktemp -d); for p in {listed}; do echo "@$p"; [ -f "$p" ] && command -v gpg >/dev/null && '
            'gpg --homedir "$d" --no-options --no-keyring --with-colons --show-keys "$p" 2>/dev/null; done; '
            'rm -rf "$d"'
        )

    @staticmethod
    def default() -> dict[str, list[str]]:
        """Nothing was asked for."""
        return {}

    def process(self, output: list[str]) -> dict[str, list[str]]:
        """Take the fingerprint record that follows each primary key."""
        found: dict[str, list[str]] = {}
        keys: list[str] = []
        after_primary = False
        for line in output:
            if line.startswith("@"):
                keys = found.setdefault(line[1:], [])
            elif line.startswith("pub:"):
                after_primary = True
            elif line.startswith("fpr:") and after_primary:
                keys.append(line.split(":")[9])
                after_primary = False
        return found
