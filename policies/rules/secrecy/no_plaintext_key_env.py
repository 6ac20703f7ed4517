"""No environment of a program holds a key: whoever may read the function's settings could read it."""

from collections.abc import Iterator, Sequence

from policies.iam_documents import matches
from policies.leaves import Leaf, leaves
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.secret_patterns import named_secret
from policies.stack import Item, Settings

FUNCTION = "aws:lambda/function:Function"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each variable of each environment that the resource gives to a program, also inside JSON texts."""
    allowed: Sequence[str] = settings["allowedNames"]
    found = [leaf for leaf in leaves(item) if leaf.in_environment]
    if item.type == FUNCTION:
        item.props.block("environment").mapping("variables")
    if not found:
        raise NotApplicable("it has no environment variables")
    yield from each(found, lambda leaf: _variable(leaf, allowed))


def _variable(leaf: Leaf, allowed: Sequence[str]) -> Iterator[Outcome]:
    text = leaf.value.text()
    if any(matches(row, leaf.name) for row in allowed):
        return
    found = named_secret(leaf.name, text)
    if found:
        yield Problem(leaf.value.path, f"the variable holds a secret in clear text: {found}")


RULE = Rule(
    id="no-plaintext-key-env",
    area="secrecy",
    title="Environments hold no keys",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    guards=("environment", "environmentVariables", "containerDefinitions"),
    check=check,
    rationale="Environment variables are shown in consoles, logs and states to everybody who may read the settings.",
    fix="Keep the key in Secrets Manager, and let the program read it when it starts, by the secret's ARN.",
    references={
        "checkov": ("CKV_AWS_45",),
        "prowler": ("awslambda_function_no_secrets_in_variables",),
        "owasp-llm-2026": ("LLM02",),
    },
    parameters=(
        Parameter(
            "allowedNames",
            "texts",
            (),
            "Names of variables whose values are known to be no secrets, with * and ? as wildcards.",
        ),
    ),
)
