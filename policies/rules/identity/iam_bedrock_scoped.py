"""Who may invoke models of Bedrock may invoke named ones only."""

import re
from collections.abc import Iterator, Sequence

from policies.iam_conditions import asks_for
from policies.iam_documents import Statement, any_resource, matches
from policies.identity_policies import ALL_INPUTS, ALL_TYPES, each_grant, each_managed
from policies.reading import Value
from policies.rule import PROD, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

INVOKING = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
MODEL = re.compile(
    r"arn:[^:]*:(?:bedrock|\*+):[^:]*:[^:]*:"
    r"(?:foundation-model|inference-profile|application-inference-profile|provisioned-model|custom-model"
    r"|custom-model-deployment|imported-model|default-prompt-router|prompt-router|marketplace/model-endpoint)/(.+)",
    re.IGNORECASE,
)
EVERY_MODEL = re.compile(r"arn:[^:]*:(?:bedrock|\*+):[^:]*:[^:]*:(?:\*.*|[a-z-]+/\*+|[a-z-]*\*+)", re.IGNORECASE)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each policy that the resource holds, and each one of AWS's that it attaches."""
    allowed: Sequence[str] = settings["models"]
    yield from each_grant(item, lambda statement: _statement(statement, allowed))
    yield from each_managed(item, _managed)


def _managed(name: str, path: str) -> Iterator[Outcome]:
    if name.lower() == "amazonbedrockfullaccess":
        yield Problem(path, f"AWS's policy {name} allows every model")


def _statement(statement: Statement, allowed: Sequence[str]) -> Iterator[Outcome]:
    if not statement.granted(INVOKING) or asks_for(statement, "bedrock:inferenceprofilearn"):
        return
    if statement.has("NotResource"):
        yield Problem(statement.at("NotResource"), "every model but some may be invoked")
        return
    yield from each(statement.values("Resource"), lambda value: _resource(value, allowed))


def _resource(value: Value, allowed: Sequence[str]) -> Iterator[Outcome]:
    text = value.text().strip()
    if any_resource(text) or EVERY_MODEL.fullmatch(text):
        yield Problem(value.path, "every model may be invoked")
    elif allowed and not _named(text, allowed):
        yield Problem(value.path, f"the model is none of the list {', '.join(allowed)}")


def _named(text: str, allowed: Sequence[str]) -> bool:
    """Only models are compared with the list: a statement may hold resources of other kinds for other actions."""
    model = MODEL.fullmatch(text)
    return model is None or any(matches(row, text) or matches(row, model.group(1)) for row in allowed)


RULE = Rule(
    id="iam-bedrock-scoped",
    area="identity",
    title="Models of Bedrock are invoked by name",
    severity=Severity.HIGH,
    levels=PROD,
    types=ALL_TYPES,
    guards=ALL_INPUTS,
    check=check,
    rationale="A list of allowed models holds only if the identity that calls them can call no other; prices of"
    " models differ a hundredfold.",
    fix="Give the ARNs of the models and inference profiles that the gateway's configuration lists as Resource.",
    references={"nag": ("IAM5",), "prowler": ("bedrock_full_access_policy_attached",), "owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter(
            "models",
            "texts",
            (),
            "Ids or ARNs of the models and inference profiles that may be invoked, with * and ? as wildcards; empty for"
            " any that is named.",
        ),
    ),
)
