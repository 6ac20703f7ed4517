"""The guardrail that looks at a route's requests and answers on any upstream: how it is set, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import Any

from catalog.pricing import Quote, unit_price
from catalog.rows import Catalogue
from infra.problems import Problem, shown
from infra.readers import FILE, Reader, array, choice, integer, record, text

WHOLE = "whole"
ON_FINDING = ("block", "mask", "log")
POLICIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "content": ("contentPolicyUnits", "bedrock.guardrail-content"),
        "grounding": ("contextualGroundingPolicyUnits", "bedrock.guardrail-grounding"),
        "sensitive-information": ("sensitiveInformationPolicyUnits", "bedrock.guardrail-sensitive-information"),
        "topics": ("topicPolicyUnits", "bedrock.guardrail-topics"),
    }
)
"""A policy with a price -> the member of ApplyGuardrail's usage that counts it, and its item in the catalogue."""

ASSUMED = ("content", "sensitive-information", "topics")
"""What a guardrail is taken to have where a route does not say: grounding counts only texts that are marked for it."""

MICRO_USD = 1_000_000
LEAST_BUFFER, MOST_BUFFER = 200, 100_000


@dataclass(frozen=True)
class ContentGuardrail:
    """A guardrail of the stack's account and region, and what is done about what it finds.

    Empty `on_input` or `on_output` is not asked. `output_buffer` is "whole" or a number of characters; None is not set.
    """

    id: str
    version: str
    on_failure: str
    on_input: str = ""
    on_output: str = ""
    output_buffer: str | int | None = None
    policies: tuple[str | None, ...] = ASSUMED


def _buffer(key: str, value: object, found: list[Problem]) -> str | int | None:
    """Read how much of a streamed answer is held back: all of it, or so many characters at a time."""
    mistakes: list[Problem] = []
    if value == WHOLE:
        return WHOLE
    number = integer(LEAST_BUFFER, MOST_BUFFER)(key, value, mistakes)
    if number is None:
        allowed = f"{WHOLE}, or a number of characters from {LEAST_BUFFER} to {MOST_BUFFER}"
        found.append(Problem(key, shown(value), allowed, f"correct {key} in {FILE}"))
    return number


CONTENT_GUARDRAIL: Reader[ContentGuardrail] = record(
    ContentGuardrail,
    {
        "id": ("id", text(r"[a-z0-9]{1,64}", "small letters and digits, as AWS gives it")),
        "version": ("version", text(r"[1-9][0-9]{0,7}", "the number of a version, such as 1; no draft")),
        "onInput": ("on_input", choice(*ON_FINDING)),
        "onOutput": ("on_output", choice(*ON_FINDING)),
        "onFailure": ("on_failure", choice("open", "closed")),
        "outputBuffer": ("output_buffer", _buffer),
        "policies": ("policies", array(choice(*POLICIES), 1, len(POLICIES))),
    },
    required=frozenset({"id", "version", "onFailure"}),
)


def quotes(region: str, tables: Catalogue) -> dict[str, Quote]:
    """Return the known prices of policies in a region, in USD per 1,000 text units."""
    found = {policy: unit_price(item, region, tables) for policy, (_, item) in POLICIES.items()}
    return {policy: quote for policy, quote in found.items() if isinstance(quote, Quote)}


def content_check(guardrail: ContentGuardrail, base_url: str, region: str, tables: Catalogue) -> dict[str, Any]:
    """Return what the gateway is told; rates are rounded up, in micro-dollars per 1,000 text units."""
    known = quotes(region, tables)
    found: dict[str, Any] = {
        "id": guardrail.id,
        "version": guardrail.version,
        "base_url": base_url,
        "on_failure": guardrail.on_failure,
        "rates": {POLICIES[policy][0]: _rate(quote.usd) for policy, quote in known.items()},
        "assumed": sorted(POLICIES[policy][0] for policy in guardrail.policies if policy),
    }
    optional = {"on_input": guardrail.on_input, "on_output": guardrail.on_output}
    found |= {name: value for name, value in optional.items() if value}
    if isinstance(guardrail.output_buffer, int):
        found["buffer_characters"] = guardrail.output_buffer
    return found


def _rate(usd: Decimal) -> int:
    return int((usd * MICRO_USD).to_integral_value(ROUND_CEILING))
