"""Events for functions go to the function host instead of docker.

Written for moto 5.2.5, whose `LambdaFunction.invoke`, reached by S3 notifications, log subscriptions, streams and
queues, starts a container while the caller's request waits. The Invoke API never gets here: the server answers it.
"""

from typing import Any

from moto.awslambda.models import LambdaFunction

from leanto.embedded.aws.accounts import invocations_of
from leanto.embedded.aws.delivery import Event

TARGET: tuple[type, str] = (LambdaFunction, "invoke")


def replacement(function: LambdaFunction, body: str, request_headers: Any, response_headers: Any) -> str:
    """Queue the event; whoever sent it does not wait for the function."""
    del request_headers, response_headers
    deliver(function, body.encode())
    return ""


def deliver(function: LambdaFunction, payload: bytes) -> None:
    """Queue an event for a function with the function's own retry settings."""
    invocations = invocations_of(function.account_id)
    if invocations is not None:
        invocations.later(event_for(function, payload))


def event_for(function: LambdaFunction, payload: bytes) -> Event:
    """Return the event with the retries, the age and the destination of the function's EventInvokeConfig."""
    config = function.event_invoke_config[0].config if function.event_invoke_config else {}
    return Event(
        function=function.function_name,
        function_arn=function.function_arn,
        payload=payload,
        region=function.region,
        maximum_retries=int(config.get("MaximumRetryAttempts", 2)),
        maximum_age_seconds=float(config.get("MaximumEventAgeInSeconds", 21600)),
        on_failure_arn=config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", ""),
    )
