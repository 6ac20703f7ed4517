"""Calls of Bedrock's models pass a guardrail of a fixed version, and IAM lets none through without."""

import re
from collections.abc import Iterator

from policies.gateway_config import AGENT, CARRIERS, Upstream, documents, routes, upstreams, variables
from policies.iam_conditions import asks_for, tests
from policies.iam_documents import Statement
from policies.identity_policies import DOCUMENT_INPUTS, DOCUMENT_TYPES, each_grant
from policies.managed_models import asked
from policies.reading import Block, Value
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

INVOKING = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
CONDITION = "bedrock:guardrailidentifier"
VERSION = re.compile(r"[1-9]\d{0,7}")
IDENTIFIER_NAME, VERSION_NAME = re.compile(r"GUARDRAIL(?:_ID|_IDENTIFIER|_ARN)$"), re.compile(r"GUARDRAIL_VERSION$")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at agents, at routes and variables that name models of Bedrock, and at who may invoke them."""
    del settings
    if item.type == AGENT:
        yield from _agent(item)
    elif item.type in DOCUMENT_TYPES:
        yield from _granted(item)
    else:
        yield from _carried(item)


def _agent(item: Item) -> Iterator[Outcome]:
    guardrails = item.props.blocks("guardrailConfigurations")
    if not guardrails:
        yield Problem("guardrailConfigurations", "the agent has no guardrail")
    for row in guardrails:
        for key in ("guardrailIdentifier", "guardrailVersion"):
            if not row.has(key):
                yield Problem(row.at(key), "the guardrail of the agent is not named")


def _granted(item: Item) -> Iterator[Outcome]:
    """An allowed call needs the condition, or a denial beside it of every call without."""
    denied: list[bool] = []

    def note(statement: Statement) -> Iterator[Outcome]:
        denied.append(_denies_others(statement))
        return iter(())

    # What cannot be read here is told of when it is looked at below.
    tuple(each_grant(item, note))
    if not any(denied):
        yield from each_grant(item, _statement)


def _denies_others(statement: Statement) -> bool:
    if statement.allows or not any(statement.names_action(action) for action in INVOKING):
        return False
    return any(test.key == CONDITION for test in tests(statement))


def _statement(statement: Statement) -> Iterator[Outcome]:
    if statement.granted(INVOKING) and not asks_for(statement, CONDITION):
        yield Problem(statement.at("Condition"), "models may be invoked without a guardrail")


def _carried(item: Item) -> Iterator[Outcome]:
    found = documents(item)
    upstreams_of_bedrock = [
        (row, document)
        for document in found
        for value in routes(document)
        for row in upstreams(value.block(), document)
        if not row.is_local and _is_bedrock(row)
    ]
    named = [row for row in asked(item) if row.provider == "bedrock"] if not found else []
    if not upstreams_of_bedrock and not named:
        raise NotApplicable("it names no model of Bedrock")
    yield from each(upstreams_of_bedrock, lambda pair: _upstream(*pair))
    if named:
        yield from _variables(item, named[0].path)


def _is_bedrock(row: Upstream) -> bool:
    leads_to = row.leads_to
    return row.provider == "bedrock" or (leads_to is not None and leads_to.provider == "bedrock")


def _upstream(row: Upstream, document: Block) -> Iterator[Outcome]:
    """A guardrail may stand at the target, at its provider, or once for the whole document."""
    places = (row.block, row.settings, document)
    guardrail = next((block for place in places if (block := place.block("guardrail")).keys()), None)
    if guardrail is None:
        yield Problem(row.block.at("guardrail"), "the route asks Bedrock without a guardrail")
        return
    if not guardrail.has("id"):
        yield Problem(guardrail.at("id"), "the guardrail is not named")
    if not VERSION.fullmatch(guardrail.text("version").strip()):
        yield Problem(guardrail.at("version"), "the guardrail has no numbered version: a draft changes at any time")


def _variables(item: Item, path: str) -> Iterator[Outcome]:
    rows = variables(item)
    identifiers = [row.value for row in rows if IDENTIFIER_NAME.search(row.name)]
    versions = [row.value for row in rows if VERSION_NAME.search(row.name)]
    if not any(value.text().strip() for value in identifiers):
        yield Problem(path, "the program asks Bedrock, and no variable names a guardrail")
    elif not any(_is_numbered(value) for value in versions):
        yield Problem(path, "the guardrail has no numbered version: a draft changes at any time")


def _is_numbered(value: Value) -> bool:
    return bool(VERSION.fullmatch(value.text().strip()))


RULE = Rule(
    id="guardrail-attached",
    area="governance",
    title="Calls of Bedrock's models pass a guardrail",
    severity=Severity.HIGH,
    levels=PROD,
    types=(AGENT, *CARRIERS, *DOCUMENT_TYPES),
    guards=("guardrailConfigurations", "code", "value", "content", "environment", *DOCUMENT_INPUTS),
    check=check,
    rationale="A guardrail that a caller may leave out guards nothing, and a draft changes without a deployment.",
    fix="Name the guardrail and a numbered version where the model is named, and allow bedrock:InvokeModel only with"
    " the condition bedrock:GuardrailIdentifier.",
    references={
        "checkov": ("CKV_AWS_383",),
        "prowler": ("bedrock_guardrails_configured",),
        "owasp-llm-2026": ("LLM01", "LLM02"),
    },
)
