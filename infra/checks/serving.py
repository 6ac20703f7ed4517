"""What the pool serves: a model that its engine reads, under a licence that somebody accepted, in the GPUs' memory."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.engines import ENGINES, LLAMA_CPP
from catalog.gpus import runs_on
from catalog.open_models import OpenModel
from catalog.rows import Catalogue, Instance
from catalog.sizing import fits, largest_slots, longest_context, memory_mib, need, room_mib
from infra.checks.pool import TYPES
from infra.checks.values import Check, Values, good
from infra.problems import Problem, closest, listed, shown

MODEL, ENGINE = "leanto:gpuModel", "leanto:gpuEngine"
CONTEXT, SLOTS = "leanto:gpuContextTokens", "leanto:gpuSlots"
LICENCES = "leanto:licencesAccepted"
MIB_PER_GIB = 1024


def engine_of_the_model(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The engine is the one that reads the model's files."""
    model, engine = _model(values, tables), values.gpu_engine
    if model and engine != model.engine:
        others = [row.id for row in tables.offered_models.values() if row.engine == engine]
        remedy = f"set {ENGINE} to {model.engine}, or {MODEL} to one that {engine} reads: {listed(others)}"
        yield Problem(ENGINE, shown(engine), f"{model.engine}, which reads the files of {model.id}", remedy)


def model_of_use(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A model that speaks no sense answers nobody in production."""
    model = _model(values, tables)
    if model and model.for_tests and values.environment == "prod":
        yield Problem(MODEL, shown(model.id), "a model that is not for demos and tests", "see `leanto models list`")


def engine_on_the_gpus(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The engine is offered on the GPUs of each instance type."""
    model = _model(values, tables)
    if not model or model.engine != values.gpu_engine:
        return
    engine = ENGINES[model.engine]
    for index, kind in good(values.gpu_instance_types):
        instance = tables.instances.get(kind)
        if instance and not runs_on(engine, tables.gpus.get(instance.gpu)):
            allowed = f"for {engine.name}, GPUs known to be of compute capability {engine.compute_capability} or later"
            remedy = f"choose another type, or a model that {LLAMA_CPP} reads: {engine.why}"
            yield Problem(f"{TYPES}[{index}]", f"{shown(kind)} ({instance.gpu})", allowed, remedy)


def known_licences(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """Licences that are accepted stand in the catalogue."""
    for index, name in good(values.licences_accepted):
        if name not in tables.licences:
            restricted = [row.id for row in tables.licences.values() if row.restricted]
            remedy = closest(name, restricted) or "remove it"
            yield Problem(f"{LICENCES}[{index}]", shown(name), listed(restricted), remedy)


def accepted_licence(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """A model under a restricted licence is served only once somebody has accepted its terms."""
    model = _model(values, tables)
    licence = tables.licences[model.licence] if model else None
    if model and licence and licence.restricted and licence.id not in values.licences_accepted:
        terms = "; ".join(licence.terms)
        allowed = f"a list with {licence.id}, as {model.id} is under the {licence.title} ({licence.url}): {terms}"
        remedy = f"read it and add {licence.id} to {LICENCES}, or choose a model whose licence has no such terms"
        yield Problem(LICENCES, shown(list(values.licences_accepted)), allowed, remedy)


def context_of_the_model(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """No request is longer than what the model knows."""
    model, context = _model(values, tables), values.gpu_context_tokens
    if model and context > model.context_tokens:
        allowed = f"at most {model.context_tokens}, what {model.id} knows"
        yield Problem(CONTEXT, str(context), allowed, "lower it, or choose a model with a longer context")


def memory_of_the_gpus(values: Values, tables: Catalogue) -> Iterator[Problem]:
    """The model fits the GPU memory of each instance type: its weights, and the context of all slots."""
    model, slots, context = _model(values, tables), values.gpu_slots, values.gpu_context_tokens
    types = [tables.instances[kind] for _, kind in good(values.gpu_instance_types) if kind in tables.instances]
    if model and types:
        smallest = min(types, key=lambda instance: memory_mib(instance, model.engine))
        count = slots if isinstance(slots, int) else 1
        if not fits(model, context, count, memory_mib(smallest, model.engine)):
            yield _too_large(model, context, slots, smallest)


def _too_large(model: OpenModel, context: int, slots: int | str, instance: Instance) -> Problem:
    """Return which of the settings has to give way, with what each part takes and what there is."""
    memory, count = memory_mib(instance, model.engine), slots if isinstance(slots, int) else 1
    parts, room = need(model, context, count), room_mib(model.engine, memory)
    numbers = (
        f"{model.id} takes {_gib(parts.total)} GiB ({_gib(parts.weights)} weights, {_gib(parts.cache)} for {count} x "
        f"{context} tokens, {_gib(parts.overhead)} the engine), and {instance.type} has {_gib(room)} for it"
    )
    most, longest = largest_slots(model, context, memory), longest_context(model, count, memory)
    if most:
        remedy = f"lower it to {most}, or {CONTEXT} to {longest}, or choose types with more GPU memory"
        return Problem(SLOTS, str(slots), f"at most {most}: {numbers}", remedy)
    alone = longest_context(model, 1, memory)
    if alone:
        remedy = f"lower it to {alone} with {SLOTS} 1, or choose types with more GPU memory or a smaller model"
        return Problem(CONTEXT, str(context), f"at most {alone}: {numbers}", remedy)
    remedy = "choose types with more GPU memory, or a smaller model or quantisation: see `leanto models fit`"
    return Problem(MODEL, shown(model.id), f"a model that fits: {numbers}", remedy)


def _gib(mib: Decimal) -> str:
    return f"{mib / MIB_PER_GIB:.1f}"


def _model(values: Values, tables: Catalogue) -> OpenModel | None:
    """Return the pool's model; None without a pool, and for one that the catalogue does not know."""
    return None if values.mode == "managed" else tables.open_models.get(values.gpu_model)


CHECKS: tuple[Check, ...] = (
    engine_of_the_model,
    model_of_use,
    engine_on_the_gpus,
    known_licences,
    accepted_licence,
    context_of_the_model,
    memory_of_the_gpus,
)
