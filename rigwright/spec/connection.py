"""How the machine that runs `rig` reaches a host: pyinfra's own host data keys, which stand beside the Rig's."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from rigwright.spec.model import Model, key


class Connection(Model):
    """pyinfra's keys for its SSH connector, as far as they may stand in an inventory (no passwords)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_by_name=True, validate_by_alias=True)

    ssh_hostname: str | None = Field(None, description="name or address; None: the host's name")
    ssh_port: int | None = Field(None, description="SSH port; None: ssh's own", ge=1, le=65535)
    ssh_user: str = Field("root", description="login user")
    ssh_key: str | None = Field(None, description="private key file; None: ssh's own choice")
    ssh_known_hosts_file: str | None = Field(None, description="known_hosts file; None: ssh's own")
    ssh_config_file: str | None = Field(None, description="ssh_config file; None: ssh's own")
    ssh_strict_host_key_checking: Literal["yes", "accept-new"] = Field(
        "yes", description="what to do with an unknown host key; a changed one is always refused"
    )
    ssh_host_key: str | None = key(
        None,
        "the key that a host shows once it is installed: `rig rebuild` believes it; None: somebody vouches for it",
        pattern=r"^(SHA256:[A-Za-z0-9+/]{43}=?"
        r"|(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( .*)?)$",
        form="a public host key, 'ssh-ed25519 AAAA...', or its fingerprint, 'SHA256:...'",
    )
    sudo: bool | None = Field(None, alias="_sudo", description="become root by sudo; None: unless ssh_user is root")

    @property
    def becomes_root(self) -> bool:
        """Whether commands go through sudo."""
        return self.ssh_user != "root" if self.sudo is None else self.sudo
