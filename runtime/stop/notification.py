"""What the stop function was called for: read from an SNS notification or a direct invocation; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.errors import SafeError

MAXIMUM_REASON_CHARACTERS = 200
RECOVERED = "OK"
"""State of a CloudWatch alarm that is over."""


class StopRequestError(SafeError):
    """The function was invoked with something that is no reason to stop."""


@dataclass(frozen=True)
class StopRequest:
    """Why to stop; `recovered` says that an alarm is over and nothing is to be done."""

    reason: str
    recovered: bool = False
    dry_run: bool = False
    topic_arn: str = ""


def read_event(event: Any) -> StopRequest:
    """Return what an event asks for.

    An event is an SNS notification (of a CloudWatch alarm, of AWS Budgets or of anyone who may publish to the stop
    topic) or a direct invocation `{"reason": text}`, with `"dry_run": true` to be told only. Raises StopRequestError.
    """
    if not isinstance(event, Mapping):
        raise StopRequestError('the event must be an SNS notification or {"reason": text, "dry_run": true or false}')
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], Mapping):
        return _read_notification(records[0].get("Sns"))
    reason = event.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise StopRequestError('the event has no "reason": give {"reason": text} so that the stop can be explained')
    return StopRequest(_bounded(reason), dry_run=event.get("dry_run") is True)


def _read_notification(sns: Any) -> StopRequest:
    if not isinstance(sns, Mapping):
        raise StopRequestError("the event's record is not an SNS notification")
    topic_arn = str(sns.get("TopicArn") or "")
    alarm = _alarm(str(sns.get("Message") or ""))
    if alarm:
        state = alarm["NewStateValue"]
        return StopRequest(
            _bounded(f"alarm {alarm['AlarmName']} is in state {state}"), state == RECOVERED, False, topic_arn
        )
    subject = str(sns.get("Subject") or "a notification without a subject")
    return StopRequest(_bounded(f"notification: {subject}"), topic_arn=topic_arn)


def _alarm(message: str) -> dict[str, str] | None:
    """Return the CloudWatch alarm that a message describes, or None when it is another kind of message."""
    try:
        document = json.loads(message)
    except ValueError:
        return None
    if isinstance(document, dict) and "AlarmName" in document and "NewStateValue" in document:
        return {name: str(document[name]) for name in ("AlarmName", "NewStateValue")}
    return None


def _bounded(text: str) -> str:
    """Return text as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= MAXIMUM_REASON_CHARACTERS else line[: MAXIMUM_REASON_CHARACTERS - 1] + "…"
