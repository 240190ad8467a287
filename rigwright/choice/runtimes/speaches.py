"""Speaches: OpenAI's audio API over faster-whisper and others, which it takes from a Hugging Face cache."""

from __future__ import annotations

import posixpath

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.models import HUB
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import Mount, Service
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

CACHE = "/home/ubuntu/.cache/huggingface/hub"


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The server. Raises `NoImage`."""
    return base(
        rig, name, runtime, kind,
        environment={"HF_HUB_OFFLINE": "1"},
        mounts=[Mount(posixpath.join(rig.models.root, HUB), CACHE)], root=True, writable=True,
    )  # fmt: skip
