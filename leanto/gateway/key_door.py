"""Who calls, where no API Gateway and no authorizer stand in front: looks the key up and puts the same identity in."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from runtime.authorizer.handler import allow
from runtime.aws import AwsError
from runtime.gateway.answers import GatewayError
from runtime.gateway.stores import ItemStore
from runtime.lambda_events import EXTENSION
from runtime.lambda_lifespan import AsgiApp, Receive, Scope, Send
from runtime.state.keys import KeyRecord, key_id_of, key_of_header

FRESH_SECONDS = 5.0
"""How long a revoked key may still be let through."""

MAXIMUM_KEPT = 4096


class KeyDoor:
    """ASGI middleware: tells the application whose key a request carries; it refuses those that carry none."""

    def __init__(self, app: AsgiApp, items: ItemStore) -> None:
        self._app = app
        self._items = items
        self._kept: OrderedDict[str, tuple[KeyRecord | None, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises GatewayError 503 when the keys cannot be looked up."""
        if scope["type"] == "http":
            scope = {**scope, "extensions": {EXTENSION: {"authorizer": await self._identity(scope)}}}
        await self._app(scope, receive, send)

    async def _identity(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the authorizer function would say of the request; nothing where no key of ours counts."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        key = key_of_header(given[0].decode("latin-1")) if len(given) == 1 else None
        if key is None:
            return {}
        record = await self._record(key_id_of(key))
        if record is None or not record.admits(key, now_epoch_seconds=time.time()):
            return {}
        identity: dict[str, Any] = allow(record, "server/v1")["context"]
        return identity

    async def _record(self, key_id: str) -> KeyRecord | None:
        """Return a key; that there is none is remembered too, so that a wrong key does not turn into as many reads."""
        record, read_at = self._kept.get(key_id, (None, float("-inf")))
        if time.monotonic() - read_at < FRESH_SECONDS:
            return record
        try:
            record = await self._items.key(key_id)
        except AwsError as error:
            message = f"The stack's table did not answer ({error.code}); no request passes without it."
            raise GatewayError(503, "state_unavailable", message) from None
        self._kept[key_id] = (record, time.monotonic())
        self._kept.move_to_end(key_id)
        if len(self._kept) > MAXIMUM_KEPT:
            self._kept.popitem(last=False)
        return record
