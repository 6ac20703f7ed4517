"""Functions as the front calls them: by the URI of an integration, with the function's permission."""

import asyncio
import re
import time
from typing import Protocol

from leanto.embedded.aws.functions import FunctionMissingError
from leanto.embedded.functions.invocation import Invocation

SERVICE = "apigateway.amazonaws.com"
PERMISSION_SECONDS = 1.0
"""How old an answer about a permission may be."""
_URI = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/[\d-]+/functions/(?P<arn>[^/]+)/[\w-]+")


class Permissions(Protocol):
    """Who knows the policies of functions: the embedded AWS."""

    def permits(self, function_name: str, region: str, service: str, source_arn: str) -> bool:
        """Say whether a function's policy lets `service` invoke it for `source_arn`."""
        ...


class Host(Protocol):
    """Who runs functions: the function host."""

    @property
    def aws(self) -> Permissions:
        """Who knows the policies of functions."""
        ...

    async def invoke(self, function: str, payload: bytes, *, region: str = "") -> Invocation:
        """Run a function."""
        ...


class NotPermittedError(Exception):
    """The URI names no function, or one whose policy does not let this API invoke it."""


class Functions:
    """The functions behind an API."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._permitted: dict[tuple[str, str], tuple[float, bool]] = {}

    async def invoke(self, uri: str, source_arn: str, payload: bytes) -> Invocation:
        """Run the function that a URI names; raises NotPermittedError, or InvokeRefusedError when it is not run."""
        found = _URI.fullmatch(uri)
        if found is None or not await self._may(found["arn"], source_arn):
            raise NotPermittedError(f"Invalid permissions on Lambda function: {uri} for {source_arn}")
        return await self._host.invoke(found["arn"], payload)

    async def _may(self, function_arn: str, source_arn: str) -> bool:
        kept = self._permitted.get((function_arn, source_arn))
        if kept is not None and time.monotonic() - kept[0] < PERMISSION_SECONDS:
            return kept[1]
        region = function_arn.split(":")[3]
        try:
            may = await asyncio.to_thread(self._host.aws.permits, function_arn, region, SERVICE, source_arn)
        except FunctionMissingError:
            may = False
        self._permitted[function_arn, source_arn] = (time.monotonic(), may)
        return may
