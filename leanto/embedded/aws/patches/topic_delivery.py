"""Topics deliver to functions as SNS does: with the true topic, id and time, and only when the function permits it.

Written for moto 5.2.5, whose `Subscription.publish` sends functions a record of example values and asks no permission.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend
from moto.sns.models import Subscription

from leanto.embedded.aws.functions import permits
from leanto.embedded.aws.patches.event_delivery import deliver

logger = logging.getLogger(__name__)

TARGET: tuple[type, str] = (Subscription, "publish")
_publish_elsewhere = Subscription.publish


def replacement(
    subscription: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    message_structure: str | None = None,
) -> None:
    """Deliver a message to a subscribed function; other protocols stay with moto."""
    if subscription.protocol != "lambda":
        _publish_elsewhere(
            subscription,
            message,
            message_id,
            subject,
            message_attributes,
            group_id,
            deduplication_id,
            message_structure,
        )
        return
    matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto has no public way to ask a filter
    if matcher is not None and not matcher.matches(message_attributes, message):
        return
    if message_structure == "json":
        message = subscription._parse_message_structure(message, "lambda")  # noqa: SLF001 - same
    function = _subscribed_function(subscription)
    if function is not None:
        record = _record(subscription, message, message_id, subject, message_attributes or {})
        deliver(function, json.dumps({"Records": [record]}).encode())


def _subscribed_function(subscription: Subscription) -> LambdaFunction | None:
    """Return the function to deliver to; SNS drops, and so do we, what no function takes or permits."""
    region = subscription.endpoint.split(":")[3]
    try:
        function = get_backend(subscription.account_id, region).get_function(subscription.endpoint)
    except UnknownFunctionException:
        logger.warning(
            "%s cannot deliver to %s: there is no such function", subscription.topic.arn, subscription.endpoint
        )
        return None
    if not permits(function, "sns.amazonaws.com", subscription.topic.arn, subscription.account_id):
        logger.warning(
            "%s cannot deliver to %s: the function's policy does not let sns.amazonaws.com invoke it for this topic",
            subscription.topic.arn,
            subscription.endpoint,
        )
        return None
    return function


def _record(
    subscription: Subscription, message: str, message_id: str, subject: str | None, attributes: dict[str, Any]
) -> dict[str, Any]:
    """The record that Lambda gets from SNS (developer guide, "Invoking Lambda functions with Amazon SNS").

    The signature is left empty: functions trust the event because of the permission, not because of it.
    """
    return {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "EventSource": "aws:sns",
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic.arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": attributes,
        },
    }
