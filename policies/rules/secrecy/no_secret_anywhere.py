"""No input of any resource holds a secret in clear text: no tag, description, stage variable or plain parameter."""

from collections.abc import Iterator

from policies.leaves import Leaf, leaves
from policies.normalise import UNKNOWN
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, Unevaluated
from policies.secret_patterns import known_secret, named_secret
from policies.stack import Item, Settings

PARAMETER = "aws:ssm/parameter:Parameter"
MAPS = frozenset({"tags", "tagsall", "variables", "stagevariables", "labels", "metadata", "headers"})
"""Maps whose names the program chooses, so that a name says what its value is."""

OTHERS = frozenset(
    {"secretString", "secretBinary", "secretStringWo", "valueWo", "userData", "userDataBase64", "launchSpecifications"}
)
"""Inputs made for secrets, or that another rule of this area looks into."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at every text of the resource's inputs, also inside JSON texts."""
    del settings
    unknown: list[str] = []
    for leaf in leaves(item):
        if _of_another_rule(item, leaf):
            continue
        if leaf.value.raw is UNKNOWN:
            unknown.append(leaf.value.path)
        elif isinstance(leaf.value.raw, str):
            yield from _text(item, leaf)
    if unknown:
        more = f", as are {len(unknown) - 1} more" if len(unknown) > 1 else ""
        yield Unevaluated(unknown[0], f"the value is not known yet{more}")


def _of_another_rule(item: Item, leaf: Leaf) -> bool:
    top = leaf.value.path.partition(".")[0].partition("[")[0]
    # Only what a state or a program says is a SecureString is one: an unknown type could turn out plain.
    secure = item.type == PARAMETER and str(item.inputs.get("type")).lower() == "securestring"
    return top in OTHERS or leaf.in_environment or (secure and top in ("value", "insecureValue"))


def _text(item: Item, leaf: Leaf) -> Iterator[Outcome]:
    text = leaf.value.text()
    found = known_secret(text)
    if not found and item.type == PARAMETER and leaf.value.path in ("value", "insecureValue"):
        found = named_secret(_name(item).rpartition("/")[2], text)
    elif not found and (leaf.paired or (leaf.within and leaf.within[-1].lower() in MAPS)):
        found = named_secret(leaf.name, text)
    if found:
        yield Problem(leaf.value.path, f"a secret stands there in clear text: {found}")


def _name(item: Item) -> str:
    """Return the parameter's name, or the one in the program where AWS's is not known yet."""
    name = item.inputs.get("name")
    return name if isinstance(name, str) and name else item.name


RULE = Rule(
    id="no-secret-anywhere",
    area="secrecy",
    title="No input holds a secret in clear text",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    check=check,
    rationale="Tags, descriptions and plain parameters are read by everybody with a view of the account, and by tools.",
    fix="Take the value out, keep it in Secrets Manager, and change the key: it must count as known to others.",
    references={"owasp-llm-2026": ("LLM02",)},
)
