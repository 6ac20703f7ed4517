"""Answers Lambda's Invoke API: the function runs in the function host, never inside moto and never under its lock."""

import base64

from werkzeug.wrappers import Response

from leanto.embedded.aws import functions
from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response
from leanto.embedded.aws.invocation import InvokeRefusedError, InvokeResult
from leanto.embedded.aws.invocations import Invocations, is_json
from leanto.embedded.aws.lock import MOTO_LOCK
from leanto.embedded.aws.patches.event_delivery import event_for

REQUEST_LIMIT_BYTES = 6 * 1024 * 1024
EVENT_LIMIT_BYTES = 1024 * 1024
"""Payload limits of a synchronous and of an asynchronous invocation (Lambda quotas)."""
LOG_TAIL_BYTES = 4096


def is_invocation(call: Call) -> bool:
    """Say whether `call` is `POST /2015-03-31/functions/<name>/invocations`."""
    parts = call.path_parts
    return call.method == "POST" and len(parts) == 4 and (parts[1], parts[3]) == ("functions", "invocations")


def answer(call: Call, account_id: str, invocations: Invocations) -> Response:
    """Run, queue or only check the invocation, as the header `X-Amz-Invocation-Type` says."""
    kind = call.headers.get("x-amz-invocation-type", "RequestResponse")
    try:
        check_payload(call, kind)
        with MOTO_LOCK:
            function = functions.find(account_id, call.path_parts[2], call.region)
            event = event_for(function, call.body)
        if kind == "DryRun":
            return Response(status=204)
        if kind == "Event":
            invocations.later(event)
            return Response(status=202)
        return _completed(call, invocations.now(event.function, event.payload, event.region))
    except functions.FunctionMissingError as missing:
        return error_response(call, "ResourceNotFoundException", str(missing), 404)
    except InvokeRefusedError as refusal:
        return error_response(call, refusal.code, refusal.message, refusal.status)


def check_payload(call: Call, kind: str) -> None:
    """Raise InvokeRefusedError for a payload that Lambda does not take for this kind of invocation."""
    limit = EVENT_LIMIT_BYTES if kind == "Event" else REQUEST_LIMIT_BYTES
    if len(call.body) > limit:
        message = f"{len(call.body)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        raise InvokeRefusedError("RequestTooLargeException", message, 413)
    if not is_json(call.body):
        raise InvokeRefusedError("InvalidRequestContentException", "the payload of an invocation must be JSON", 400)


def _completed(call: Call, result: InvokeResult) -> Response:
    headers = {"X-Amz-Executed-Version": result.executed_version}
    if result.function_error is not None:
        headers["X-Amz-Function-Error"] = result.function_error
    if call.headers.get("x-amz-log-type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(result.log_tail.encode()[-LOG_TAIL_BYTES:]).decode()
    return Response(result.payload, 200, headers, content_type="application/json")
