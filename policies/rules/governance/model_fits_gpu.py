"""Every model fits into the memory of the GPUs that are to serve it."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.engines import ENGINES
from catalog.open_models import WEIGHTS
from catalog.rows import Instance
from catalog.sizing import MIB, memory_mib, need, needed_mib, room_mib, weight_bounds_mib
from catalog.tables import catalogue
from policies.gateway_config import CARRIERS, documents
from policies.reading import Block, Unread
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.served_models import GROUP, NODES, SOURCES, Served, files_of, in_texts, of_documents
from policies.stack import Item, Settings, Stack

Bounds = tuple[Decimal, Decimal]
UNKNOWN_TYPE = ""
"""Stands for the type of a node that is not known yet."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Hold each model that is served against each type of GPU instance that the stack may start."""
    nodes: list[tuple[Item, str]] = []
    for item in stack.of(*NODES, GROUP):
        try:
            nodes += [(item, kind) for kind in _types(item)]
        except Unread as error:
            nodes.append((item, UNKNOWN_TYPE))
            yield Unevaluated(error.path, error.reason, item)
    for item in stack.of(*SOURCES):
        try:
            yield from _models(item, nodes, settings)
        except Unread as error:
            yield Unevaluated(error.path, error.reason, item)


def _types(item: Item) -> Iterator[str]:
    """Yield the instance types that a template, an instance or a group names."""
    props = item.props
    if item.type != GROUP:
        if props.has("instanceType"):
            yield props.text("instanceType").strip().lower()
        return
    for override in props.block("mixedInstancesPolicy").block("launchTemplate").blocks("overrides"):
        if override.has("instanceType"):
            yield override.text("instanceType").strip().lower()


def _models(item: Item, nodes: list[tuple[Item, str]], settings: Settings) -> Iterator[Outcome]:
    found = documents(item) if item.type in CARRIERS else ()
    for model in (*of_documents(item, found), *in_texts(item)):
        # What a node names itself, it serves itself; what a document names, any node may serve.
        own = item.type in NODES and item.props.has("instanceType")
        for kind in dict.fromkeys(kind for owner, kind in nodes if owner is item or not own):
            instance = catalogue().instances.get(kind)
            if instance:
                yield from _fits(item, model, instance, settings)
            elif kind == UNKNOWN_TYPE:
                yield Unevaluated(model.path, "the type of a node that may serve the model is not known yet", item)


def _fits(item: Item, model: Served, instance: Instance, settings: Settings) -> Iterator[Outcome]:
    bounds = _needed(model, int(settings["contextTokens"]), int(settings["slots"]))
    engine = _engine(model)
    room = room_mib(engine, memory_mib(instance, engine))
    if bounds is None:
        yield Unevaluated(model.path, "neither the catalogue nor its name tells how large the model is", item)
    elif bounds[0] > room:
        message = f"the model takes at least {bounds[0]:.0f} MiB, of {instance.type} it may take {room:.0f} MiB"
        yield Problem(model.path, message, item)
    elif bounds[1] > room:
        message = f"the model takes up to {bounds[1]:.0f} MiB, of {instance.type} it may take {room:.0f} MiB"
        yield Unevaluated(model.path, message, item)


def _engine(model: Served) -> str:
    """Return what serves a model; empty when that is not known."""
    named = model.manifest.text("engine") if model.manifest else ""
    return named or (model.row.engine if model.row else "")


def _needed(model: Served, context_tokens: int, slots: int) -> Bounds | None:
    """Return what the model takes in MiB at least and at most; the same twice where it is known."""
    manifest = model.manifest
    if manifest:
        context_tokens = int(manifest.number("context_tokens", context_tokens) or 0)
        slots = int(manifest.number("slots", slots) or 0)
    engine = ENGINES.get(_engine(model))
    known = [] if model.row is None else [need(model.row, context_tokens, slots).total]
    if manifest and (weights := _weights(manifest)):
        # Without a figure for its cache, the weights alone are what is certain; they may be more than the name says.
        cache = int(manifest.number("kv_bytes_per_token", 0) or 0)
        overhead = engine.overhead_mib if engine else 0
        known.append(needed_mib(weights, cache, context_tokens, slots) + overhead)
    if known:
        return max(known), max(known)
    bounds = weight_bounds_mib(model.name)
    return None if bounds is None else (bounds[0], bounds[1] + Decimal(context_tokens * slots * _DENSE_KV) / MIB)


def _weights(manifest: Block) -> int:
    """Return how many bytes of weights a manifest states, of each file or in all; 0 when it states none."""
    rows = [value.block() for value in files_of(manifest)]
    weights = [row for row in rows if row.text("name").lower().endswith(WEIGHTS)]
    return max(sum(_bytes(row) for row in weights), _bytes(manifest))


def _bytes(row: Block) -> int:
    return int(row.number("bytes", 0) or 0)


_DENSE_KV = 512 * 1024
"""Bytes of keys and values of one token: more than a large dense model needs (80 layers, 8 heads of 128: 320 KiB)."""

RULE = Rule(
    id="model-fits-gpu",
    area="governance",
    title="Models fit into the memory of their GPUs",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(*SOURCES, GROUP),
    guards=("code", "value", "content", "instanceType", "mixedInstancesPolicy", "userData"),
    check_stack=check_stack,
    rationale="A model that does not fit ends at every start: nodes come and go, are paid for, and serve nobody.",
    fix="Choose an instance type with more GPU memory, a smaller quantisation of the model, or a shorter context.",
    parameters=(
        Parameter("contextTokens", "integer", 8192, "Tokens of context that a request may have.", minimum=1),
        Parameter("slots", "integer", 2, "Requests that a node serves at a time.", minimum=1, maximum=1024),
    ),
)
