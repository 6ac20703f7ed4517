"""A request as API Gateway has received it; pure."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True)
class Api:
    """The API and stage that a request calls."""

    api_id: str
    stage: str
    region: str
    account_id: str

    @property
    def execution_arn(self) -> str:
        """The ARN under which policies know the API."""
        return f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.api_id}"

    @property
    def domain_name(self) -> str:
        """The host name that the API has in an account."""
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"


@dataclass(frozen=True)
class Received:
    """One request. `path` is below the stage and decoded; header names are as the client spelt them."""

    api: Api
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(repr=False)
    source_ip: str
    protocol: str = "HTTP/1.1"
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    @property
    def extended_request_id(self) -> str:
        """The id that API Gateway sends as `x-amz-apigw-id`."""
        return f"{self.request_id.replace('-', '')[:15]}="

    @property
    def trace_id(self) -> str:
        """The value of `X-Amzn-Trace-Id`."""
        digits = self.request_id.replace("-", "")
        return f"Root=1-{self.received_ms // 1000:08x}-{digits[:24]}"

    @property
    def time_text(self) -> str:
        """When it came, as API Gateway writes it: `09/Apr/2026:12:34:56 +0000`."""
        return f"{datetime.fromtimestamp(self.received_ms / 1000, UTC):%d/%b/%Y:%H:%M:%S %z}"

    def header(self, name: str) -> str | None:
        """Return the last value of a header, whatever its spelling; None when it is not there."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else None

    def query_value(self, name: str) -> str | None:
        """Return the last value of a query parameter; None when it is not there."""
        found = [value for key, value in self.query if key == name]
        return found[-1] if found else None


def query_pairs(query_string: str) -> tuple[tuple[str, str], ...]:
    """Return the parameters of a query string, decoded and in order."""
    return tuple(parse_qsl(query_string, keep_blank_values=True))


def decoded_path(segments: Iterable[str]) -> str:
    """Return the path of encoded segments, decoded; a trailing slash does not count."""
    return "/" + "/".join(unquote(segment) for segment in segments).strip("/")
