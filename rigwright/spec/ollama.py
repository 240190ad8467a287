"""What the Ollama registry calls a model, and what it is made of: `qwen3:8b` is short for `library/qwen3:8b`."""

from __future__ import annotations

from dataclasses import dataclass

PATTERN = r"^([A-Za-z0-9_][A-Za-z0-9_-]{0,79}/)?[A-Za-z0-9_][A-Za-z0-9._-]{0,79}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,79})?$"
"""Source: isValidPart of types/model/name.go, without a registry before it."""
HOST = "registry.ollama.ai"
"""The registry's name, under which Ollama looks on its disk, whichever mirror a model came from."""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MODEL = "application/vnd.ollama.image.model"
ADAPTER = "application/vnd.ollama.image.adapter"
PROJECTOR = "application/vnd.ollama.image.projector"
PARAMETERS = "application/vnd.ollama.image.params"
"""Types of what a model is made of, of those that matter here."""
_NAMESPACE, _TAG = "library", "latest"


@dataclass(frozen=True)
class OllamaName:
    """A model by all of its parts."""

    namespace: str
    model: str
    tag: str

    @classmethod
    def of(cls, text: str) -> OllamaName:
        """Of a text that matches `PATTERN`; what it leaves out is what Ollama takes for it."""
        before, _, tag = text.partition(":")
        namespace, _, model = before.rpartition("/")
        return cls(namespace or _NAMESPACE, model, tag or _TAG)

    @property
    def repository(self) -> str:
        """As the registry's addresses have it, e.g. 'library/qwen3'."""
        return f"{self.namespace}/{self.model}"

    @property
    def whole(self) -> str:
        """With nothing left out, e.g. 'library/qwen3:8b'."""
        return f"{self.repository}:{self.tag}"

    @property
    def served(self) -> str:
        """The name by which Ollama serves it, e.g. 'qwen3:8b'."""
        return self.whole.removeprefix(f"{_NAMESPACE}/")
