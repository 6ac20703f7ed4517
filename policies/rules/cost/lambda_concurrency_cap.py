"""Every function has reserved concurrency, and not more work at a time than the team allows."""

from collections.abc import Iterator
from decimal import Decimal

from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

FUNCTION = "aws:lambda/function:Function"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Ask for a reservation; -1 is none. Zero forbids the function to run, which is a cap too."""
    props = item.props
    reserved = props.number("reservedConcurrentExecutions", -1)
    if reserved is None or reserved < 0:
        yield Problem("reservedConcurrentExecutions", "nothing is reserved, so that it may take all of the account's")
        return
    seconds = props.number("timeout", 3) or Decimal(0)
    memory = props.number("memorySize", 128) or Decimal(0)
    wave = reserved * seconds * memory / 1024
    if wave > settings["maximumGbSeconds"]:
        told = f"{reserved:f} environments of {memory:f} MiB for {seconds:f} s are {wave:.0f} GB-seconds"
        yield Problem("reservedConcurrentExecutions", f"{told}, at most {settings['maximumGbSeconds']:g} are allowed")


RULE = Rule(
    id="lambda-concurrency-cap",
    area="cost",
    title="Every function has reserved concurrency",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(FUNCTION,),
    guards=("reservedConcurrentExecutions", "timeout", "memorySize"),
    check=check,
    rationale="Without a reservation one function runs a thousand times at once: a loop or a flood then costs what the"
    " account allows, and other functions get nothing.",
    fix="Set `reservedConcurrentExecutions` to what the load needs; lower timeout or memory where the product is high.",
    references={"checkov": ("CKV_AWS_115",), "owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter(
            "maximumGbSeconds",
            "number",
            10_000,
            "The most that all environments of a function may take until their timeout, in GB-seconds.",
            minimum=0,
        ),
    ),
)
