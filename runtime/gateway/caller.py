"""Who calls: the identity that the authorizer put into the request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.gateway.answers import GatewayError
from runtime.lambda_events import EXTENSION

ALL_MODELS = "*"


@dataclass(frozen=True)
class Caller:
    """The owner of the key; `models` is None for all models, `data_classes` bound where its requests may go.

    `limited` says that the key was made with limits of its own.
    """

    key_id: str
    team: str
    models: frozenset[str] | None
    data_classes: tuple[str, ...] = ()
    limited: bool = False

    def may_use(self, model: str) -> bool:
        """Return whether the key is for this model."""
        return self.models is None or model in self.models


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """Return the caller; raises GatewayError 401 unless an authorizer has said all that there is to say of one."""
    known = (scope.get("extensions") or {}).get(EXTENSION) or {}
    identity = known.get("authorizer") or {}
    key_id, models = identity.get("keyId"), identity.get("models")
    if not key_id or not models:
        raise GatewayError(401, "invalid_api_key", "The request carries no valid key of this stack.")
    allowed = None if models == ALL_MODELS else frozenset(json.loads(models))
    data_class = identity.get("dataClass")
    return Caller(
        key_id=str(key_id),
        team=str(identity.get("team") or ""),
        models=allowed,
        data_classes=(str(data_class),) if data_class else (),
        limited=identity.get("limited") == "true",
    )
