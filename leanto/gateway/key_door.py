"""Who calls, where no API Gateway and no authorizer stand in front: looks the key up and puts the same identity in."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

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


class Known(NamedTuple):
    """A key as it was looked up, None = there is none, and what the authorizer function would say of its owner."""

    record: KeyRecord | None
    identity: Mapping[str, Any]
    read_at: float


UNKNOWN = Known(None, {}, float("-inf"))


class KeyDoor:
    """ASGI middleware: tells the application whose key a request carries; it refuses those that carry none."""

    def __init__(self, app: AsgiApp, items: ItemStore) -> None:
        self._app = app
        self._items = items
        self._kept: OrderedDict[str, Known] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raises GatewayError 503 when the keys cannot be looked up."""
        if scope["type"] == "http":
            scope = {**scope, "extensions": {EXTENSION: {"authorizer": await self._identity(scope)}}}
        await self._app(scope, receive, send)

    async def _identity(self, scope: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the authorizer function would say of the request; nothing where no key of ours counts."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        key = key_of_header(given[0].decode("latin-1")) if len(given) == 1 else None
        if key is None:
            return {}
        known = await self._known(key_id_of(key))
        if known.record is None or not known.record.admits(key, now_epoch_seconds=time.time()):
            return {}
        return known.identity

    async def _known(self, key_id: str) -> Known:
        """Return a key; that there is none is remembered too, so that a wrong key does not turn into as many reads."""
        known = self._kept.get(key_id, UNKNOWN)
        if time.monotonic() - known.read_at < FRESH_SECONDS:
            return known
        try:
            record = await self._items.key(key_id)
        except AwsError as error:
            message = f"The stack's table did not answer ({error.code}); no request passes without it."
            raise GatewayError(503, "state_unavailable", message) from None
        identity = allow(record, "server/v1")["context"] if record else {}
        known = self._kept[key_id] = Known(record, identity, time.monotonic())
        self._kept.move_to_end(key_id)
        if len(self._kept) > MAXIMUM_KEPT:
            self._kept.popitem(last=False)
        return known
