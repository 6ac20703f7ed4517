"""A small asynchronous AWS client: the JSON and query protocols, signed, with bounded retries.

Only calls that may be repeated without harm are made through it, because a call whose answer is lost is made again.
"""

import asyncio
import json
import random
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import aiohttp

from runtime.connections import client_session
from runtime.errors import ConfigurationError, SafeError
from runtime.sigv4 import Credentials, Request, signed_headers

ATTEMPTS = 3
ATTEMPT_SECONDS = 3.0
CONNECT_SECONDS = 1.0
BACKOFF_SECONDS = 0.1
"""Upper bound of the first random pause; doubled for each further attempt."""

THROTTLING_CODES = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""As in the SDKs' standard retry mode (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)."""

NO_ITEM: Mapping[str, Any] = MappingProxyType({})

UNREACHABLE = "Unreachable"
"""Our own code for a service that did not answer: no connection, connection lost, or too slow."""


class AwsError(SafeError):
    """AWS refused a call or did not answer; `code` is AWS's own, or `Unreachable`, `status` is 0 without an answer.

    The text names service, operation, code and status; AWS's message stays in `message` and out of the text, as it may
    repeat values of the request. So does the `item` that DynamoDB gives back when a condition did not hold.
    """

    def __init__(
        self,
        service: str,
        operation: str,
        code: str,
        status: int,
        message: str = "",
        item: Mapping[str, Any] = NO_ITEM,
    ):
        super().__init__(f"{service} {operation} failed: {code}" + (f" (status {status})" if status else ""))
        self.code = code
        self.status = status
        self.message = message
        self.item = item

    @property
    def may_pass(self) -> bool:
        """Whether the same call can succeed a moment later."""
        return self.status >= 500 or self.code == UNREACHABLE or self.code in THROTTLING_CODES


@dataclass(frozen=True)
class Call:
    """One operation of a service, ready to be signed."""

    service: str
    operation: str
    headers: Mapping[str, str]
    body: bytes


class Aws:
    """Calls AWS services of one region over one pool of connections."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        variables: Mapping[str, str],
        credentials: Callable[[], Credentials] | None = None,
    ):
        """Take region and, for AWS in a box, AWS_ENDPOINT_URL from the environment variables given.

        The credentials are taken from there too unless `credentials` gives them, as they are at the time of a call.
        """
        self._session = session
        self._variables = variables
        self._credentials = credentials or self._given_credentials
        self._endpoint = variables.get("AWS_ENDPOINT_URL", "").rstrip("/")
        self._region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or ""
        if not self._region:
            raise ConfigurationError(
                "the environment variable AWS_REGION is not set; Lambda sets it for every function"
            )

    async def json(self, service: str, target: str, body: Mapping[str, Any], *, version: str) -> dict[str, Any]:
        """Call an operation of the JSON protocol `version` ("1.0" or "1.1"); `target` is the prefix and operation."""
        headers = {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": target}
        call = Call(service, target.rpartition(".")[2], headers, json.dumps(body).encode())
        answer: dict[str, Any] = json.loads(await self._call(call) or b"{}")
        return answer

    async def query(self, service: str, version: str, operation: str, fields: Mapping[str, str]) -> ET.Element:
        """Call an operation of the AWS query protocol; returns the answer's XML with namespaces taken off."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        body = urlencode({"Action": operation, "Version": version, **fields}).encode()
        return _parse_xml(await self._call(Call(service, operation, headers, body)))

    def sign(self, request: Request, service: str, when: datetime) -> dict[str, str]:
        """Return the headers of a request to a service of the region, signed with the credentials as they are now."""
        return signed_headers(request, service=service, region=self._region, credentials=self._credentials(), when=when)

    def url(self, service: str) -> str:
        """Return where a service of the region is called, without a slash at the end."""
        return self._endpoint or f"https://{service}.{self._region}.amazonaws.com"

    async def _call(self, call: Call) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(call)
            except AwsError as error:
                if attempt == ATTEMPTS or not error.may_pass:
                    raise
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2 ** (attempt - 1)))  # noqa: S311 - jitter, no secret
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(self, call: Call) -> bytes:
        url = f"{self.url(call.service)}/"
        headers = self.sign(Request("POST", url, call.headers, call.body), call.service, datetime.now(UTC))
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with self._session.post(
                url, data=call.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise AwsError(call.service, call.operation, UNREACHABLE, 0) from None
        if response.status >= 300:
            code, message, item = _error_of(body, response.headers.get("x-amzn-errortype", ""))
            raise AwsError(call.service, call.operation, code, response.status, message, item)
        return body

    def _given_credentials(self) -> Credentials:
        """Return the credentials as they are now; Lambda sets them before the function starts."""
        try:
            return Credentials(
                self._variables["AWS_ACCESS_KEY_ID"],
                self._variables["AWS_SECRET_ACCESS_KEY"],
                self._variables.get("AWS_SESSION_TOKEN", ""),
            )
        except KeyError as error:
            raise ConfigurationError(f"the environment variable {error.args[0]} is not set") from None


@asynccontextmanager
async def open_aws(variables: Mapping[str, str]) -> AsyncIterator[Aws]:
    """Open a client on a session of its own."""
    async with client_session() as session:
        yield Aws(session, variables)


def _error_of(body: bytes, header: str) -> tuple[str, str, Mapping[str, Any]]:
    """Return AWS's error code, message and item from an error of either protocol; the code is a plain word."""
    code, message = "", ""
    item: Mapping[str, Any] = NO_ITEM
    try:
        if body.lstrip().startswith(b"<"):
            root = _parse_xml(body)
            code, message = root.findtext(".//Code") or "", root.findtext(".//Message") or ""
        else:
            document = json.loads(body)
            code = str(document.get("__type") or document.get("code") or "")
            message = str(document.get("message") or document.get("Message") or "")
            item = dict(document.get("Item") or {})
    except (ValueError, AttributeError, ET.ParseError):
        pass
    word = (code or header).split(":")[0].rpartition("#")[2]
    return word if word.isidentifier() or word.replace(".", "").isalnum() else "UnknownError", message, item


def _parse_xml(body: bytes) -> ET.Element:
    root = ET.fromstring(body)  # noqa: S314 - an answer of AWS over TLS; expat bounds entity expansion itself
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root
