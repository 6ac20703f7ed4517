"""Answers Lambda's InvokeWithResponseStream: what the function writes, as it comes, in messages of an AWS event stream.

See https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html.
"""

import json
from collections.abc import Iterator

from werkzeug.wrappers import Response

from leanto.embedded.aws import functions
from leanto.embedded.aws.call import Call
from leanto.embedded.aws.errors import error_response
from leanto.embedded.aws.function_api import check_payload
from leanto.embedded.aws.invocation import InvokeBrokenError, InvokeRefusedError
from leanto.embedded.aws.invocations import Invocations
from leanto.embedded.aws.lock import MOTO_LOCK
from leanto.embedded.provider.eventstream import message

CONTENT_TYPE = "application/vnd.amazon.eventstream"


def is_stream_invocation(call: Call) -> bool:
    """Say whether `call` is `POST /2021-11-15/functions/<name>/response-streaming-invocations`."""
    parts = call.path_parts
    return call.method == "POST" and len(parts) == 4 and (parts[1], parts[3]) == _NAMES


_NAMES = ("functions", "response-streaming-invocations")


def answer(call: Call, account_id: str, invocations: Invocations) -> Response:
    """Run the function and give its response while it writes it."""
    try:
        check_payload(call, "RequestResponse")
        with MOTO_LOCK:
            arn = functions.find(account_id, call.path_parts[2], call.region).function_arn
        pieces = invocations.streamed(arn, call.body, call.region)
    except functions.FunctionMissingError as missing:
        return error_response(call, "ResourceNotFoundException", str(missing), 404)
    except InvokeRefusedError as refusal:
        return error_response(call, refusal.code, refusal.message, refusal.status)
    return Response(_messages(pieces), 200, {"X-Amz-Executed-Version": "$LATEST"}, content_type=CONTENT_TYPE)


def _messages(pieces: Iterator[bytes]) -> Iterator[bytes]:
    end: dict[str, str] = {}
    try:
        for piece in pieces:
            yield message({":event-type": "PayloadChunk", ":message-type": "event"}, piece)
    except InvokeBrokenError as error:
        end = {"ErrorCode": error.code, "ErrorDetails": error.details}
    headers = {":event-type": "InvokeComplete", ":content-type": "application/json", ":message-type": "event"}
    yield message(headers, json.dumps(end).encode())
