"""Open WebUI: a page for people, in front of runtimes that speak OpenAI's API.

Its first user becomes administrator: he is made by what it is told (WEBUI_ADMIN_…), before it listens. What is declared
holds over what was set in the page (ENABLE_PERSISTENT_CONFIG). docs.openwebui.com, environment configuration.
"""

from __future__ import annotations

from rigwright.catalog.runtimes import RuntimeKind
from rigwright.choice.keepsake import Lasting
from rigwright.choice.runtimes.common import base
from rigwright.choice.runtimes.service import Service
from rigwright.choice.runtimes.upstream import base_urls
from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Runtime

LASTING = Lasting(paths=["data"], exclude=["data/cache/embedding", "data/cache/whisper", "data/cache/tiktoken"])
"""Users, talks, files, its vectors. What it fetches for itself it fetches again."""


def make(rig: Rig, name: str, runtime: Runtime, kind: RuntimeKind) -> Service:
    """The page. Raises `NoImage`."""
    urls = base_urls(rig, runtime)
    environment = {
        "PORT": str(kind.listens),
        "OPENAI_API_BASE_URLS": ";".join(urls),
        "OPENAI_API_KEYS": ";".join("none" for _ in urls),
        "ENABLE_OLLAMA_API": "False",
        "ENABLE_SIGNUP": "False",
        "ENABLE_PERSISTENT_CONFIG": "False",
        "WEBUI_ADMIN_NAME": "Administrator",
        # Its own choice, bcrypt, takes 72 bytes at most: with a longer password there would be no administrator, and
        # then whoever signs up first becomes it, ENABLE_SIGNUP or not.
        "PASSWORD_HASH_ALGORITHM": "argon2",
        "SCARF_NO_ANALYTICS": "true",
        "DO_NOT_TRACK": "true",
        "ANONYMIZED_TELEMETRY": "False",
    }
    return base(
        rig, name, runtime, kind,
        environment=environment, data={"data": "/app/backend/data"}, root=True, writable=True,
    )  # fmt: skip
