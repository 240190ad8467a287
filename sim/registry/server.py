"""The read side of a registry (OCI distribution specification 1.1) over TLS, for any registry's name."""

from __future__ import annotations

import http.server
import json
import ssl
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sim.registry.certificates import CERTIFICATE, KEY
from sim.registry.image import MANIFEST

PORT = 443
INDEX = "images.json"
"""Registry and name → {"folder": where its blobs are, "tags": tag → digest}."""


OTHER_NAMES = {"docker.io": "registry-1.docker.io"}
"""Registry, as images name it → the name that clients make of it."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/v2/`, manifests by tag and digest, and blobs."""

    protocol_version = "HTTP/1.1"
    server: Registry

    def do_GET(self) -> None:
        """Sends it."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Sends what is known of it."""
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts == ["v2"]:
            self._send(b"{}", "application/json", None, body=body)
            return
        if len(parts) < 4 or parts[0] != "v2" or parts[-2] not in ("manifests", "blobs"):
            self._refuse()
            return
        index = json.loads((self.server.folder / INDEX).read_text())
        asked = self.headers.get("Host", "")
        registry = next((name for name, other in OTHER_NAMES.items() if other == asked), asked)
        known = index.get(f"{registry}/{'/'.join(parts[1:-2])}")
        digest = known and (parts[-1] if parts[-1].startswith("sha256:") else known["tags"].get(parts[-1]))
        file = Path(known["folder"]) / digest.removeprefix("sha256:") if digest else None
        if file is None or not file.is_file():
            self._refuse()
            return
        kind = MANIFEST if parts[-2] == "manifests" else "application/octet-stream"
        self._send(file, kind, digest, body=body)

    def _send(self, content: bytes | Path, kind: str, digest: str | None, *, body: bool) -> None:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if digest is not None:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if not body:
            return
        if isinstance(content, bytes):
            self.wfile.write(content)
            return
        with content.open("rb") as source:
            while chunk := source.read(1 << 20):
                self.wfile.write(chunk)

    def _refuse(self) -> None:
        self.send_response(HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """One line a request, into the server's log."""
        sys.stderr.write(f"registry {self.headers.get('Host', '-')} {format % args}\n")
        sys.stderr.flush()


class Registry(http.server.ThreadingHTTPServer):
    """Serves what `folder` names: `INDEX`, and the certificate."""

    daemon_threads = True

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__((address, PORT), Handler)
        self.folder = folder
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
