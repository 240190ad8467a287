"""The gateway's keys: who may ask, by the header that they send, in a file that nobody but Caddy may read."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import refuse
from rigwright.operations import files
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.secret import Secret

FORM = re.compile(r"^[A-Za-z0-9._~+/=-]{20,}$")
"""A bearer token's letters (RFC 6750, section 2.1), and enough of them not to be guessed."""


@operation()
def keys(dest: str, clients: Mapping[str, Secret]) -> Generator[StringCommand, None, None]:
    """Write them for Caddy; refused where a key cannot be read, is no bearer token, too short, or another client's."""
    seen: dict[str, str] = {}
    for name, secret in clients.items():
        where = f"gateway.clients.{name}.api_key"
        try:
            value = read_secret(secret)
        except SecretUnreadable as error:
            refuse(host, f"{where}: {error}")
        if not FORM.match(value):
            refuse(
                host,
                f"{where}: expected at least 20 letters, digits and ._~+/=-, which a bearer token is made of "
                "(`openssl rand -hex 24` makes one)",
            )
        if value in seen:
            refuse(host, f"{where}: it is the key of {seen[value]}, too; each client has its own")
        seen[value] = name
    lines = [f'\t"Bearer {value}" {name}\n' for value, name in seen.items()]
    text = "map {http.request.header.Authorization} {client} {\n" + "".join(lines) + '\tdefault ""\n}\n'
    yield from files.content._inner(dest=dest, text=text, mode="600", user="caddy", group="caddy")
