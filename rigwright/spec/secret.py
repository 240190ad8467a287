"""References to secrets: where a value comes from, never the value itself."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from rigwright.spec.model import Model, key


class Secret(Model):
    """Where a secret is read from, at the moment it is needed: exactly one of the three."""

    atomic: ClassVar[bool] = True

    env: str | None = key(
        None,
        "environment variable of the machine that runs `rig`",
        min_length=1,
        form="the name of an environment variable",
    )
    file: str | None = key(
        None,
        "file on the machine that runs `rig`, readable by its owner alone",
        min_length=1,
        form="the path of a file",
    )
    command: list[str] | None = key(
        None,
        "command whose first output line is the secret, e.g. ['pass', 'show', 'x']",
        min_length=1,
        form="a list of a program and its arguments, e.g. ['pass', 'show', 'x']",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Secret:
        if sum(source is not None for source in (self.env, self.file, self.command)) != 1:
            raise ValueError("exactly one of env, file and command")
        return self
