"""What the instance knows of itself: the Instance Metadata Service, version 2, asked with a session token only.

See https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from runtime.errors import SafeError
from runtime.log import write_error
from runtime.sigv4 import Credentials

ENDPOINT_VARIABLE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
"""As AWS's SDKs name it."""

ENDPOINT = "http://169.254.169.254"
TOKEN_SECONDS = 21600
ATTEMPT_SECONDS = 2.0
RENEW_SECONDS = 600
"""AWS puts new credentials out at least five minutes before the old ones end."""


class MetadataError(SafeError):
    """The metadata service did not answer as it should."""


@dataclass(frozen=True)
class Instance:
    """What this node is, in EC2's words; `market` is "spot" or "on-demand"."""

    id: str
    type: str
    zone: str
    market: str


class Metadata:
    """A client that keeps its session token; methods raise MetadataError."""

    def __init__(self, session: aiohttp.ClientSession, variables: Mapping[str, str]):
        self._session = session
        self._url = (variables.get(ENDPOINT_VARIABLE) or ENDPOINT).rstrip("/")
        self._token = ""
        self._renew_at = 0.0

    async def instance(self) -> Instance:
        """Return what this node is."""
        names = ("instance-id", "instance-type", "placement/availability-zone", "instance-life-cycle")
        found = [await self._value(f"meta-data/{name}") for name in names]
        if not all(found):
            raise MetadataError("the metadata service does not say what this instance is")
        identity, kind, zone, market = (value or "" for value in found)
        return Instance(identity, kind, zone, market)

    async def is_ending(self) -> bool:
        """Whether EC2 has said that it takes this spot instance away; the notice comes two minutes before."""
        return await self._value("meta-data/spot/instance-action") is not None

    async def credentials(self) -> tuple[Credentials, float]:
        """Return the role's credentials, and the time, in seconds since the epoch, at which they end."""
        path = "meta-data/iam/security-credentials/"
        role = (await self._value(path) or "").strip()
        try:
            document: Any = json.loads(await self._value(path + role) or "")
            ends = datetime.fromisoformat(document["Expiration"]).timestamp()
            keys = (document["AccessKeyId"], document["SecretAccessKey"], document["Token"])
            return Credentials(*keys), ends
        except (ValueError, KeyError, TypeError):
            raise MetadataError("the metadata service gives no credentials: the instance has no role") from None

    async def _value(self, path: str) -> str | None:
        """Return a value, None where there is none."""
        if time.monotonic() >= self._renew_at:
            seconds = {"X-aws-ec2-metadata-token-ttl-seconds": str(TOKEN_SECONDS)}
            self._token = await self._ask("PUT", "api/token", seconds) or ""
            self._renew_at = time.monotonic() + TOKEN_SECONDS / 2
        return await self._ask("GET", path, {"X-aws-ec2-metadata-token": self._token})

    async def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> str | None:
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        try:
            async with self._session.request(
                method, f"{self._url}/latest/{path}", headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise MetadataError(f"the metadata service did not answer ({type(error).__name__})") from None
        if response.status == 404:
            return None
        if response.status != 200:
            raise MetadataError(f"the metadata service answered with status {response.status}")
        return text


class RoleCredentials:
    """The role's credentials as they are now, renewed before they end by `keep`."""

    def __init__(self, metadata: Metadata):
        self._metadata = metadata
        self._current: Credentials | None = None

    def __call__(self) -> Credentials:
        """Return the credentials; raises MetadataError before the first were fetched."""
        if self._current is None:
            raise MetadataError("no credentials have been fetched yet")
        return self._current

    async def fetch(self) -> float:
        """Fetch them; returns in how many seconds they are to be fetched again. Raises MetadataError."""
        self._current, ends = await self._metadata.credentials()
        return max(RENEW_SECONDS / 10, ends - time.time() - RENEW_SECONDS)

    async def keep(self) -> None:
        """Renew them for ever; what fails is tried again, as the old ones hold meanwhile."""
        while True:
            try:
                pause = await self.fetch()
            except MetadataError as error:
                write_error("credentials_not_renewed", error)
                pause = RENEW_SECONDS / 10
            await asyncio.sleep(pause)
