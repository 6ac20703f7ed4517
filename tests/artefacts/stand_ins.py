"""Stand-ins on loopback for whoever has files: Hugging Face with ranges, and a registry with tokens."""

import gzip
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from catalog.engine_images import Reference
from leanto.artefacts.download import Patience


@dataclass(frozen=True)
class Fault:
    """What one answer does instead: a status, an early end, other bytes, no ranges, pauses, another place."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    content: bytes | None = None
    ignores_range: bool = False
    pause_seconds: float = 0
    shifted: bool = False


@dataclass
class Files:
    """What a server has, what it does wrong next, and what it was asked."""

    content: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    token: str = ""
    """What is needed to be let in; given to anybody at /token."""
    tokens_given: int = 0
    url: str = ""

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    def ranges(self) -> list[str]:
        """The ranges that were asked for, empty where none was."""
        return [headers.get("range", "") for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    files: Files
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.files.asked.append((self.path, headers))
        self.close_connection = True
        if self.path.startswith("/token"):
            self.files.tokens_given += 1
            return self._send(200, json.dumps({"token": self.files.token}).encode())
        if self.files.token and headers.get("authorization") != f"Bearer {self.files.token}":
            challenge = f'Bearer realm="{self.files.url}/token",service="here",scope="repository:a/b:pull"'
            return self._send(401, b"", {"WWW-Authenticate": challenge})
        fault = self.files.faults.pop(0) if self.files.faults else Fault()
        content = self.files.content.get(self.path) if fault.content is None else fault.content
        if fault.status:
            return self._send(fault.status, b"", fault.headers)
        if content is None:
            return self._send(404, b"")
        return self._content(content, headers.get("range", ""), fault)

    def _content(self, content: bytes, asked: str, fault: Fault) -> None:
        match = re.fullmatch(r"bytes=(\d+)-", asked)
        if match is None or fault.ignores_range:
            return self._send(200, content, fault=fault)
        begin = int(match[1]) + fault.shifted
        told = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return self._send(206, content[begin:], {"Content-Range": told}, fault)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, fault: Fault = Fault()) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        sent = body if fault.cut_after is None else body[: fault.cut_after]
        for at in range(0, len(sent), 1000) if fault.pause_seconds else (0,):
            time.sleep(fault.pause_seconds)
            self.wfile.write(sent[at : at + 1000] if fault.pause_seconds else sent)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(files: Files) -> Iterator[Files]:
    """Serve files on a free port while the block works."""
    handler = type("Handler", (_Handler,), {"files": files})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that hang up are part of it
        files.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield files
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Waits:
    """Counts the waits between tries instead of waiting."""

    seconds: list[float] = field(default_factory=list)

    def patience(self, **changes: Any) -> Patience:
        """Return a patience that waits here."""
        return Patience(**{"silence_seconds": 5.0, "sleep": self.seconds.append, **changes})


def digest(content: bytes) -> str:
    """Return a digest as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def packed(content: bytes) -> bytes:
    """Pack a layer, at every time to the same bytes."""
    return gzip.compress(content, mtime=0)


def put_image(
    files: Files, *layers: bytes, pack: Callable[[bytes], bytes] = packed, platform: str = "amd64"
) -> Reference:
    """Put an image into a registry, with an index over two platforms and an attestation, and return its name."""
    config = json.dumps(
        {"architecture": platform, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(x) for x in layers]}}
    ).encode()
    blobs = [config, *map(pack, layers)]
    descriptors = [{"mediaType": "x", "digest": digest(blob), "size": len(blob)} for blob in blobs]
    manifest = json.dumps({"schemaVersion": 2, "config": descriptors[0], "layers": descriptors[1:]}).encode()
    index = json.dumps(
        {
            "schemaVersion": 2,
            "manifests": [
                {"digest": digest(b"other"), "platform": {"os": "linux", "architecture": "s390x"}},
                {"digest": digest(b"attested"), "platform": {"os": "unknown", "architecture": "unknown"}},
                {"digest": digest(manifest), "platform": {"os": "linux", "architecture": platform}},
            ],
        }
    ).encode()
    files.content |= {f"/v2/a/b/blobs/{digest(blob)}": blob for blob in blobs}
    files.content |= {f"/v2/a/b/manifests/{digest(each)}": each for each in (manifest, index)}
    return Reference(files.host, "a/b", digest(index), "v1")
