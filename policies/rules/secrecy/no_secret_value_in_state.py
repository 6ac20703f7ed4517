"""Secrets are made empty and filled by a person: their values pass neither through the program nor its state."""

from collections.abc import Iterator

from policies.leaves import leaves_in
from policies.reading import Value
from policies.rule import PROD, Outcome, Problem, Rule, Severity, each
from policies.secret_patterns import is_placeholder
from policies.stack import Item, Settings

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
PARAMETER = "aws:ssm/parameter:Parameter"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look whether the program gives a value: to a version of a secret, or to a parameter that is one."""
    del settings
    names = ("secretString", "secretBinary")
    if item.type == PARAMETER:
        if item.props.text("type").lower() != "securestring":
            return
        names = ("value", "insecureValue")
    given = ((name, item.props.get(name)) for name in names)
    yield from each([(name, value) for name, value in given if value is not None], _value)


def _value(row: tuple[str, Value]) -> Iterator[Outcome]:
    """A placeholder, also one in each field of a JSON text, is what a person replaces later."""
    name, value = row
    if not all(is_placeholder(leaf.value.text()) for leaf in leaves_in(value, name)):
        yield Problem(value.path, "the program sets the secret's value, so that the state keeps it")


RULE = Rule(
    id="no-secret-value-in-state",
    area="secrecy",
    title="Values of secrets are not in the state",
    severity=Severity.HIGH,
    levels=PROD,
    types=(VERSION, PARAMETER),
    guards=("secretString", "secretBinary", "value"),
    check=check,
    rationale="Whoever can decrypt the state reads the secret, and an old state keeps it after it was changed.",
    fix="Make the secret without a version and set its value with the AWS CLI or console, or use the write-only inputs"
    " secretStringWo and valueWo.",
)
