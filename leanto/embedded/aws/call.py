"""One request as the embedded AWS sees it: who signed it, for which service and region, and its whole body."""

import io
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

Environ = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A buffered request. The body is complete before any lock is taken, so a stalled sender stalls only itself."""

    method: str
    raw_path: str
    """Path as sent, still percent-encoded, without the query."""
    query: str
    headers: Mapping[str, str]
    body: bytes
    service: str
    """Signing name such as `dynamodb`; `s3` when the request is not signed, as moto assumes."""
    region: str
    access_key_id: str

    @property
    def path_parts(self) -> tuple[str, ...]:
        """The decoded segments of the path; an encoded slash stays inside its segment."""
        return tuple(unquote(part) for part in self.raw_path.split("/") if part)

    @property
    def target(self) -> str:
        """The operation of a JSON-protocol call, without its service prefix; empty for other protocols."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def form_action(self) -> str:
        """The operation of a query-protocol call; empty for other protocols."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return ""
        return parse_qs(self.body.decode("utf-8", "replace")).get("Action", [""])[0]

    @property
    def action(self) -> str:
        """What was asked, for messages: the operation's name or, in REST protocols, method and path."""
        return self.target or self.form_action or f"{self.method} {self.raw_path}"

    def json_body(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        try:
            document = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
"""The call being answered in this thread; read by the patches that need its headers or its region."""


def read_call(environ: Environ) -> Call:
    """Read the whole request and leave `environ` so that moto can read it again."""
    body = _read_body(environ)
    raw_path, _, query = str(environ.get("RAW_URI") or environ.get("PATH_INFO", "/")).partition("?")
    headers = {
        key[5:].replace("_", "-").lower(): str(value) for key, value in environ.items() if key.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    access_key_id, region, service = _signer(headers.get("authorization", ""), query)
    return Call(
        method=str(environ["REQUEST_METHOD"]),
        raw_path=raw_path,
        query=query,
        headers=headers,
        body=body,
        service=service,
        region=region,
        access_key_id=access_key_id,
    )


def _read_body(environ: Environ) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated") or environ.pop("HTTP_TRANSFER_ENCODING", None):
        body: bytes = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _signer(authorization: str, query: str) -> tuple[str, str, str]:
    """Return (access key id, region, service) of a signature of version 4 in the header or, presigned, in the query."""
    scope = authorization.partition("Credential=")[2].split(",")[0]
    if not scope and "X-Amz-Credential" in query:
        scope = parse_qs(query).get("X-Amz-Credential", [""])[0]
    parts = scope.strip().split("/")
    if len(parts) != 5:
        return "", "us-east-1", "s3"
    return parts[0], parts[2], parts[3].lower()
