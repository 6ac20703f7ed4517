"""The side store: what the program set and moto drops, kept beside moto for as long as the resource lives."""

import json
import threading
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call

Record = dict[str, Any]


class SideRecords:
    """JSON objects by (Pulumi type, resource id); safe between threads, gone with the process like moto's own state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], str] = {}

    def get(self, token: str, resource_id: str) -> Record:
        """Return what is kept for one resource; empty when nothing is."""
        with self._lock:
            text = self._records.get((token, resource_id), "{}")
        record: Record = json.loads(text)
        return record

    def put(self, token: str, resource_id: str, props: Mapping[str, Any]) -> None:
        """Replace what is kept for one resource."""
        text = json.dumps(dict(props))
        with self._lock:
            self._records[token, resource_id] = text

    def delete(self, token: str, resource_id: str) -> None:
        """Forget one resource; no error when nothing is kept."""
        with self._lock:
            self._records.pop((token, resource_id), None)

    def ids(self, token: str) -> tuple[str, ...]:
        """Return the ids of one type for which something is kept, sorted."""
        with self._lock:
            return tuple(sorted(kept_id for kept, kept_id in self._records if kept == token))

    def tokens(self) -> tuple[str, ...]:
        """Return the types for which something is kept, sorted."""
        with self._lock:
            return tuple(sorted({token for token, _ in self._records}))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records.clear()


def answer(records: SideRecords, call: Call, parts: tuple[str, ...]) -> Response:
    """Serve `/<token>/<id>` by GET, PUT, DELETE; GET of `/<token>` lists ids and GET of `/` lists types."""
    match (call.method, parts):
        case ("GET", (token, resource_id)):
            return _json(records.get(token, resource_id))
        case ("GET", (token,)):
            return _json({"ids": records.ids(token)})
        case ("GET", ()):
            return _json({"tokens": records.tokens()})
        case ("DELETE", (token, resource_id)):
            records.delete(token, resource_id)
            return Response(status=204)
        case ("PUT", (token, resource_id)):
            return _put(records, call, token, resource_id)
    return _json({"message": f"the side store does not answer {call.method} with {len(parts)} path segments"}, 405)


def _put(records: SideRecords, call: Call, token: str, resource_id: str) -> Response:
    try:
        props = json.loads(call.body)
    except ValueError:
        props = None
    if not isinstance(props, dict):
        return _json({"message": f"the side store keeps JSON objects, not what was sent for {token}"}, 400)
    records.put(token, resource_id, props)
    return Response(status=204)


def _json(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(dict(document)), status=status, content_type="application/json")
