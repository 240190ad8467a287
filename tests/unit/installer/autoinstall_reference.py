"""What may stand in an autoinstall document: our own reading of the documented reference, for tests.

Subiquity's own JSON schema is under the AGPL, and is not copied here. Ours is written after the published reference
(canonical-subiquity: autoinstall reference; curtin: storage), knows only the keys that we use, and is stricter: unknown
keys are refused, and storage is looked into, which the upstream schema leaves open.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class Keyboard(Strict):
    layout: str
    variant: str | None = None


class Match(Strict):
    serial: str


class Disk(Strict):
    type: Literal["disk"]
    id: str
    match: Match
    ptable: Literal["gpt"]
    wipe: Literal["superblock", "superblock-recursive", "zero", "random"]
    preserve: bool
    grub_device: bool


class Partition(Strict):
    type: Literal["partition"]
    id: str
    device: str
    number: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=-1)]
    flag: Literal["boot", "bios_grub", "swap"] | None = None
    wipe: Literal["superblock"]
    preserve: bool
    grub_device: bool = False


class Format(Strict):
    type: Literal["format"]
    id: str
    volume: str
    fstype: Literal["fat32", "ext4", "swap"]
    label: Annotated[str, Field(max_length=11)]
    """The longest that FAT allows."""


class Mount(Strict):
    type: Literal["mount"]
    id: str
    device: str
    path: Annotated[str, Field(pattern=r"^(/[^/]*)*$")]


Action = Annotated[Disk | Partition | Format | Mount, Field(discriminator="type")]


class Swap(Strict):
    size: int


class Storage(Strict):
    config: list[Action]
    swap: Swap


class Nameservers(Strict):
    addresses: list[str]
    search: list[str] = []


class Route(Strict):
    to: str
    via: str


class Matched(Strict):
    macaddress: Annotated[str, Field(pattern=r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")]


class Ethernet(Strict):
    match: Matched
    dhcp4: bool = False
    addresses: list[str] = []
    routes: list[Route] = []
    nameservers: Nameservers | None = None


class Network(Strict):
    version: Literal[2]
    ethernets: dict[str, Ethernet]


class Mirror(Strict):
    arches: list[str]
    uri: str


class Apt(Strict):
    geoip: bool
    preserve_sources_list: bool
    primary: list[Mirror] = []
    security: list[Mirror] = []


class Ssh(Strict):
    install_server: Annotated[bool, Field(alias="install-server")]
    allow_pw: Annotated[bool, Field(alias="allow-pw")]


class Autoinstall(Strict):
    version: Literal[1]
    early_commands: Annotated[list[str], Field(alias="early-commands")]
    locale: str
    keyboard: Keyboard
    timezone: str
    network: Network | None = None
    apt: Apt
    storage: Storage
    user_data: Annotated[dict[str, Any], Field(alias="user-data")]
    ssh: Ssh
    packages: list[str]
    updates: Literal["security", "all"]
    late_commands: Annotated[list[str], Field(alias="late-commands")]
    shutdown: Literal["reboot", "poweroff"]


class WrittenFile(Strict):
    path: Annotated[str, Field(pattern=r"^/run/rigwright/")]
    permissions: Annotated[str, Field(pattern=r"^0600$")]
    encoding: Literal["b64"] | None = None
    content: str


class UserData(Strict):
    write_files: list[WrittenFile]
    autoinstall: Autoinstall


def read(document: object) -> UserData:
    """The document, as the reference has it. Raises pydantic's ValidationError."""
    return TypeAdapter(UserData).validate_python(document)
