"""Guardrails of routes: something is asked of each, streams have their buffer, and what is asked has a price."""

from collections.abc import Iterator

from catalog.rows import Catalogue
from infra.checks.values import Check, Values, good
from infra.content import POLICIES, ContentGuardrail, quotes
from infra.problems import Problem, listed, shown
from infra.readers import FILE

KEY = "leanto:routes"


def _guardrails(values: Values) -> Iterator[tuple[str, ContentGuardrail]]:
    for index, route in good(values.routes):
        if route.guardrail is not None:
            yield f"{KEY}[{index}].guardrail", route.guardrail


def asked_guardrails(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A route's guardrail looks at requests (`onInput`), at answers (`onOutput`), or at both."""
    del tables
    for key, guardrail in _guardrails(values):
        if not guardrail.on_input and not guardrail.on_output:
            allowed = "onInput, onOutput, or both: block, mask or log"
            yield Problem(
                f"{key}.onInput", "its absence", allowed, f"add one to {key} in {FILE}, or remove the guardrail"
            )


def declared_buffers(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A route whose answers are looked at says how much of a stream is held back for it (`outputBuffer`)."""
    del tables
    for key, guardrail in _guardrails(values):
        buffer = guardrail.output_buffer
        if guardrail.on_output and buffer is None:
            allowed = "whole, or a number of characters: streamed answers wait for their check"
            remedy = f"add outputBuffer to {key} in {FILE}, or remove onOutput"
            yield Problem(f"{key}.outputBuffer", "its absence", allowed, remedy)
        if not guardrail.on_output and buffer is not None:
            allowed = "outputBuffer only with onOutput"
            yield Problem(f"{key}.outputBuffer", shown(buffer), allowed, "remove it, or add onOutput")


def priced_guardrails(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """What a route's guardrail costs in the stack's region stands in the catalogue: no unknown price is paid."""
    region = values.region
    known = quotes(region, tables)
    for key, guardrail in _guardrails(values):
        missing = sorted({policy for policy in guardrail.policies if policy} - known.keys())
        if missing:
            allowed = f"policies with a known price in {region}: {listed(sorted(known))}"
            items = listed(POLICIES[policy][1] for policy in missing)
            remedy = f"add the price of {items} in {region}, with source and date, to catalog/data/unit_prices.toml"
            yield Problem(f"{key}.policies", shown(missing), allowed, remedy)


CHECKS: tuple[Check, ...] = (asked_guardrails, declared_buffers, priced_guardrails)
