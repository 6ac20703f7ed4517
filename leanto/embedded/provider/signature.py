"""Checks AWS's Signature Version 4 of a request to the stand-in, by botocore's own signer."""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "bedrock"
ALLOWED_SKEW_SECONDS = 300
_FORM = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,]+)/(?P<date>\d{{8}})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request, SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME = "%Y%m%dT%H%M%SZ"


def refusal(method: str, url: str, headers: Mapping[str, str], body: bytes, secret: str | None) -> str | None:
    """Return why a request is refused, or None when it is signed for Bedrock, now, over what it holds.

    Whether it was made with the right secret is looked at only when one is given: the box takes any credentials.
    """
    found = _FORM.fullmatch(headers.get("Authorization", ""))
    if found is None:
        return "MissingAuthenticationTokenException"
    stamp = headers.get("X-Amz-Date", "")
    names = found["names"].split(";")
    if found["service"] != SERVICE or not stamp.startswith(found["date"]) or not {"host", "x-amz-date"} <= set(names):
        return "InvalidSignatureException"
    if abs((_moment(stamp) - datetime.now(UTC)).total_seconds()) > ALLOWED_SKEW_SECONDS:
        return "InvalidSignatureException"
    if secret is None:
        return None
    signed = {name: headers.get(name, "") for name in names}
    wanted = _signature(method, url, signed, body, Credentials(found["key"], secret), found["region"], stamp)
    return None if hmac.compare_digest(wanted, found["signature"]) else "InvalidSignatureException"


def _moment(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _signature(
    method: str, url: str, headers: Mapping[str, str], body: bytes, credentials: Any, region: str, stamp: str
) -> str:
    auth = SigV4Auth(credentials, SERVICE, region)
    request = AWSRequest(method, url, dict(headers), body)
    request.context["timestamp"] = stamp
    canonical = auth.canonical_request(request)
    text = auth.string_to_sign(request, canonical)
    return str(auth.signature(text, request))
