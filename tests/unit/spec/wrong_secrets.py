"""Secrets in the open: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "password-hash-in-the-open",
        """
        "access": {
            "users": {
                "me": {"password_hash": "$6$abc$def"},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hash = (not shown) [inventory/home.py:7]: expected a "
        "reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}, or None. No secret "
        "belongs into the inventory: take it out, and change it if the file was shared.",
    ),
    Wrong(
        "private-key-for-a-public-one",
        """
        "access": {
            "users": {
                "me": {"keys": ["-----BEGIN OPENSSH PRIVATE KEY-----"]},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.keys.0 = (not shown) [inventory/home.py:7]: expected no secret in the "
        "inventory. No secret belongs into the inventory: take it out, and change it if the file was "
        "shared.",
    ),
    Wrong(
        "password-of-the-connection",
        """
        "ssh_password": "hunter2",
        "driver": {"branch": 580},
        """,
        "basement: ssh_password = (not shown) [inventory/home.py:5]: expected a known key: profiles, "
        "hardware, base, access, driver, cuda, containers and tuning; for the connection ssh_user and "
        "others. No secret belongs into the inventory: take it out, and change it if the file was shared.",
    ),
    Wrong(
        "password-in-a-url",
        """
        "containers": {"daemon": {"http-proxy": "http://me:hunter2@proxy.example:3128"}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.http-proxy = (not shown) [inventory/home.py:5]: expected no secret "
        "in the inventory. No secret belongs into the inventory: take it out, and change it if the file "
        "was shared.",
    ),
    Wrong(
        "two-places-for-a-secret",
        """
        "access": {
            "users": {
                "me": {"password_hash": {"env": "HASH", "file": "/hash"}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hash = {'env': 'HASH', 'file': '/hash'} "
        "[inventory/home.py:7]: expected exactly one of env, file and command. Choose one.",
    ),
]
