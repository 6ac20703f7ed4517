"""What instances cost, those of Auto Scaling groups and single ones: hours, volumes, addresses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.charges import volume
from catalog.deployed import DeployedResource, Undetermined, block_of, blocks
from catalog.fleet import GROUP, instance_types, public_addresses, sizes, spot_share, templates_of, types_in
from catalog.pricing import Line, Unknown, instance_price
from catalog.stops import hours_cap
from catalog.view import Case, Charge, View, region_of

INSTANCE = "aws:ec2/instance:Instance"
POOL = frozenset({GROUP, INSTANCE})
DEVICES = ("rootBlockDevice", "ebsBlockDevices")


@dataclass(frozen=True)
class _Running:
    """Instances of some types: how many all month at least and at most, and how they are bought."""

    types: tuple[str, ...]
    least: Decimal
    most: Decimal
    spot: bool
    knob: str
    basis: str = ""
    hours: Decimal | None = None
    """The most instance hours, where something bounds them below `most` all month."""


def node_lines(view: View) -> Iterator[Line]:
    """Yield a line for the instances of each group and each single instance.

    The lower bound is the cheapest type, at the spot price where spot is bought; the upper one the dearest type on
    demand: a spot price may rise to it. A type without a price leaves no upper bound.
    """
    for group in view.stack.of(GROUP):
        try:
            yield _line(group, _of_group(group, view), view)
        except Undetermined as error:
            yield _unknown(group, str(error))
    for instance in view.stack.of(INSTANCE):
        try:
            yield _line(instance, _of_instance(instance, view), view)
        except Undetermined as error:
            yield _unknown(instance, str(error))


def node_charges(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """Yield what the instances bring along: their volumes, and public addresses."""
    running = _of_group(resource, view) if resource.type == GROUP else _of_instance(resource, view)
    if not running.most:
        return
    sources = _sources(resource, view)
    # Which of several templates an instance comes from is open: each may have all of them, or none.
    share = running.least / running.most if len(sources) == 1 else Decimal(0)
    for source in sources:
        for charge in _parts(source, running.most, resource.name, view):
            basis = charge.basis or running.basis
            yield Charge(charge.item, charge.least * share, charge.most, charge.knob, basis, resource.name)


def _sources(resource: DeployedResource, view: View) -> tuple[Mapping[str, Any], ...]:
    """Return the properties that say which volumes and addresses an instance has."""
    templates = tuple(row.properties for row in templates_of(resource, view)) or ({},)
    own = resource.properties
    if resource.type == INSTANCE and (any(own.get(key) for key in DEVICES) or templates == ({},)):
        return (own,)
    return templates


def _of_group(group: DeployedResource, view: View) -> _Running:
    found = sizes(group, view)
    spot = spot_share(group) > 0
    if view.case is Case.IDLE:
        types = _types(group, found.resting, view)
        return _Running(types, found.fewest, found.resting, spot, f"{group.name}.minSize")
    cap = hours_cap(group, found.peak, view)
    most = found.peak
    if view.case is Case.EXPECTED:
        most = found.resting + view.usage.expected_busy_share * max(Decimal(0), found.peak - found.resting)
    hours, knob, basis = most * view.hours, found.knob, found.basis
    if cap is not None and isinstance(cap.most, Decimal) and cap.most < hours:
        hours, knob, basis = cap.most, cap.knob, cap.basis
    least = most if view.case is Case.WORST else min(most, found.fewest)
    return _Running(_types(group, most, view), least, most, spot, knob, basis, hours)


def _types(group: DeployedResource, count: Decimal, view: View) -> tuple[str, ...]:
    """Return the types of a group; where none runs, it does not matter that they are unknown."""
    try:
        return instance_types(group, view)
    except Undetermined:
        if count:
            raise
        return ()


def _of_instance(instance: DeployedResource, view: View) -> _Running:
    rows = (instance.properties, *(row.properties for row in templates_of(instance, view)))
    names = next((found for row in rows if (found := types_in(row, view))), ())
    if not names:
        raise Undetermined(f"the instance type of {instance.name} is not known")
    spot = bool(blocks(instance.properties, "instanceMarketOptions"))
    return _Running(names, Decimal(1), Decimal(1), spot, f"{instance.name}.instanceType")


def _line(resource: DeployedResource, running: _Running, view: View) -> Line:
    label = f"ec2.{'|'.join(running.types) or 'instance'}"
    if not running.most:
        zero = Decimal(0)
        note = "no instance runs at the minimum size 0"
        return Line(label, (resource.name,), zero, "hour", zero, zero, note=note, knob=running.knob, part=resource.name)
    region, bought = region_of(resource, view), running.types if running.spot else ()
    dearest = [instance_price(kind, region, spot=False, tables=view.tables) for kind in running.types]
    spot = [instance_price(kind, region, spot=True, tables=view.tables) for kind in bought]
    quotes = [quote for quote in (*dearest, *spot) if not isinstance(quote, Unknown)]
    missing = [quote for quote in dearest if isinstance(quote, Unknown)]
    hours = running.most * view.hours if running.hours is None else running.hours
    fewest = min(running.least * view.hours, hours)
    return Line(
        label,
        (resource.name,),
        hours,
        "hour",
        low=min(quote.usd for quote in quotes) * fewest if quotes else missing[0],
        high=missing[0] if missing else max(quote.usd for quote in quotes) * hours,
        source=", ".join(dict.fromkeys(quote.source for quote in quotes)),
        date=min((quote.date for quote in quotes), default=None),
        knob=running.knob,
        basis=running.basis,
        part=resource.name,
    )


def _unknown(resource: DeployedResource, reason: str) -> Line:
    unknown = Unknown(reason, unread=True)
    return Line(
        "ec2.instance", (resource.name,), Decimal(0), "hour", unknown, unknown, knob=resource.name, part=resource.name
    )


def _parts(source: Mapping[str, Any], count: Decimal, name: str, view: View) -> Iterator[Charge]:
    mappings = [block_of(row, "ebs") for row in blocks(source, "blockDeviceMappings")]
    mappings += [*blocks(source, "ebsBlockDevices"), *blocks(source, "rootBlockDevice")]
    for row in filter(None, mappings):
        yield from volume(row, ("volumeType", "volumeSize"), count, name, view.usage.image_gib)
    if not any(mappings):
        yield from volume({}, ("volumeType", "volumeSize"), count, name, view.usage.image_gib)
    addresses = public_addresses(source)
    if addresses:
        yield Charge("vpc.public-ipv4", addresses * count, addresses * count, f"{name}.associatePublicIpAddress")
