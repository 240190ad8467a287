"""What an installation puts into the new system beside the distribution: the same files and script for every way.

`finish.sh FOLDER [DEVICE]` is run in the new system, as root, with all of these files in FOLDER.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rigwright.catalog.releases import Release
from rigwright.choice.base import ALWAYS_COMPILED
from rigwright.choice.install.network import interfaces_file, link_file, resolv_conf
from rigwright.choice.install.people import Person, installed_people
from rigwright.facts.accounts import SUDOERS
from rigwright.installer.host_key import HostKey
from rigwright.installer.mok import PLACES, MokPair
from rigwright.operations.accounts import SUDO_RULES
from rigwright.spec.rig import Rig
from rigwright.templates import render

FOLDER = "/root/rigwright-install"
"""Where they lie in the new system while it is finished."""


@dataclass(frozen=True)
class Order:
    """One installation: whose, of what, by which keys.

    ``mark``: of these very media ('rig-1a2b3c4d', at most 16 characters): / is labelled with it when all is done, and
    media that meet their own mark install nothing. ``wipe``: as `target_disk` has it.
    """

    rig: Rig
    release: Release
    ssh_user: str
    host_key: HostKey
    mark: str
    mok: MokPair | None = None
    wipe: bool = False

    @property
    def people(self) -> tuple[Person, ...]:
        """The accounts that it makes."""
        return installed_people(self.rig, self.ssh_user)

    @property
    def packages(self) -> tuple[str, ...]:
        """What is installed beside the distribution's minimum: the way in. The rest is the first apply's."""
        sudo = ["sudo"] if any(person.sudo != "none" for person in self.people) else []
        locales = ["locales"] if self.rig.base.locale not in ALWAYS_COMPILED else []
        return ("openssh-server", *sudo, *locales)


@dataclass(frozen=True)
class File:
    """One file of the payload. ``secret``: nobody but root may read it."""

    data: bytes = field(repr=False)
    secret: bool = False


def payload(order: Order) -> dict[str, File]:
    """Name → file; `finish.sh` is among them."""
    rig, network = order.rig, order.rig.install.network if order.rig.install else None
    files = {
        "finish.sh": File(finish_script(order).encode()),
        order.host_key.file: File(order.host_key.private, secret=True),
        f"{order.host_key.file}.pub": File(f"{order.host_key.public} root@{rig.base.hostname}\n".encode()),
    }
    for person in order.people:
        files[f"keys-{person.name}"] = File("".join(f"{line.strip()}\n" for line in person.keys).encode())
        if _has_rule(person):
            files[f"sudo-{person.name}"] = File(SUDO_RULES[person.sudo].format(user=person.name).encode())
    if network is not None and _named_interface(order):
        files["10-rigwright-lan.link"] = File(link_file(network).encode())
        files["interfaces"] = File(interfaces_file(network).encode())
        if network.address is not None:
            files["resolv.conf"] = File(resolv_conf(network).encode())
    if order.mok is not None:
        files["mok.key"] = File(order.mok.key, secret=True)
        files["mok.der"] = File(order.mok.certificate)
    return files


def finish_script(order: Order) -> str:
    """`finish.sh`."""
    rig = order.rig
    places = PLACES[order.release.id] if order.mok else (None, None)
    host_key = order.host_key.file
    assert rig.install is not None, "asked for by whoever installs"
    domain = rig.install.network.domain
    return render(
        "installer/finish.sh.j2",
        {
            "host": rig.name,
            "host_keys": [{"name": host_key, "mode": "600"}, {"name": f"{host_key}.pub", "mode": "644"}],
            "people": [
                {"name": person.name, "rule": f"{SUDOERS}{person.name}" if _has_rule(person) else None}
                for person in order.people
            ],
            "hostname": rig.base.hostname,
            "names": f"{rig.base.hostname}.{domain} {rig.base.hostname}" if domain else rig.base.hostname,
            "kernel_options": rig.install.kernel_options,
            "locale": rig.base.locale,
            "locale_made": rig.base.locale not in ALWAYS_COMPILED,
            "link": _named_interface(order),
            "fixed": rig.install.network.address is not None,
            "mok_private": places[0],
            "mok_certificate": places[1],
            "mark": order.mark,
        },
    )


def _has_rule(person: Person) -> bool:
    return person.name != "root" and person.sudo != "none"


def _named_interface(order: Order) -> bool:
    """Debian's ifupdown goes by names alone; Ubuntu's netplan knows MAC addresses itself."""
    install = order.rig.install
    return install is not None and install.network.mac is not None and order.release.id == "debian"
