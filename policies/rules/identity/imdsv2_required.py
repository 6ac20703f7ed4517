"""Instances give their role's credentials through version 2 of the metadata service only, and not over network hops."""

from collections.abc import Iterator

from policies.reading import Block
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the metadata options of what starts instances.

    An instance from a launch template says it again: the template may be one that nobody here sees.
    """
    yield from _options(item.props.block("metadataOptions"), int(settings["maximumHops"]))


def _options(options: Block, maximum: int) -> Iterator[Outcome]:
    if options.text("httpEndpoint", "enabled").lower() == "disabled":
        return
    if options.text("httpTokens").lower() != "required":
        yield Problem(options.at("httpTokens"), "version 1 of the metadata service is open: allowed is only required")
    hops = options.number("httpPutResponseHopLimit", 1)
    if hops is not None and hops > maximum:
        at = options.at("httpPutResponseHopLimit")
        yield Problem(at, f"answers of the metadata service go {hops} hops far; allowed are {maximum}")


RULE = Rule(
    id="imdsv2-required",
    area="identity",
    title="Instances use version 2 of the metadata service",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(TEMPLATE, INSTANCE, CONFIGURATION, SPOT),
    guards=("metadataOptions",),
    check=check,
    rationale="Version 1 answers any request: one that a prompt makes a tool send is enough to read the role's"
    " credentials.",
    fix="Set metadataOptions.httpTokens to required and httpPutResponseHopLimit to 1, on instances too that come from a"
    " launch template.",
    references={
        "checkov": ("CKV_AWS_79", "CKV_AWS_341"),
        "fsbp": ("EC2.8", "EC2.170", "AutoScaling.3", "AutoScaling.4"),
        "trivy": ("AWS-0130",),
        "cis": ("6.7",),
    },
    parameters=(
        Parameter(
            "maximumHops",
            "integer",
            1,
            "How many network hops answers may go: 2 where containers on the node must reach the service.",
            minimum=1,
            maximum=2,
        ),
    ),
)
