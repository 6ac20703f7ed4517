"""Nothing is bought that costs whether it is used or not, for months or years."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.reading import Block
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

WHAT: Mapping[str, str] = MappingProxyType(
    {
        "aws:acmpca/certificateAuthority:CertificateAuthority": "a private certificate authority, paid by the month",
        "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput": "model units, paid by the hour",
        "aws:cloudhsmv2/hsm:Hsm": "a hardware security module, paid by the hour",
        "aws:ec2/capacityBlockReservation:CapacityBlockReservation": "a block of GPU capacity, paid in advance",
        "aws:ec2/capacityReservation:CapacityReservation": "reserved capacity, paid by the hour",
        "aws:ec2/dedicatedHost:DedicatedHost": "a whole host, paid by the hour",
        "aws:elasticache/reservedCacheNode:ReservedCacheNode": "a reserved node, paid for a year or three",
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "waiting functions, paid by the hour",
        "aws:rds/reservedInstance:ReservedInstance": "a reserved database, paid for a year or three",
        "aws:sagemaker/endpoint:Endpoint": "an endpoint's instances, paid by the hour",
        "aws:savingsplans/savingsPlan:SavingsPlan": "a savings plan, paid for a year or three",
        "aws:shield/subscription:Subscription": "a subscription of a year",
    }
)
"""Types that cost independently of use, and what is paid for."""
ENDPOINT_CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
DEDICATED = frozenset({"dedicated", "host"})
TENANCIES: Mapping[str, str] = MappingProxyType(
    {
        "aws:ec2/instance:Instance": "tenancy",
        "aws:ec2/launchConfiguration:LaunchConfiguration": "placementTenancy",
        "aws:ec2/launchTemplate:LaunchTemplate": "placement.tenancy",
        "aws:ec2/vpc:Vpc": "instanceTenancy",
    }
)
"""Where a resource asks for hardware of its own, which has a fee by the hour for a whole region."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Refuse the type itself, unless the configuration lists it; of others, what they commit to."""
    if item.type in settings["allowed"] or item.given_type in settings["allowed"]:
        raise NotApplicable("the configuration allows it")
    if item.type in WHAT:
        yield Problem("type", f"it buys {WHAT[item.type]}, used or not")
    elif item.type == ENDPOINT_CONFIGURATION:
        yield from each(item.props.blocks("productionVariants"), _variant)
    else:
        yield from _tenancy(item)


def _variant(variant: Block) -> Iterator[Outcome]:
    if not variant.block("serverlessConfig").keys() and variant.text("instanceType"):
        yield Problem(variant.at("instanceType"), "its instances are paid by the hour, used or not")


def _tenancy(item: Item) -> Iterator[Outcome]:
    outer, dot, key = TENANCIES[item.type].rpartition(".")
    block = item.props.block(outer) if dot else item.props
    if block.text(key, "default").lower() in DEDICATED:
        yield Problem(block.at(key), "hardware of its own has a fee by the hour for the whole region")


RULE = Rule(
    id="no-committed-spend",
    area="cost",
    title="Nothing is bought that costs whether it is used or not",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(*WHAT, ENDPOINT_CONFIGURATION, *TENANCIES),
    guards=("productionVariants", "tenancy", "placement", "placementTenancy", "instanceTenancy"),
    check=check,
    rationale="A commitment cannot be undone by deleting the stack, and one line of a program can make it.",
    fix="Buy by use: models on demand, instances without a reservation. Whoever decides on a commitment lists the type"
    " in `allowed`.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(Parameter("allowed", "texts", (), "Types that the team has decided to pay for."),),
)
