"""Load balancers drop malformed headers and requests that others would read in another way."""

from collections.abc import Iterator

from policies.balancers import BALANCER, CLASSIC, kind
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

MODES = ("defensive", "strictest")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at application and classic balancers; the others forward what they do not read."""
    del settings
    if kind(item) not in {"application", "classic"}:
        raise NotApplicable("the balancer does not read HTTP")
    yield from each((item,), _desync)
    if item.type != CLASSIC:
        yield from each((item,), _headers)


def _desync(item: Item) -> Iterator[Outcome]:
    if item.props.text("desyncMitigationMode", "defensive").strip().lower() not in MODES:
        yield Problem("desyncMitigationMode", "ambiguous requests are let through: expected defensive or strictest")


def _headers(item: Item) -> Iterator[Outcome]:
    if not item.props.flag("dropInvalidHeaderFields"):
        yield Problem("dropInvalidHeaderFields", "headers with invalid names are let through")


RULE = Rule(
    id="lb-hardening",
    area="exposure",
    title="Load balancers drop malformed requests",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(BALANCER, CLASSIC),
    guards=("dropInvalidHeaderFields", "desyncMitigationMode"),
    check=check,
    rationale="Where balancer and server read a request differently, one client can put words into another's request.",
    fix="Set `dropInvalidHeaderFields` to true and leave `desyncMitigationMode` at defensive, or set strictest.",
    references={
        "checkov": ("CKV_AWS_131", "CKV_AWS_328"),
        "fsbp": ("ELB.4", "ELB.12"),
        "trivy": ("AWS-0052",),
    },
)
