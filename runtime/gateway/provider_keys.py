"""The providers' keys, from Secrets Manager, kept in memory for a few minutes."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.aws import Aws, AwsError
from runtime.errors import ConfigurationError
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.deployment import ROLE, Provider

FRESH_SECONDS = 300.0
REFUSED_FRESH_SECONDS = 30.0
"""A refused key younger than this is not read again: a wrong key must not turn each request into a call."""

_USABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class _Kept:
    key: str = field(repr=False)
    read_at: float


class ProviderKeys:
    """Gives a provider's key; the secret that holds it is made empty by the deployment and filled by a person."""

    def __init__(self, aws: Aws, secret_arns: Mapping[str, str], clock: Callable[[], float] = time.time):
        self._aws = aws
        self._secret_arns = secret_arns
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {name: asyncio.Lock() for name in secret_arns}

    def require(self, providers: Mapping[str, Provider]) -> None:
        """Raise ConfigurationError unless there is a secret for each provider that takes a key."""
        keyed = {name for name, provider in providers.items() if provider.auth != ROLE}
        missing = sorted(keyed - self._secret_arns.keys())
        if missing:
            raise ConfigurationError(f"LEANTO_PROVIDER_SECRETS names no secret for {', '.join(missing)}")

    async def get(self, provider: str) -> str:
        """Return the provider's key, empty for one that takes none; raises GatewayError 503 when it cannot be had."""
        if provider not in self._locks:
            return ""
        async with self._locks[provider]:
            kept = self._kept.get(provider)
            if kept is None or self._age(kept) >= FRESH_SECONDS:
                self._kept.pop(provider, None)
                kept = self._kept[provider] = _Kept(await self._read(provider), self._clock())
            return kept.key

    def refused(self, provider: str) -> None:
        """Note that the provider refused its key, so that one set meanwhile is found at the next request."""
        kept = self._kept.get(provider)
        if kept is not None and self._age(kept) >= REFUSED_FRESH_SECONDS:
            del self._kept[provider]

    def _age(self, kept: _Kept) -> float:
        age = self._clock() - kept.read_at
        return age if age >= 0 else FRESH_SECONDS

    async def _read(self, provider: str) -> str:
        body = {"SecretId": self._secret_arns[provider]}
        try:
            answer = await self._aws.json("secretsmanager", "secretsmanager.GetSecretValue", body, version="1.1")
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                raise _missing(provider) from None
            raise GatewayError(
                503, "provider_key_unavailable", f"The key of provider {provider} could not be read ({error.code})."
            ) from None
        key = str(answer.get("SecretString") or "").strip()
        if not key:
            raise _missing(provider)
        if not _USABLE.fullmatch(key):
            raise _unusable(provider)
        return key


def _missing(provider: str) -> GatewayError:
    message = (
        f"The stack has no key for provider {provider}. Whoever runs it sets one: leanto provider-key set {provider}"
    )
    return GatewayError(503, "provider_key_missing", message, headers=NO_RETRY)


def _unusable(provider: str) -> GatewayError:
    message = (
        f"The key of provider {provider} has characters that no header can carry. "
        f"Whoever runs the stack sets it again: leanto provider-key set {provider}"
    )
    return GatewayError(503, "provider_key_unusable", message, headers=NO_RETRY)
