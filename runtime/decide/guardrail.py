"""What a guardrail of Bedrock is asked by ApplyGuardrail, what that costs, and what its answer says; pure.

A text unit is up to 1,000 characters, and each policy of the guardrail has its own price by the unit. Rates are whole
micro-dollars per 1,000 units, by the member of the answer's `usage` that counts them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UNIT_CHARACTERS = 1000
CALL_UNITS = 25
"""Of one call: what most regions let a policy look at in a second."""

PIECE_CHARACTERS = 20_000
MAXIMUM_UNITS = 250
"""Of one request or one answer; longer ones cannot be looked through in the time that there is."""

THOUSAND = 1000
FREE = frozenset({"wordPolicyUnits", "sensitiveInformationPolicyFreeUnits", "automatedReasoningPolicies"})
NONE, INTERVENED = "NONE", "GUARDRAIL_INTERVENED"
PASSED, MASKED, BLOCKED = "passed", "masked", "blocked"


@dataclass(frozen=True)
class Piece:
    """A part of the text at place `index` that goes out in one call."""

    index: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class Charge:
    """What a call cost in micro-dollars, and the units that all policies together took; `known` if it was told."""

    amount: int
    units: int
    known: bool


@dataclass(frozen=True)
class Finding:
    """What the guardrail does about the pieces of a call; with `MASKED`, `texts` stand in their place."""

    action: str
    texts: tuple[str, ...] = field(default=(), repr=False)


def readable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which JSON may hold and no service takes."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def calls_of(texts: Sequence[str]) -> list[list[Piece]]:
    """Return the calls by which texts are looked through, in order; blank texts need none."""
    calls: list[list[Piece]] = []
    units = CALL_UNITS
    for index, text in enumerate(texts):
        for part in _parts(text):
            more = units_of(part)
            if units + more > CALL_UNITS:
                calls.append([])
                units = 0
            calls[-1].append(Piece(index, part))
            units += more
    return calls


def _parts(text: str) -> Iterable[str]:
    start = 0 if text and not text.isspace() else len(text)
    while start < len(text):
        end = start + PIECE_CHARACTERS
        if end < len(text):
            # Between two words where there are any, so that nothing that a policy looks for is cut.
            space = text.rfind(" ", start + PIECE_CHARACTERS // 2, end)
            end = space + 1 if space > 0 else end
        yield text[start:end]
        start = end


def units_of(text: str) -> int:
    """Return the most units that a text can count for: joined to others, it may have a separator more."""
    characters = len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
    return 1 + characters // UNIT_CHARACTERS


def worst_price(units: int, rates: Mapping[str, int], assumed: Iterable[str]) -> int:
    """Return the most that so many units cost, in micro-dollars, at the policies that the guardrail is said to have."""
    return -(-units * sum(rates[name] for name in assumed) // THOUSAND)


def charge_of(answer: Mapping[str, Any], rates: Mapping[str, int]) -> Charge | None:
    """Return what the usage of an answer costs; None where it has none, or counts what has no known price."""
    usage = answer.get("usage")
    if not isinstance(usage, Mapping) or not usage:
        return None
    amount = units = 0
    for name, count in usage.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            return None
        if name in FREE or count == 0:
            continue
        if name not in rates:
            return None
        units += count
        amount += count * rates[name]
    return Charge(-(-amount // THOUSAND), units, known=True)


def finding_of(answer: Mapping[str, Any], pieces: Sequence[Piece]) -> Finding | None:
    """Return what an answer says about the pieces asked about; None for one in no known form.

    What does not say for certain that all of it is masked, each text in its place, counts as blocked.
    """
    action, outputs = answer.get("action"), answer.get("outputs")
    if action == NONE:
        return Finding(PASSED)
    if action != INTERVENED:
        return None
    acts = set(_actions(answer.get("assessments")))
    texts = [output.get("text") if isinstance(output, Mapping) else None for output in outputs or ()]
    fits = len(texts) == len(pieces) and all(isinstance(text, str) for text in texts)
    if "BLOCKED" in acts or "ANONYMIZED" not in acts or not fits:
        return Finding(BLOCKED)
    return Finding(MASKED, tuple(map(str, texts)))


def _actions(value: Any) -> Iterable[str]:
    """Yield the actions that assessments tell of."""
    if isinstance(value, Mapping):
        if isinstance(value.get("action"), str):
            yield value["action"]
        for item in value.values():
            yield from _actions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _actions(item)
