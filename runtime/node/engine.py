"""The model server behind the agent: its health, its numbers, and one token to prove that it works.

llama.cpp's `/health` says that a model is loaded, also when nothing comes out of it any more; so a token is asked for.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from runtime.errors import ConfigurationError

HEALTH_SECONDS = 2.0
PROBE_SECONDS = 20.0
GENERATED = re.compile(
    rb"^(?:llamacpp:tokens_predicted_total|vllm:generation_tokens_total)(?:\{[^}]*\})? ([0-9.e+]+)", re.MULTILINE
)
"""How many tokens each engine has made, in Prometheus's text form; vLLM has a series for each of its models."""


@dataclass(frozen=True)
class Engine:
    """An engine on loopback; `key` is made at boot and known to nobody else."""

    session: aiohttp.ClientSession
    url: str
    model: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request to it carries."""
        return {"Authorization": f"Bearer {self.key}"}

    async def is_loaded(self) -> bool:
        """Whether it says that its model is loaded."""
        try:
            timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
            async with self.session.get(f"{self.url}/health", timeout=timeout) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def makes_tokens(self) -> bool:
        """Whether one token comes out of it, as a client would ask for it."""
        fields = {"model": self.model, "messages": [{"role": "user", "content": "."}], "max_tokens": 1}
        try:
            timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
            url = f"{self.url}/v1/chat/completions"
            async with self.session.post(url, json=fields, headers=self.headers, timeout=timeout) as response:
                answer = await response.json(content_type=None)
                return response.status == 200 and answer["usage"]["completion_tokens"] >= 1
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
            return False

    async def generated_tokens(self) -> float | None:
        """Return how many tokens it has made since its start, None where it does not say."""
        try:
            timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
            async with self.session.get(f"{self.url}/metrics", headers=self.headers, timeout=timeout) as response:
                found = GENERATED.findall(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        return sum(float(value) for value in found) if found else None


def read_key(path: Path) -> str:
    """Return the engine's key; raises ConfigurationError for none, with which llama.cpp serves everybody."""
    try:
        key = path.read_text("ascii").strip()
    except (OSError, ValueError):
        raise ConfigurationError(f"the engine's key {path} cannot be read") from None
    if not key:
        raise ConfigurationError(f"the engine's key {path} is empty: an engine with an empty key serves everybody")
    return key
