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
        "hardware, install, base, access, driver, cuda, containers, tuning, power, clocks, fans, "
        "rigd, models, runtimes, gateway and backup; for the connection ssh_user and "
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
        "token-in-a-url",
        """
        "driver": {"branch": 580, "repository_url": "https://hunter2@mirror.example/cuda"},
        """,
        "basement: driver.repository_url = (not shown) [inventory/home.py:5]: expected no secret in the "
        "inventory. No secret belongs into the inventory: take it out, and change it if the file was "
        "shared.",
    ),
    Wrong(
        "password-with-a-slash-in-a-url",
        """
        "containers": {"registry_mirrors": ["https://me:hunter2/x@mirror.example"]},
        "driver": {"branch": 580},
        """,
        "basement: containers.registry_mirrors.0 = (not shown) [inventory/home.py:5]: expected no secret "
        "in the inventory. No secret belongs into the inventory: take it out, and change it if the file "
        "was shared.",
    ),
    Wrong(
        "key-named-like-a-secret",
        """
        "containers": {"daemon": {"api_token": "hunter2"}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.api_token = (not shown) [inventory/home.py:5]: expected no secret in "
        "the inventory. No secret belongs into the inventory: take it out, and change it if the file was "
        "shared.",
    ),
    Wrong(
        "list-named-like-a-secret",
        """
        "containers": {"daemon": {"tokens": ["hunter2"]}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.tokens.0 = (not shown) [inventory/home.py:5]: expected no secret in "
        "the inventory. No secret belongs into the inventory: take it out, and change it if the file was "
        "shared.",
    ),
    Wrong(
        "mapping-named-like-a-secret",
        """
        "containers": {"daemon": {"x": {"proxy-password": {"value": ["hunter2"]}}}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.x.proxy-password.value.0 = (not shown) [inventory/home.py:5]: expected no "
        "secret in the inventory. No secret belongs into the inventory: take it out, and change it if the "
        "file was shared.",
    ),
    Wrong(
        "unknown-mapping-named-like-a-secret",
        """
        "access": {
            "users": {
                "me": {"password": {"a": {"plain": "hunter2"}}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password = (not shown) [inventory/home.py:7]: expected a known key: "
        "state, keys, sudo, shell, groups and password_hash. No secret belongs into the inventory: take it "
        "out, and change it if the file was shared.",
    ),
    Wrong(
        "reference-under-an-unknown-key",
        """
        "access": {
            "users": {
                "me": {"password_hsh": {"env": "HASH"}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hsh = {'env': 'HASH'} [inventory/home.py:7]: expected a known "
        "key: state, keys, sudo, shell, groups and password_hash; did you mean "
        "access.users.me.password_hash? Rename it.",
    ),
    Wrong(
        "secret-for-its-reference",
        """
        "access": {
            "users": {
                "me": {"password_hash": {"value": "hunter2"}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hash.value = (not shown) [inventory/home.py:7]: expected a "
        "known key: env, file and command. No secret belongs into the inventory: take it out, and change "
        "it if the file was shared.",
    ),
    Wrong(
        "secret-for-a-command",
        """
        "access": {
            "users": {
                "me": {"password_hash": {"command": "echo hunter2"}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hash.command = (not shown) [inventory/home.py:7]: expected a "
        "list of a program and its arguments, e.g. ['pass', 'show', 'x'], or None. Put it into square "
        "brackets: [...].",
    ),
    Wrong(
        "no-command-for-a-secret",
        """
        "access": {
            "users": {
                "me": {"password_hash": {"command": []}},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.password_hash.command = (not shown) [inventory/home.py:7]: expected a "
        "list of a program and its arguments, e.g. ['pass', 'show', 'x'], or None. Correct the value.",
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
