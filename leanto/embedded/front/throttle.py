"""Throttling of a stage's methods by token buckets, as its method settings say.

Settings for all methods hold for each of them, and those of a method for `ANY` for each verb: every path and verb has a
bucket of its own (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

UNLIMITED = -1
EVERY_METHOD = "*/*"


@dataclass
class Bucket:
    """Holds up to `burst` tokens and gains `rate` a second."""

    rate: float
    burst: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """Take a token; False when there is none."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """The buckets of all stages. A changed limit starts with a full bucket."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str, str], Bucket] = {}

    def admits(self, api_id: str, stage: str, settings: Mapping[str, Any], path: str, http_method: str) -> bool:
        """Take a token for one request; False when it is to be refused."""
        limits = _limits(settings, path, http_method)
        rate = float(limits.get("throttlingRateLimit", UNLIMITED))
        burst = float(limits.get("throttlingBurstLimit", UNLIMITED))
        if UNLIMITED in {rate, burst}:
            return True
        key = (api_id, stage, path, http_method)
        bucket = self._buckets.get(key)
        now = self._clock()
        if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
            bucket = Bucket(rate, burst, burst, now)
            self._buckets[key] = bucket
        return bucket.take(now)


def _limits(settings: Mapping[str, Any], path: str, http_method: str) -> Mapping[str, Any]:
    """Return the settings of a method: its own, else those of every method. Each path is written with `~1` for `/`."""
    limits: Mapping[str, Any]
    for key, limits in settings.items():
        resource, _, method = key.rpartition("/")
        if method == http_method and "/" + resource.replace("~1", "/").strip("/") == path:
            return limits
    found: Mapping[str, Any] = settings.get(EVERY_METHOD, {})
    return found
