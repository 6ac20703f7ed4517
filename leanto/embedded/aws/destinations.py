"""Tells a function's on-failure destination of an event that failed for good. Only topics are told."""

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import sns_backends

from leanto.embedded.aws.delivery import Event, Lost
from leanto.embedded.aws.lock import MOTO_LOCK

logger = logging.getLogger(__name__)


def tell(event: Event, lost: Lost) -> None:
    """Publish what was lost, and why, to the destination of the event's function, if it has one."""
    if not event.on_failure_arn:
        return
    parts = event.on_failure_arn.split(":")
    if parts[2] != "sns":
        logger.warning("the embedded AWS delivers failed events to topics only, not to %s", event.on_failure_arn)
        return
    with MOTO_LOCK:
        sns = sns_backends[parts[4]][parts[3]]
        if event.on_failure_arn not in sns.topics:
            logger.warning("%s cannot tell %s: there is no such topic", event.function, event.on_failure_arn)
            return
        sns.publish(json.dumps(_record(event, lost)), arn=event.on_failure_arn)


def _record(event: Event, lost: Lost) -> dict[str, Any]:
    """The invocation record of Lambda (developer guide, "Capturing records of asynchronous invocations")."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{event.function_arn}:$LATEST",
            "condition": lost.condition,
            "approximateInvokeCount": lost.attempts,
        },
        "requestPayload": json.loads(event.payload or b"null"),
    }
    if lost.result is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": lost.result.executed_version,
            "functionError": lost.result.function_error,
        }
        record["responsePayload"] = json.loads(lost.result.payload or b"null")
    return record
