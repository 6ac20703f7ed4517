"""What instances run when they start holds no secret, however it is packed."""

from collections.abc import Iterator

from policies.reading import Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.secret_patterns import secret_in_text
from policies.stack import Item, Settings
from policies.user_data import texts_of

FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
INPUTS = ("userData", "userDataBase64", "data")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look into the user data of the resource, and of each launch specification of a fleet."""
    del settings
    blocks = [Value(item.inputs, "")]
    if item.type == FLEET:
        blocks += item.props.block_values("launchSpecifications")
    yield from each(blocks, _block)


def _block(value: Value) -> Iterator[Outcome]:
    block = value.block()
    given = (block.get(name) for name in INPUTS)
    yield from each((row for row in given if row is not None), _data)


def _data(value: Value) -> Iterator[Outcome]:
    found = next((found for text in texts_of(value) if (found := secret_in_text(text))), None)
    if found:
        yield Problem(value.path, f"it holds a secret: {found}")


RULE = Rule(
    id="no-secret-user-data",
    area="secrecy",
    title="User data holds no secrets",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/instance:Instance",
        "aws:ec2/launchConfiguration:LaunchConfiguration",
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
        FLEET,
        "aws:lightsail/instance:Instance",
        "aws:imagebuilder/component:Component",
    ),
    guards=(*INPUTS, "launchSpecifications"),
    check=check,
    rationale="Every process on a node, and all who may describe it, can read its user data; encoding hides nothing.",
    fix="Let the node read the secret with its role from Secrets Manager when it starts.",
    references={"checkov": ("CKV_AWS_46",), "trivy": ("AWS-0129",), "owasp-llm-2026": ("LLM02",)},
)
