"""No secret is a plain parameter, and every secure one is encrypted with a key of the account's own."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.secret_names import Kind, kind_of_name
from policies.secret_patterns import PLAIN, POINTER, URL, named_secret
from policies.stack import Item, Settings

PARAMETER = "aws:ssm/parameter:Parameter"
SECURE = "securestring"
SHORT_WORDS = 5
"""Longer descriptions are sentences, which speak of secrets that stand elsewhere."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the key of a secure parameter, and at name and description of a plain one."""
    del settings
    if item.props.text("type").strip().lower() == SECURE:
        yield from own_key(item.props, "keyId", "the parameter")
        return
    yield from each(("name", "description"), lambda key: _plain(item, key))


def _plain(item: Item, key: str) -> Iterator[Outcome]:
    # Pulumi makes up a name from that of the resource where none is given.
    said = item.props.text(key, item.name if key == "name" else "")
    if key == "description" and len(said.split()) > SHORT_WORDS:
        return
    if _tells_of_secret(said, item.props):
        yield Problem("type", f"by its {key} the parameter holds a secret, and its type is not SecureString")


def _tells_of_secret(said: str, parameter: Block) -> bool:
    kind = kind_of_name(said)
    values = _values(parameter)
    if kind is None or (values and all(_says_where(kind, value) for value in values)):
        return False
    # The word "key" alone says little: its value must look like one.
    return kind is not Kind.KEY or any(named_secret(said, value.text()) for value in values)


def _values(parameter: Block) -> tuple[Value, ...]:
    found = (parameter.get("value"), parameter.get("insecureValue"))
    return tuple(value for value in found if value is not None)


def _says_where(kind: Kind, value: Value) -> bool:
    """Tell whether a value says where a secret is, or counts something; one that is not known may be the secret."""
    if not isinstance(value.raw, str | int | float):
        return False
    text = value.text().strip()
    if POINTER.match(text) or URL.fullmatch(text):
        return True
    return kind is not Kind.PASSWORD and PLAIN.fullmatch(text) is not None


RULE = Rule(
    id="ssm-securestring",
    area="encryption",
    title="Secret parameters are secure strings with a key of the account's own",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(PARAMETER,),
    guards=("type", "keyId", "name", "description"),
    check=check,
    rationale=(
        "Whoever may list parameters reads plain ones. A secure string under AWS's own key is open to all who may"
        " read parameters in the account."
    ),
    fix="Set `type` to SecureString with `keyId`, or keep the secret in Secrets Manager.",
    references={"checkov": ("CKV2_AWS_34", "CKV_AWS_337")},
)
