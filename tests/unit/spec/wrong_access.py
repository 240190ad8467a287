"""Ways in that are none: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "nobody-could-come-in",
        """
        "ssh_user": "me",
        "access": {"ssh": {"root_login": "no"}},
        "driver": {"branch": 580},
        """,
        "basement: access.ssh.root_login = 'no' [inventory/home.py:6]: expected a way in: no user has a "
        "key, passwords are not accepted, and root may not log in. Give a user under access.users a key.",
    ),
    Wrong(
        "root-locks-itself-out",
        """
        "access": {
            "users": {
                "me": {
                    "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLFReplaceThisWithYourOwnPublicKeyPleas me"],
                },
            },
            "ssh": {"root_login": "no"},
        },
        "driver": {"branch": 580},
        """,
        "basement: access.ssh.root_login = 'no' [inventory/home.py:11]: expected 'prohibit-password' "
        "while ssh_user is 'root': the next run could not log in. Declare a user with a key under "
        "access.users, and connect as that user.",
    ),
    Wrong(
        "connecting-user-loses-sudo",
        """
        "ssh_user": "me",
        "access": {
            "users": {
                "me": {
                    "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLFReplaceThisWithYourOwnPublicKeyPleas me"],
                    "sudo": "password",
                },
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.sudo = 'password' [inventory/home.py:10]: expected 'nopasswd' while "
        "ssh_user is 'me': a run cannot type a password. Set it so, or connect as another user.",
    ),
    Wrong(
        "key-cut-off",
        """
        "access": {
            "users": {"me": {"keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEReplaceThisWithYour"]}},
        },
        "driver": {"branch": 580},
        """,
        "basement: access.users.me.keys.0 = 'ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEReplaceThisWithYour' [inventory/home.py:6]: expected a public "
        "SSH key as in authorized_keys: what follows the type is not base64; part of it may be missing. "
        "Copy the .pub file.",
    ),
    Wrong(
        "source-is-no-network",
        """
        "access": {
            "firewall": {"ports": {"web": {"port": 443, "sources": ["192.168.1.5/24"]}}},
        },
        "driver": {"branch": 580},
        """,
        "basement: access.firewall.ports.web.sources.0 = '192.168.1.5/24' [inventory/home.py:6]: expected "
        "an address or a network, e.g. '192.168.1.0/24' or '2001:db8::/64'. The network of that address "
        "is 192.168.1.0/24.",
    ),
    Wrong(
        "port-twice",
        """
        "access": {
            "firewall": {
                "ports": {
                    "web": {"port": 443},
                    "https": {"port": 443},
                },
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.firewall.ports.https.port = 443 [inventory/home.py:9]: expected each tcp port "
        "once: access.firewall.ports.web is the same. Put both lists of sources into one entry.",
    ),
]
