"""Where a request goes when the first target fails is no less strict than the first, unless the stack says so."""

from collections.abc import Iterator
from functools import partial

from catalog.endpoints import geography
from policies.gateway_config import CARRIERS, Upstream, documents, routes, upstreams
from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, Unevaluated, each
from policies.stack import Item, Settings

PLACES = ("eu", "us")
LOCAL, REGION, OPEN = 0, 1, 2
"""How strict a target is: the stack's own nodes, a provider that stays in a place, one that promises nothing."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Compare each target of a route with those before it."""
    found = documents(item)
    if not found:
        raise NotApplicable("it holds no routes")
    for document in found:
        yield from each(routes(document), partial(_route, document=document, settings=settings))


def _route(value: Value, document: Block, settings: Settings) -> Iterator[Outcome]:
    route = value.block()
    rows = upstreams(route, document)
    # "any" is a statement, too: whoever wrote it lets every request leave. In the EU nobody may.
    residency = (route.text("residency") or document.text("residency")).strip().lower()
    if residency == "any" and settings.profile != "eu":
        return
    places = [(row, _place(row)) for row in rows]
    for number, (row, place) in enumerate(places[1:], start=1):
        before = [other for _, other in places[:number]]
        path = row.block.at("provider" if not row.is_local else "model")
        yield from _compare(path, place, before, residency)


def _compare(path: str, place: str, before: list[str], residency: str) -> Iterator[Outcome]:
    strictest = min(before, key=_strictness)
    if place == "deployment" and _strictness(strictest) < OPEN:
        yield Unevaluated(path, "where the provider processes requests is decided by the deployment")
    elif _is_weaker(place, strictest, residency):
        yield Problem(path, "when the targets before it fail, requests go where less is promised of where they stay")


def _is_weaker(place: str, strictest: str, residency: str) -> bool:
    """A place that the stack states is kept to; without a statement, only the same place is as strict."""
    if place == "local" or _strictness(strictest) == OPEN:
        return False
    return place != (residency if residency in PLACES else strictest)


def _strictness(place: str) -> int:
    return LOCAL if place == "local" else REGION if place in PLACES else OPEN


def _place(row: Upstream) -> str:
    """Return "local", "eu", "us", "deployment" or "any"."""
    if row.is_local:
        return "local"
    leads_to = row.leads_to
    if leads_to is None:
        return "any"
    named = geography(row.model) if leads_to.provider == "bedrock" else ""
    return named if named in PLACES else "any" if named else leads_to.place


RULE = Rule(
    id="fallback-residency",
    area="governance",
    title="A fallback is no less strict than what it stands in for",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=CARRIERS,
    guards=("code", "value", "insecureValue", "content", "environment"),
    check=check,
    rationale="A failure must not be what sends a prompt to another continent, or out of the account.",
    fix="Let the fallback be an endpoint in the same place; or state `residency` in the document, so that everybody"
    " knows where requests may go.",
    references={"owasp-llm-2026": ("LLM02",)},
)
