"""The side store as the handlers see it: over HTTP in the embedded AWS, or in memory for tests and synthesis."""

import copy
import http.client
import json
import threading
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from leanto.embedded.plugin.resource import Props

TIMEOUT_SECONDS = 30


class SideStoreError(Exception):
    """The embedded AWS has no side store, or does not take what it is given."""


class MemorySideStore:
    """Keeps the records of one process; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], Props] = {}

    def get(self, token: str, resource_id: str) -> Props:
        """Return what is kept for one resource; empty when nothing is."""
        with self._lock:
            return copy.deepcopy(self._records.get((token, resource_id), {}))

    def put(self, token: str, resource_id: str, props: Mapping[str, object]) -> None:
        """Replace what is kept for one resource."""
        with self._lock:
            self._records[token, resource_id] = copy.deepcopy(dict(props))

    def delete(self, token: str, resource_id: str) -> None:
        """Forget one resource; no error when nothing is kept."""
        with self._lock:
            self._records.pop((token, resource_id), None)


class HttpSideStore:
    """Keeps the records in the embedded AWS, where they live as long as moto's state and every process sees them."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80

    def get(self, token: str, resource_id: str) -> Props:
        """Return what is kept for one resource; empty when nothing is."""
        body = self._call("GET", token, resource_id)
        record: Props = json.loads(body) if body else {}
        return record

    def put(self, token: str, resource_id: str, props: Mapping[str, object]) -> None:
        """Replace what is kept for one resource."""
        self._call("PUT", token, resource_id, json.dumps(dict(props)).encode())

    def delete(self, token: str, resource_id: str) -> None:
        """Forget one resource; no error when nothing is kept."""
        self._call("DELETE", token, resource_id)

    def _call(self, method: str, token: str, resource_id: str, body: bytes | None = None) -> bytes:
        path = f"/_leanto/side/{quote(token, safe='')}/{quote(resource_id, safe='')}"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise SideStoreError(f"the side store of the embedded AWS answers {response.status} to {method} {path}")
        return answer
