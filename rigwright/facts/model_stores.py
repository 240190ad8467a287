"""Models that are on a host, wherever their programs keep them: caches of the Hub, Ollama's folders."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from pyinfra.api import FactBase

USUAL = ("/srv/models", "/var/lib/models", "/data/models", "/opt/models")

_COMMAND = r"""
export LC_ALL=C
for hub in /root/.cache/huggingface/hub /home/*/.cache/huggingface/hub @ROOTS@; do
    for model in "$hub"/models--*; do
        [ -d "$model/snapshots" ] || continue
        revision=$(cat "$model/refs/main" 2>/dev/null)
        [ -d "$model/snapshots/$revision" ] && [ "$revision" ] || revision=$(ls "$model/snapshots" | head -n 1)
        echo "H $hub|${model##*/models--}|$revision"
        [ "$revision" ] && (cd "$model/snapshots/$revision" && find -L . -type f | sed 's|^[.]/|N |')
    done
done
for store in /usr/share/ollama/.ollama/models /root/.ollama/models /home/*/.ollama/models @OLLAMAS@; do
    [ -d "$store/manifests" ] && (cd "$store/manifests" && find . -type f | sed "s|^[.]/|O $store\||")
done
true
"""


@dataclass(frozen=True)
class StoredModel:
    """One model. ``store``: the folder that it is in; ``name``: of the Hub's repository, or in Ollama's registry.

    ``revision`` and ``files``: of the Hub's alone.
    """

    kind: str
    store: str
    name: str
    revision: str = ""
    files: tuple[str, ...] = ()


class ModelStores(FactBase[list[StoredModel]]):
    """All of them. Raw lines: ``H /root/.cache/huggingface/hub|Qwen--Qwen3-8B-GGUF|<commit>``, ``N model.gguf``,
    ``O /usr/share/ollama/.ollama/models|registry.ollama.ai/library/qwen3/8b``."""

    def command(self, roots: Sequence[str] = USUAL) -> str:
        """Look into the usual places and these folders."""
        hubs = " ".join(shlex.quote(f"{root}/hub") for root in roots)
        ollamas = " ".join(shlex.quote(f"{root}/ollama") for root in roots)
        return _COMMAND.replace("@ROOTS@", hubs).replace("@OLLAMAS@", ollamas)

    @staticmethod
    def default() -> list[StoredModel]:
        """None."""
        return []

    def process(self, output: list[str]) -> list[StoredModel]:
        """Read the blocks."""
        found: list[StoredModel] = []
        hub: tuple[str, str, str] = ("", "", "")
        files: list[str] = []

        def ended() -> None:
            if hub[1]:
                found.append(StoredModel("hub", hub[0], hub[1].replace("--", "/", 1), hub[2], tuple(sorted(files))))
            files.clear()

        for line in output:
            kind, _, rest = line.partition(" ")
            if kind == "H":
                ended()
                store, name, revision = rest.split("|")
                hub = (store, name, revision)
            elif kind == "N":
                files.append(rest)
            elif kind == "O":
                ended()
                hub = ("", "", "")
                store, _, path = rest.partition("|")
                found.append(StoredModel("ollama", store, _ollama_name(path)))
        ended()
        return found


def _ollama_name(path: str) -> str:
    """``qwen3:8b`` of ``registry.ollama.ai/library/qwen3/8b``."""
    name, _, tag = path.rpartition("/")
    return f"{name.removeprefix('registry.ollama.ai/').removeprefix('library/')}:{tag}"
