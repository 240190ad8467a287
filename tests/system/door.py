"""The gateway of a throw-away host as its clients have it."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import httpx2
import openai

from rigwright.choice.gateway import AUTHORITY
from sim.host.throwaway import ThrowawayHost
from tests.system.site import Site

PORT = 8443


@dataclass(frozen=True)
class Door:
    """Reached by the host's address, over TLS by the host's own authority."""

    host: ThrowawayHost
    project: Site
    authority: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "authority", self.host.run(f"cat {AUTHORITY}").stdout)

    @property
    def url(self) -> str:
        return f"https://{self.host.address}:{PORT}"

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.authority)

    def client(self, key: str, route: str = "llm") -> openai.OpenAI:
        """OpenAI's own client."""
        return openai.OpenAI(
            base_url=f"{self.url}/{route}/v1", api_key=key, max_retries=0,
            http_client=httpx2.Client(verify=self.context(), timeout=60),
        )  # fmt: skip

    def status(self, path: str, key: str | None = None) -> int:
        request = urllib.request.Request(f"{self.url}{path}")
        if key is not None:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, context=self.context(), timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
