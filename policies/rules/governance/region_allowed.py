"""Everything lies in, and is allowed to reach, the regions that the team allows."""

import re
from collections.abc import Iterator

from catalog.places import EU_REGIONS
from policies.aws_types import has_region
from policies.leaves import Leaf, leaves
from policies.normalise import UNKNOWN
from policies.reading import Block, Unread
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

PROVIDER = "pulumi:providers:aws"
REGION = re.compile(r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]*)?-[a-z]+-\d")
ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9*?-]+):")
HOST = re.compile(r"\b[a-z0-9-]+\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com", re.IGNORECASE)
NAMED = re.compile(r"regions?$|regionname$|location$", re.IGNORECASE)
READ = re.compile(r"polic|environment|region|replica|statement", re.IGNORECASE)
"""Properties that could lead elsewhere: an unknown value in them is not read over."""
EVERYWHERE = frozenset({"bedrock", "sagemaker"})
"""Services in whose ARNs a wildcard for the region lets requests with prompts leave."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the resource's own region, at its provider's, and at the regions that it names."""
    if not item.given_type.startswith("aws:") and item.given_type != PROVIDER:
        raise NotApplicable("it is no resource of AWS")
    allowed = frozenset(settings["regions"])
    if item.given_type == PROVIDER:
        yield from _of_provider(item.props, allowed)
        return
    yield from each((item,), lambda one: _own(one, allowed))
    if allowed:
        yield from each(leaves(item), lambda leaf: _leaf(leaf, allowed))


def _of_provider(props: Block, allowed: frozenset[str]) -> Iterator[Outcome]:
    region = props.text("region").strip().lower()
    if not region:
        yield Problem("region", "the provider names no region, so that the environment decides")
    elif allowed and region not in allowed:
        yield Problem("region", _not_allowed(region))


def _own(item: Item, allowed: frozenset[str]) -> Iterator[Outcome]:
    """A region of a resource alone must be its provider's, unless the team lists it."""
    if not has_region(item.type):
        return
    own = item.props.text("region").strip().lower()
    of_provider = ""
    if item.provider_inputs is not None:
        of_provider = Block(item.provider_inputs, "provider").text("region").strip().lower()
    if allowed and (own or of_provider) and (own or of_provider) not in allowed:
        yield Problem("region" if own else "provider.region", _not_allowed(own or of_provider))
    if not allowed and own and of_provider and own != of_provider:
        yield Problem("region", "the resource lies in another region than its provider, and no list allows that")


def _leaf(leaf: Leaf, allowed: frozenset[str]) -> Iterator[Outcome]:
    keys = (*leaf.within, leaf.name)
    if leaf.value.raw is UNKNOWN:
        if leaf.name != "region" and any(READ.search(key) for key in keys):
            raise Unread(leaf.value.path, "the value is not known yet")
        return
    # The resource's own region is looked at before, with the provider's.
    if isinstance(leaf.value.raw, str) and leaf.value.path != "region":
        for region in sorted(_regions(leaf)):
            if region not in allowed:
                yield Problem(leaf.value.path, _not_allowed(region))


def _regions(leaf: Leaf) -> set[str]:
    """Return the regions that a text names in ARNs, hosts, or as its whole under a key that names regions."""
    text = str(leaf.value.raw)
    found = {match["region"].lower() for match in HOST.finditer(text)}
    if NAMED.search(leaf.name) and REGION.fullmatch(text.strip().lower()):
        found.add(text.strip().lower())
    for match in ARN.finditer(text):
        wild = "*" in match["region"] or "?" in match["region"]
        if REGION.fullmatch(match["region"]) or (wild and match["service"] in EVERYWHERE):
            found.add(match["region"])
    return found


def _not_allowed(region: str) -> str:
    if "*" in region or "?" in region:
        return "it is allowed to reach every region"
    shown = region if REGION.fullmatch(region) else "the region"
    return f"{shown} is not among the allowed regions"


RULE = Rule(
    id="region-allowed",
    area="governance",
    title="Everything lies in the regions that the team allows",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    guards=("region",),
    check=check,
    rationale="Every resource takes a region of its own: one line is enough to put data on another continent.",
    fix="Leave `region` away, so that the provider's holds, and name regions of the list in ARNs and addresses; where"
    " another region is meant, add it to `regions`.",
    parameters=(
        Parameter(
            "regions",
            "texts",
            (),
            "Regions that may be used. Without any, each resource must lie in its provider's.",
            defaults={"eu": tuple(sorted(EU_REGIONS))},
        ),
    ),
)
