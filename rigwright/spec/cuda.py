"""Layer `cuda`: toolkits on the host itself (containers bring their own)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rigwright.spec.model import Model, State, key

Toolkit = Annotated[str, Field(pattern=r"^\d{1,2}\.\d{1,2}$", description="a toolkit version as text, e.g. '12.8'")]
TOOLKIT_FORM = "a toolkit version as text, e.g. '12.8'"


class Cuda(Model):
    """Any number of CUDA toolkits side by side."""

    state: State = key("present", "'absent' removes every toolkit and the link")
    toolkits: list[Toolkit] = key(
        default_factory=list,
        description="toolkit versions, e.g. ['12.8', '13.0']; empty: none",
        form="a list of toolkit versions as text, e.g. ['12.8', '13.0']",
    )
    default: Toolkit | None = key(None, "the one /usr/local/cuda points to; None: no link of ours", form=TOOLKIT_FORM)
