"""Layer `models`: what lies in the Hub's caches and in Ollama's folders, as sources to be locked."""

from __future__ import annotations

import posixpath
import re
from collections import Counter

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import Seen
from rigwright.facts.model_stores import StoredModel
from rigwright.spec.ollama import PATTERN

LAYER = "models"
_HUB = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
_ROOT = re.compile(r"^/[^\s]*[^/\s]$")


def captured(seen: Seen) -> Part:
    """Models by names made of theirs, and the folder that most of them lie in."""
    part = Part()
    wanted: Values = {}
    for stored in seen.stores:
        source = _source(stored, part)
        if source is None:
            continue
        name = _named(stored, wanted)
        wanted[name] = source
        part.comments[LAYER, "wanted", name] = f"In {stored.store}."
    if not wanted:
        return part
    root = Counter(posixpath.dirname(each.store) for each in seen.stores).most_common(1)[0][0]
    found: Values = {"wanted": wanted}
    if _ROOT.match(root):
        found["root"] = root
        part.comments[LAYER, "root"] = "Where most of them lie now: <root>/hub, or <root>/ollama."
    elsewhere = sorted({each.store for each in seen.stores if each.store not in (f"{root}/hub", f"{root}/ollama")})
    if elsewhere:
        part.say(LAYER, "elsewhere", f"Models lie in {', '.join(elsewhere)}, too: an apply pulls them anew into {root}",
                 f"Move them to {root}/hub (the Hub's) or {root}/ollama (Ollama's) before")  # fmt: skip
    part.say(LAYER, "lock", "Models are declared by what they are called", "Pin them before an apply: rig models lock")
    part.values = {LAYER: found}
    return part


def _source(stored: StoredModel, part: Part) -> Values | None:
    if stored.kind == "ollama":
        if re.match(PATTERN, stored.name):
            return {"ollama": stored.name}
    elif _HUB.match(stored.name):
        files = [name for name in stored.files if name.endswith(".gguf")]
        found: Values = {"hub": stored.name}
        if stored.revision:
            found["revision"] = stored.revision
        # Of a repository with many quantisations one file is wanted; of any other all files are.
        return found | ({"files": files} if files else {})
    part.say(LAYER, "name", f"Model {stored.name} in {stored.store} has a name that no key takes")
    return None


def _named(stored: StoredModel, taken: Values) -> str:
    last = stored.name.rpartition("/")[2].lower() if stored.kind == "hub" else stored.name.lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", last).strip("-._")[:60] or "model"
    return name if name not in taken else f"{name}-{len(taken)}"
