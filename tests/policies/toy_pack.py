"""A pack of two rules for tests of the engine: volumes are encrypted, and are not larger than a cap together."""

from collections.abc import Iterator

from policies.__main__ import main
from policies.pack import BY_ID
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Settings, Stack

VOLUME = "aws:ebs/volume:Volume"
EBS = BY_ID["ebs-encrypted"]


def total_size(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """A cap over several resources, read from their inputs."""
    total = sum(int(row.props.number("size") or 0) for row in stack.of(VOLUME))
    if total > settings["maximum"]:
        yield Problem("", f"the volumes have {total} GiB together, allowed are {settings['maximum']}")


CAP = Rule(
    id="size-cap",
    area="cost",
    title="Volumes stay under a cap together",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(VOLUME,),
    check_stack=total_size,
    rationale="Each is small; all together are not.",
    fix="Make volumes smaller.",
    parameters=(Parameter("maximum", "integer", 100, "The most, in GiB."),),
)

if __name__ == "__main__":
    main((EBS, CAP))
