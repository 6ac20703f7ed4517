"""Volumes are of a type that pays off, of a sane size, and go with their instance."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

KNOWN = frozenset({"gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"})
VOLUME = "aws:ebs/volume:Volume"
TYPES = (
    VOLUME,
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/launchTemplate:LaunchTemplate",
)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at a volume, or at each that an instance or a template makes."""
    if item.type == VOLUME:
        yield from _volume(item.props, "type", "size", settings, "gp2")
        return
    yield from each(
        ("blockDeviceMappings", "ebsBlockDevices", "rootBlockDevice"), lambda key: _made(item, key, settings)
    )


def _made(item: Item, key: str, settings: Settings) -> Iterator[Outcome]:
    """Look at the volumes of one property. Of a root volume without a type, the image decides it."""
    missing = "" if key == "rootBlockDevice" else "gp2"
    yield from each(item.props.block_values(key), lambda value: _device(value, missing, settings))


def _device(value: Value, missing: str, settings: Settings) -> Iterator[Outcome]:
    block = value.block()
    if block.has("virtualName") or block.has("noDevice"):
        return
    if block.has("ebs"):
        block = block.block("ebs")
    if not block.keys():
        return
    yield from _volume(block, "volumeType", "volumeSize", settings, missing)
    if not block.flag("deleteOnTermination", True):
        yield Problem(block.at("deleteOnTermination"), "the volume stays when its instance goes, and is paid for")


def _volume(block: Block, kind: str, size: str, settings: Settings, missing: str) -> Iterator[Outcome]:
    caps = {size: ("maximumGib", "GiB"), "iops": ("maximumIops", "IOPS"), "throughput": ("maximumMibps", "MiB/s")}
    yield from each([kind], lambda key: _kind(block, key, missing, tuple(settings["types"])))
    yield from each(caps, lambda key: _amount(block, key, settings[caps[key][0]], caps[key][1]))


def _kind(block: Block, key: str, missing: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    kind = block.text(key) or missing
    if kind and kind not in allowed:
        named = f"type {kind}" if kind in KNOWN else "a type that is none of AWS's"
        told = named if block.text(key) else f"no type, which is {missing}"
        yield Problem(block.at(key), f"the volume has {told}; allowed: {', '.join(allowed)}")


def _amount(block: Block, key: str, cap: float, unit: str) -> Iterator[Problem]:
    amount = block.number(key)
    if amount is not None and amount > cap:
        yield Problem(block.at(key), f"the volume has {amount:f} {unit}, at most {cap:g} are allowed")


RULE = Rule(
    id="ebs-sane",
    area="cost",
    title="Volumes are of a type that pays off, of a sane size, and go with their instance",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=TYPES,
    guards=("type", "size", "iops", "throughput", "blockDeviceMappings", "ebsBlockDevices", "rootBlockDevice"),
    check=check,
    rationale="gp3 is cheaper than gp2 and faster; provisioned IOPS cost more than the volume; a volume that outlives"
    " its instance is paid for by nobody who knows of it.",
    fix="Use gp3, the size that is needed, and leave `deleteOnTermination` true.",
    parameters=(
        Parameter("types", "texts", ("gp3",), "Types of volume that may be used."),
        Parameter("maximumGib", "number", 500, "The largest volume in GiB.", minimum=1, defaults={"dev": 200}),
        Parameter("maximumIops", "number", 6000, "The most IOPS of a volume.", minimum=0),
        Parameter("maximumMibps", "number", 500, "The most throughput of a volume in MiB/s.", minimum=0),
    ),
)
