"""Section `install`: how the host gets its system, on which disk, and by which key it is known afterwards.

People, name, locale, time zone and swap are not said again here: they are in `access` and `base`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rigwright.spec.hardware import Label
from rigwright.spec.model import Model, key
from rigwright.spec.secret import Secret
from rigwright.spec.tuning import Word

Address = Annotated[
    str, Field(pattern=r"^[0-9A-Fa-f.:]+$", description="an IP address, '192.168.1.1' or '2001:db8::1'")
]
_A_SECRET = (
    "a reference to a secret: {'env': NAME}, {'file': path} or {'command': [...]}; a command prints one line, the "
    "file's base64"
)


class SystemDisk(Model):
    """The one disk that is erased, known by its serial number alone: /dev/sda is another one after the next boot."""

    serial: str | None = key(
        None,
        "its serial number, as `lsblk -d -o NAME,SERIAL` prints it",
        pattern=r"^[!-~]([ -~]*[!-~])?$",
        form="a serial number as `lsblk -d -o NAME,SERIAL` prints it",
    )
    drive: Label | None = key(
        None,
        "its name in hardware.storage, where its serial number stands",
        form="a name in hardware.storage, e.g. 'system'",
    )


class Layout(Model):
    """What is made on it: a GPT with the boot loader's partition, /boot, swap and, at the end, / (ext4)."""

    esp_mib: int = key(512, "EFI system partition, MiB; with firmware 'uefi'", ge=260, le=8192)
    boot_mib: int | None = key(None, "/boot (ext4), MiB; None: a folder of /", ge=512, le=16384)
    swap_gib: int | None = key(None, "swap partition, GiB; only with base.swap.kind 'keep'", ge=1, le=1024)
    root_gib: int | None = key(None, "/, GiB; None: all that is left of the disk", ge=8)


class Network(Model):
    """The way to the mirror, while it is installed and afterwards."""

    mac: str | None = key(
        None,
        "the interface, by its MAC address; None: the one that has a link. One that is named here is called 'lan0' on "
        "Debian: a card that is added to the board renames the others",
        pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$",
        form="a MAC address as `ip link` prints it, 'd0:50:99:12:34:56'",
    )
    address: str | None = key(
        None,
        "fixed address and the length of the network's prefix; None: DHCP",
        pattern=r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$",
        form="an address with the length of its network's prefix, '192.168.1.50/24'",
    )
    gateway: Address | None = key(None, "the router; with address")
    dns: list[Address] = key(
        default_factory=list, description="name servers; with address", form="a list of addresses, ['192.168.1.1']"
    )
    domain: str | None = key(
        None,
        "domain of names without a dot",
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        form="a domain, e.g. 'home.arpa'",
    )


class Mok(Model):
    """The key pair that DKMS signs modules with and that the firmware knows: with it, nothing is enrolled again."""

    private_key: Secret = key(description="where the private key is read from, PEM, no passphrase", form=_A_SECRET)
    certificate: Secret = key(description="where the enrolled certificate is read from, PEM", form=_A_SECRET)


_MIRROR = r"^https?://[^\s/@'\"]+(/[^\s@'\"]*)?$"


class Install(Model):
    """What `rig installer` makes media of."""

    release: str = key(description="the distribution's release by its code name, e.g. 'trixie'")
    disk: SystemDisk = key(description="the disk that is erased and installed on")
    firmware: Literal["uefi", "bios"] = key("uefi", "how the board starts it")
    layout: Layout = key(default_factory=Layout, description="the disk's partitions")
    network: Network = key(default_factory=Network, description="the network")
    keyboard: str = key(
        "us",
        "the console's keyboard layout, as XKB names it",
        pattern=r"^[a-z]{2,10}$",
        form="a keyboard layout as XKB names it, e.g. 'us' or 'de'",
    )
    mirror: str | None = key(
        None,
        "the archive, such as the one in the apt sources of a host that you have; Debian needs it",
        pattern=_MIRROR,
        form="a web address without user and password, 'http://mirror.lan/debian'",
    )
    security_mirror: str | None = key(
        None,
        "the archive of security updates; Debian needs it",
        pattern=_MIRROR,
        form="a web address without user and password, 'http://mirror.lan/debian-security'",
    )
    kernel_options: list[Word] = key(
        default_factory=list,
        description="words for the kernel of installer and installed system: what it takes to start here and be seen, "
        "e.g. ['console=ttyS0,115200']. Tuning's words are in tuning.kernel_cmdline",
        form="a list of words without spaces, quotes or dollar signs, e.g. ['console=ttyS0,115200']",
    )
    host_key: Secret | None = key(
        None,
        "where the host's private SSH key is read from, without a passphrase: the host is known by it before and after "
        "a reinstall; None: `rig installer` makes one and keeps it beside the media",
        form=_A_SECRET,
    )
    mok: Mok | None = key(None, "Secure Boot: the signing key that is carried over; None: DKMS makes a new one")
