"""A function as it is deployed: read from the embedded AWS and its side store, kept for a second."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from leanto.embedded.aws.invocation import InvokeRefusedError
from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.errors import code_of
from leanto.embedded.plugin.side import HttpSideStore

FUNCTION_TOKEN = "aws:lambda/function:Function"  # noqa: S105 - a type, no secret
UNRESERVED = -1
KEPT_SECONDS = 1.0
"""How old a reading may be: a new deployment is seen after at most this time."""


class DeployedCode(Protocol):
    """Where the host finds the embedded AWS and what was deployed to it."""

    @property
    def url(self) -> str:
        """Where the embedded AWS listens."""
        ...

    def lambda_code(self, function_name: str, region: str) -> bytes:
        """Return the zip of a function."""
        ...

    def layer_code(self, layer_version_arn: str) -> bytes:
        """Return the zip of a layer version."""
        ...

    def permits(self, function_name: str, region: str, service: str, source_arn: str) -> bool:
        """Say whether a function's policy lets `service` invoke it for `source_arn`."""
        ...


@dataclass(frozen=True)
class FunctionConfiguration:
    """What decides how a function runs. Two equal ones may share execution environments."""

    name: str
    arn: str
    region: str
    handler: str
    runtime: str
    code_sha256: str
    layer_arns: tuple[str, ...]
    memory_mib: int
    timeout_seconds: int
    log_group: str
    log_format: str
    variables: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True)
class Deployed:
    """A function's configuration and how many invocations of it may run at once; `UNRESERVED` when nobody said."""

    configuration: FunctionConfiguration
    reserved_concurrency: int


class Deployments:
    """Reads deployed functions in threads, so that the event loop never waits for AWS."""

    def __init__(self, aws: DeployedCode) -> None:
        self._clients = ClientCache(aws.url)
        self._side = HttpSideStore(aws.url)
        self._kept: dict[tuple[str, str], tuple[float, Deployed]] = {}

    async def find(self, function: str, region: str) -> Deployed:
        """Return a function by name or ARN; raises InvokeRefusedError (404) when there is none."""
        name = function.rpartition(":function:")[2].split(":")[0]
        kept = self._kept.get((name, region))
        if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            found = await asyncio.to_thread(self._read, name, region)
        except Exception as error:
            self._kept.pop((name, region), None)
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise InvokeRefusedError("ResourceNotFoundException", f"Function not found: {function}", 404) from None
        self._kept[name, region] = (time.monotonic(), found)
        return found

    def _read(self, name: str, region: str) -> Deployed:
        client = self._clients.get("lambda", region)
        document = client.get_function(FunctionName=name)
        concurrency = client.get_function_concurrency(FunctionName=name)
        beside = self._side.get(FUNCTION_TOKEN, name)
        return Deployed(
            read_configuration(document["Configuration"], beside, region),
            int(concurrency.get("ReservedConcurrentExecutions", UNRESERVED)),
        )


def read_configuration(document: Mapping[str, Any], beside: Mapping[str, Any], region: str) -> FunctionConfiguration:
    """Return the configuration from Lambda's answer and from what is kept beside moto."""
    logging = beside.get("loggingConfig") or {}
    name = str(document["FunctionName"])
    return FunctionConfiguration(
        name=name,
        arn=str(document["FunctionArn"]),
        region=region,
        handler=str(document.get("Handler") or ""),
        runtime=str(document.get("Runtime") or ""),
        code_sha256=str(document["CodeSha256"]),
        layer_arns=tuple(layer["Arn"] for layer in document.get("Layers") or ()),
        memory_mib=int(document["MemorySize"]),
        timeout_seconds=int(document["Timeout"]),
        log_group=str(logging.get("logGroup") or f"/aws/lambda/{name}"),
        log_format=str(logging.get("logFormat") or "Text"),
        variables=tuple(sorted(document.get("Environment", {}).get("Variables", {}).items())),
    )
