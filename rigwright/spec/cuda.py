"""Layer `cuda`: toolkits on the host itself (containers bring their own)."""

from __future__ import annotations

from rigwright.spec.model import Model, State, key


class Cuda(Model):
    """Any number of CUDA toolkits side by side."""

    state: State = key("present", "'absent' removes every toolkit and the link")
    toolkits: list[str] = key(default_factory=list, description="toolkit versions, e.g. ['12.8', '13.0']; empty: none")
    default: str | None = key(None, "the one /usr/local/cuda points to; None: no link of ours")
