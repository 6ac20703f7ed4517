"""AWS Signature Version 4 for requests with headers; pure.

The algorithm: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. It is written
here because the SDK would be nine tenths of a function's bundle and half of its start.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_HEADERS = frozenset(
    {"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
)
"""Headers that a client or a proxy on the way may add or change."""


@dataclass(frozen=True)
class Credentials:
    """What a request is signed with; the secret parts never show in a repr."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Request:
    """A request about to be sent; `url` is used as it is, so it must be encoded already."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def signed_headers(
    request: Request, *, service: str, region: str, credentials: Credentials, when: datetime
) -> dict[str, str]:
    """Return the request's headers and those that sign it: host, date, session token, authorization."""
    timestamp = when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    headers |= {"Host": _host(request.url), "X-Amz-Date": timestamp}
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token
    canonical, names = _canonical_request(request, headers)
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_signing_key(credentials, scope), text.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _host(url: str) -> str:
    """Return the Host header as clients send it: without the port where that is the scheme's own."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    own_port = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in {None, own_port} else f"{name}:{parts.port}"


def _canonical_request(request: Request, headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the canonical request and its list of signed header names."""
    parts = urlsplit(request.url)
    path = quote(parts.path or "/", safe="/~")
    lowered = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    kept = {name: lowered[name] for name in sorted(lowered) if name not in UNSIGNED_HEADERS}
    names = ";".join(kept)
    lines = [request.method.upper(), path, _canonical_query(parts.query)]
    lines += [f"{name}:{value}" for name, value in kept.items()]
    return "\n".join([*lines, "", names, hashlib.sha256(request.body).hexdigest()]), names


def _canonical_query(query: str) -> str:
    pairs = [piece.partition("=")[::2] for piece in query.split("&") if piece]
    encoded = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _signing_key(credentials: Credentials, scope: str) -> bytes:
    key = ("AWS4" + credentials.secret_access_key).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
