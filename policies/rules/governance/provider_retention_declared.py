"""Of every provider it is stated how long it keeps requests and whether it trains on them."""

import datetime as dt
from collections.abc import Iterator

from policies.gateway_config import CARRIERS, documents
from policies.reading import Block, Value
from policies.rule import ADVISORY, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look for the statement of each provider in the document."""
    found = documents(item)
    if not found:
        raise NotApplicable("it holds no routes")
    for document in found:
        rows = tuple(document.mapping("providers").values())
        yield from each(rows, lambda value: _provider(value, settings))


def _provider(value: Value, settings: Settings) -> Iterator[Outcome]:
    provider = value.block()
    statement = provider.block("retention")
    if not statement.keys():
        yield Problem(statement.path, "nothing states how long the provider keeps requests")
        return
    days = statement.number("days")
    if days is None:
        yield Problem(statement.at("days"), "the statement does not say for how many days")
    elif days > int(settings["maximumDays"]):
        yield Problem(statement.at("days"), f"the provider keeps requests for {days} days")
    if not statement.has("training"):
        yield Problem(statement.at("training"), "the statement does not say whether the provider trains on requests")
    elif statement.flag("training"):
        yield Problem(statement.at("training"), "the provider trains on requests")
    yield from _dated(statement, settings)


def _dated(statement: Block, settings: Settings) -> Iterator[Outcome]:
    if not statement.has("source"):
        yield Problem(statement.at("source"), "the statement has no source")
    try:
        day = dt.date.fromisoformat(statement.text("date").strip())
    except ValueError:
        yield Problem(statement.at("date"), "the statement has no date such as 2026-11-25")
        return
    if (settings.today - day).days > int(settings["statementDays"]):
        yield Problem(statement.at("date"), f"the statement is of {day}: look at the provider's terms again")


RULE = Rule(
    id="provider-retention-declared",
    area="governance",
    title="It is stated how long providers keep requests",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=CARRIERS,
    guards=("code", "value", "insecureValue", "content", "environment"),
    check=check,
    rationale="Providers keep requests for weeks to look for abuse, unless agreed otherwise: who asks must know.",
    fix="State days, training, source and date under `retention` of the provider in the document.",
    references={"owasp-llm-2026": ("LLM02",)},
    parameters=(
        Parameter("maximumDays", "integer", 60, "For how many days a provider may keep requests.", minimum=0),
        Parameter("statementDays", "integer", 365, "How old a statement may be.", minimum=1),
    ),
)
