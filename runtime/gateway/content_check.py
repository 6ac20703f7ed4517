"""How the content of a route's requests and answers is checked, as the deployment's document says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from runtime.errors import ConfigurationError

BLOCK, MASK, LOG = "block", "mask", "log"
ON_FINDING = (BLOCK, MASK, LOG)
OPEN, CLOSED = "open", "closed"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class ContentCheck:
    """A guardrail of Bedrock, and what is done about what it finds; empty `on_input` or `on_output` is not asked.

    `fails_open` says that what cannot be checked passes. Of streams, `buffer_characters` are held back and checked at a
    time, 0 is the whole answer. `rates` are micro-dollars per 1,000 text units, `assumed` those that money is put aside
    for before the guardrail tells which it has.
    """

    id: str
    version: str
    base_url: str
    on_input: str
    on_output: str
    fails_open: bool
    buffer_characters: int = 0
    rates: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    assumed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How its breaker and log lines are told apart from others."""
        return f"guardrail/{self.id}:{self.version}"

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{self.base_url}/guardrail/{self.id}/version/{self.version}/apply"


def read_content_check(route: str, fields: Mapping[str, Any] | None) -> ContentCheck | None:
    """Return what a route's document says, None when it says nothing; raises ConfigurationError or KeyError."""
    if fields is None:
        return None
    check = ContentCheck(
        id=str(fields["id"]),
        version=str(fields["version"]),
        base_url=str(fields["base_url"]).rstrip("/"),
        on_input=str(fields.get("on_input", "")),
        on_output=str(fields.get("on_output", "")),
        fails_open=fields["on_failure"] == OPEN,
        buffer_characters=int(fields.get("buffer_characters", 0)),
        rates=MappingProxyType({str(name): int(rate) for name, rate in fields["rates"].items()}),
        assumed=tuple(map(str, fields["assumed"])),
    )
    url = urlsplit(check.base_url)
    problems = {
        "base_url": url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK_HOSTS),
        "on_failure": fields["on_failure"] not in {OPEN, CLOSED},
        "on_input": check.on_input not in {"", *ON_FINDING},
        "on_output": check.on_output not in {"", *ON_FINDING},
        "rates": not check.rates or not check.rates.keys() >= set(check.assumed),
    }
    for name, wrong in problems.items():
        if wrong:
            raise ConfigurationError(f"route {route} has a content check whose {name} is {fields.get(name)!r}")
    return check
