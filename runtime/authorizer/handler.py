"""The authorizer function: tells API Gateway whose key a request carries, or that it carries none that counts."""

import json
import time
from collections.abc import Mapping
from typing import Any

from runtime.aws import open_aws
from runtime.errors import SafeError
from runtime.lambda_context import LambdaContext
from runtime.state.keys import KeyRecord, key_id_of, key_of_header
from runtime.state.table import Table

ALL_MODELS = "*"


class UnauthorizedError(SafeError):
    """The key does not count. API Gateway answers 401 to exactly this message and 500 to any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


async def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the policy and identity of a request's key; raises UnauthorizedError, or AwsError without the table.

    `event` is that of a TOKEN authorizer: `authorizationToken` (the whole header) and `methodArn`.
    """
    key = key_of_header(str(event.get("authorizationToken", "")))
    if key is None:
        raise UnauthorizedError
    environment = context.environment
    table = Table(await environment.keep(open_aws), environment.variable("LEANTO_TABLE"))
    record = await table.key(key_id_of(key))
    if record is None or not record.admits(key, now_epoch_seconds=time.time()):
        raise UnauthorizedError
    return allow(record, str(event.get("methodArn", "")))


def allow(record: KeyRecord, method_arn: str) -> dict[str, Any]:
    """Return API Gateway's answer that lets the key's owner call every route of the stage.

    All routes, because API Gateway caches the answer by key and uses it for the next route too. The context's values
    must be text: the models are a JSON list, or `*` for all.
    """
    api, stage = method_arn.split("/")[:2]
    models = ALL_MODELS if record.models is None else json.dumps(record.models)
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    bounds = {"limited": "true"} if record.limited else {}
    if record.data_class:
        bounds["dataClass"] = record.data_class
    return {
        "principalId": record.key_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"keyId": record.key_id, "team": record.team, "name": record.name, "models": models, **bounds},
    }
