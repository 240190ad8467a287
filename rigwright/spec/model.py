"""What every part of a declaration is made of: strict, frozen models whose keys say how they are proved."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["present", "absent"]


class Model(BaseModel):
    """A part of the declaration: unknown keys and inexact types are refused, and nothing changes it afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)

    atomic: ClassVar[bool] = False
    """Whether a later source replaces it whole, instead of key by key."""


def key(
    default: Any = ...,
    description: str = "",
    *,
    unproved: str | None = None,
    form: str | None = None,
    default_factory: Any = None,
    **constraints: Any,
) -> Any:
    """Declare one key: its default, its meaning (shown by `rig schema`) and its bounds.

    Every key is proved on the host by a test in tests/host, unless ``unproved`` says why no probe can show it.
    ``form`` says in words what a pattern or a nested type wants: errors quote it after "expected".
    """
    extra: Any = {name: text for name, text in (("unproved", unproved), ("form", form)) if text} or None
    if default_factory is not None:
        return Field(default_factory=default_factory, description=description, json_schema_extra=extra, **constraints)
    return Field(default, description=description, json_schema_extra=extra, **constraints)
