"""Functions run on a runtime that AWS still supports."""

import datetime as dt
from collections.abc import Iterator

from catalog.runtimes import DATE, DEPRECATIONS
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings

FUNCTION = "aws:lambda/function:Function"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Compare the date from which the runtime gets no security updates with the day of the run."""
    if item.props.text("packageType", "Zip").strip().lower() == "image" or item.props.has("imageUri"):
        raise NotApplicable("a container image brings its own runtime")
    runtime = item.props.text("runtime").strip()
    if not runtime:
        raise NotApplicable("it names no runtime, which AWS refuses for a function that is no image")
    ends = DEPRECATIONS.get(runtime.lower())
    if ends is None:
        yield Unevaluated("runtime", f"this runtime is not in the table of {DATE}: until when is it supported?")
    elif ends <= settings.today:
        yield Problem("runtime", f"{runtime} has had no security updates since {ends}")
    elif ends - settings.today < dt.timedelta(days=int(settings["noticeDays"])):
        yield Problem("runtime", f"{runtime} gets no security updates from {ends} on")


RULE = Rule(
    id="lambda-runtime-supported",
    area="resilience",
    title="Functions run on a runtime that AWS supports",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(FUNCTION,),
    guards=("runtime",),
    check=check,
    rationale="A deprecated runtime gets no security updates, and later its functions cannot be changed.",
    fix="Set `runtime` to a supported one, such as python3.13.",
    references={"checkov": ("CKV_AWS_363",), "fsbp": ("Lambda.2",), "nag": ("L1",)},
    parameters=(
        Parameter("noticeDays", "integer", 0, "Report a runtime so many days before its support ends.", minimum=0),
    ),
)
