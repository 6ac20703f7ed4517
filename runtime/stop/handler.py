"""The stop function: on a budget, an alarm or a word from a person it turns the routes off and the GPU pool to zero."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from runtime.aws import Aws, open_aws
from runtime.errors import SafeError
from runtime.lambda_context import LambdaContext
from runtime.log import now_iso, write_line
from runtime.state.table import Table
from runtime.stop.group import set_to_zero
from runtime.stop.notification import StopRequest, read_event

SNS_API_VERSION = "2010-03-31"


class StopIncompleteError(SafeError):
    """Some steps failed; Lambda calls again, and the steps that are done stay done."""


@dataclass
class Steps:
    """What each step did, and which failed; one that fails does not keep the others from being tried."""

    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    async def take(self, name: str, step: Awaitable[str]) -> None:
        """Take one step and note what it did or why it failed."""
        try:
            self.done[name] = await step
        except SafeError as error:
            self.failed[name] = str(error)
        except Exception as error:
            self.failed[name] = type(error).__name__


@dataclass(frozen=True)
class Stack:
    """What there is to stop; `group` is empty for a stack without a GPU pool."""

    name: str
    table: str
    group: str
    alert_topic_arn: str


async def handle(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Stop the stack as the event asks and return what was done; may be called any number of times.

    Raises StopRequestError for an event that asks for nothing, StopIncompleteError when a step failed.
    """
    environment = context.environment
    request = read_event(event)
    stack = Stack(
        name=environment.variable("LEANTO_STACK"),
        table=environment.variable("LEANTO_TABLE"),
        group=environment.variable("LEANTO_GROUP"),
        alert_topic_arn=environment.variable("LEANTO_ALERT_TOPIC_ARN"),
    )
    result: dict[str, Any] = {"stack": stack.name, "reason": request.reason, "dry_run": request.dry_run}
    if request.recovered:
        return result | {"done": {}, "note": "the alarm is over; nothing was done"}
    steps = await _stop(await environment.keep(open_aws), stack, request)
    write_line({"time": now_iso(), "event": "stop", **result, "done": steps.done, "failed": steps.failed})
    if steps.failed:
        failures = "; ".join(f"{name}: {why}" for name, why in steps.failed.items())
        raise StopIncompleteError(f"stack {stack.name} is not wholly stopped: {failures}")
    return result | {"done": steps.done}


async def _stop(aws: Aws, stack: Stack, request: StopRequest) -> Steps:
    """Take every step, the quickest to save money first."""
    steps = Steps()
    await steps.take("routes", _turn_off_routes(Table(aws, stack.table), request))
    if stack.group:
        await steps.take("group", set_to_zero(aws, stack.group, stack=stack.name, dry_run=request.dry_run))
    if stack.alert_topic_arn not in {"", request.topic_arn}:
        await steps.take("notice", _publish_notice(aws, stack, request, steps))
    return steps


async def _turn_off_routes(table: Table, request: StopRequest) -> str:
    if request.dry_run:
        flag = await table.stop_flag()
        return f"already off since {flag.at}" if flag.stopped else "would be turned off"
    return "turned off" if await table.set_stop(request.reason, now_iso()) else "already off"


async def _publish_notice(aws: Aws, stack: Stack, request: StopRequest, steps: Steps) -> str:
    """Tell the people who watch the stack; never to the topic that the event came from, which would call us again."""
    if request.dry_run:
        return "would be published"
    lines = [f"leanto stopped the stack {stack.name}.", f"Reason: {request.reason}", ""]
    lines += [f"- {name}: {what}" for name, what in steps.done.items()]
    lines += [f"- {name} FAILED: {why}" for name, why in steps.failed.items()]
    lines += ["", f"Find the cause first. To start again: leanto resume --stack {stack.name}"]
    if stack.group:
        lines += [f"The pool gets its size back by leanto refresh and leanto up, both with --stack {stack.name}."]
    fields = {"TopicArn": stack.alert_topic_arn, "Subject": f"leanto: {stack.name} stopped"[:100]}
    await aws.query("sns", SNS_API_VERSION, "Publish", fields | {"Message": "\n".join(lines)})
    return "published"
