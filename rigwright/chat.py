"""One question to a model through the gateway, as any client of OpenAI's API would put it, timed."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

CONNECT_S = 10


class NoAnswer(Exception):
    """The gateway refused, or what stands behind it did not answer; the text holds no key."""


class NotReached(NoAnswer):
    """Nobody answered at the door, or not with a certificate that is trusted."""


@dataclass(frozen=True)
class Door:
    """Where to ask. ``address``: where to connect; ``name``: what its certificate is for; ``authority``: PEM of who is
    trusted, None: whom this machine trusts; ``prefix``: "/llm"."""

    address: str
    port: int
    name: str
    prefix: str
    key: str = field(repr=False)
    authority: str | None = None

    @property
    def url(self) -> str:
        """The base address of the API, as clients are given it."""
        shown = f"[{self.name}]" if ":" in self.name else self.name
        return f"https://{shown}:{self.port}{self.prefix}/v1"


@dataclass
class Told:
    """What came of it so far: seconds from the request to the first token and to the last, tokens of the answer."""

    first_s: float | None = None
    last_s: float = 0.0
    tokens: int = 0
    model: str = ""

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens a second, from the first on; None: there are fewer than two."""
        if self.first_s is None or self.tokens < 2 or self.last_s <= self.first_s:
            return None
        return (self.tokens - 1) / (self.last_s - self.first_s)


def stream(door: Door, model: str, question: str, most_tokens: int, wait_s: float, told: Told) -> Iterator[str]:
    """The answer, piece by piece; ``told`` is filled in meanwhile. Raises `NoAnswer`.

    ``wait_s``: how long nothing may come; a model that is loaded first takes its time.
    """
    trusted = ssl.create_default_context(cadata=door.authority) if door.authority else ssl.create_default_context()
    host = f"[{door.address}]" if ":" in door.address else door.address
    body = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": most_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Authorization": f"Bearer {door.key}", "Host": f"{door.name}:{door.port}"}
    began = time.monotonic()
    try:
        with (
            httpx2.Client(verify=trusted, timeout=httpx2.Timeout(wait_s, connect=CONNECT_S), trust_env=False) as client,
            client.stream(
                "POST",
                f"https://{host}:{door.port}{door.prefix}/v1/chat/completions",
                json=body,
                headers=headers,
                extensions={"sni_hostname": door.name},
            ) as response,
        ):
            if response.status_code != 200:
                raise NoAnswer(f"{door.url} answers {response.status_code}: {_reason(response.read())}")
            yield from _pieces(response.iter_lines(), told, began)
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise NotReached(f"{door.url} (at {door.address}): {error}") from error
    except httpx2.HTTPError as error:
        raise NoAnswer(f"{door.url}: {str(error) or type(error).__name__}") from error


def _pieces(lines: Iterator[str], told: Told, began: float) -> Iterator[str]:
    pieces = 0
    for line in lines:
        kind, _, data = line.partition(":")
        if kind != "data" or data.strip() == "[DONE]":
            continue
        event: dict[str, Any] = json.loads(data)
        if "error" in event:
            raise NoAnswer(f"the model failed: {_reason(data.encode())}")
        told.model = event.get("model") or told.model
        usage = event.get("usage") or {}
        told.tokens = usage.get("completion_tokens", told.tokens)
        text = _text(event)
        if text:
            pieces += 1
            told.last_s = time.monotonic() - began
            if told.first_s is None:
                told.first_s = told.last_s
            yield text
    told.tokens = told.tokens or pieces


def _text(event: dict[str, Any]) -> str:
    """What a model thinks aloud counts, too: it is what one waits for."""
    delta = (event.get("choices") or [{}])[0].get("delta") or {}
    return str(delta.get("reasoning_content") or "") + str(delta.get("content") or "")


def _reason(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip()[:200] or "it says no more"
