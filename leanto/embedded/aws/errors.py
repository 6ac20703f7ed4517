"""Errors in the form that the caller's protocol reads, so that boto3 shows a code and a sentence, not an HTML page."""

import html
import json
import logging
import traceback
import uuid

from werkzeug.wrappers import Response

from leanto.embedded.aws.call import Call

logger = logging.getLogger(__name__)

NOT_IMPLEMENTED = 501
"""The SDKs retry 500, 502, 503 and 504; an action that is missing today is still missing in a second."""
_XML_SERVICES = frozenset({"s3", "route53", "cloudfront"})
_HTML_PAGE = b"<!doctype html"


def error_response(call: Call, code: str, message: str, status: int = 400) -> Response:
    """Return an error of AWS code `code` in the protocol in which `call` was sent."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if call.headers.get("smithy-protocol") == "rpc-v2-cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
        return Response(_cbor({"__type": code, "message": message}), status, headers, content_type="application/cbor")
    if call.target or not (call.form_action or call.service in _XML_SERVICES):
        body = json.dumps({"__type": code, "message": message})
        return Response(body, status, headers | {"x-amzn-ErrorType": code}, content_type="application/json")
    return Response(_xml(call, code, message, request_id), status, headers, content_type="text/xml")


def unknown_action(call: Call) -> Response:
    """Say that moto does not know the action of `call`."""
    message = f"the embedded AWS does not know {call.action} of {call.service}"
    logger.warning("%s", message)
    return error_response(call, "NotImplemented", message, NOT_IMPLEMENTED)


def from_exception(call: Call, error: Exception) -> Response:
    """Turn what moto raised into an error; its text may quote the request, so only its kind and place are told."""
    if isinstance(error, NotImplementedError) and "action has not been implemented" in str(error):
        return unknown_action(call)
    place = " < ".join(_places(error)) or "an unknown place"
    logger.error("%s of %s failed with %s at %s", call.action, call.service, type(error).__name__, place)
    message = f"the embedded AWS failed in {call.action} of {call.service}: {type(error).__name__} at {place}"
    return error_response(call, "InternalFailure", message, 500)


def _places(error: Exception) -> list[str]:
    """Where in moto it happened, innermost first, without the frames of its dispatching."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/moto/" in frame.filename]
    inner = [frame for frame in frames if "/moto/core/" not in frame.filename and "/moto_server/" not in frame.filename]
    return [f"moto/{frame.filename.rpartition('/moto/')[2]}:{frame.lineno}" for frame in reversed(inner or frames)][:3]


def readable(call: Call, response: Response) -> Response:
    """Replace moto's HTML pages and empty refusals by errors that the caller can read."""
    if response.status_code < 400 or call.method == "HEAD":
        return response
    body = response.get_data()
    is_page = body[: len(_HTML_PAGE)].lower() == _HTML_PAGE
    if response.status_code in {404, 405} and (is_page or (not body and call.service != "s3")):
        return unknown_action(call)
    if response.status_code == 403 and not body and call.service == "s3":
        return error_response(call, "AccessDenied", "Access Denied: an explicit deny in the bucket's policy", 403)
    if is_page:
        message = f"the embedded AWS failed in {call.action} of {call.service}"
        return error_response(call, "InternalFailure", message, response.status_code)
    return response


def _xml(call: Call, code: str, message: str, request_id: str) -> str:
    error = f"<Code>{html.escape(code)}</Code><Message>{html.escape(message)}</Message>"
    if call.service == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    if call.service in _XML_SERVICES:
        return f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    return (
        f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _cbor(texts: dict[str, str]) -> bytes:
    """Encode a map of texts (RFC 8949, major types 5 and 3)."""
    encoded = _cbor_head(5, len(texts))
    for key, value in texts.items():
        for text in (key.encode(), value.encode()):
            encoded += _cbor_head(3, len(text)) + text
    return encoded


def _cbor_head(major_type: int, length: int) -> bytes:
    if length < 24:
        return bytes([major_type << 5 | length])
    if length < 256:
        return bytes([major_type << 5 | 24, length])
    return bytes([major_type << 5 | 25]) + length.to_bytes(2, "big")
