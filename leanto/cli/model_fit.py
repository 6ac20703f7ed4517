"""Whether each model fits a GPU, and how fast it runs there: what `leanto models fit` shows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rich.table import Table

from catalog.engines import ENGINES
from catalog.gpus import Gpu, runs_on
from catalog.open_models import OpenModel
from catalog.rows import Catalogue, Instance
from catalog.sizing import Need, automatic_slots, largest_slots, memory_mib, need, room_mib
from catalog.throughput import Range, Throughput, throughput
from leanto.cli.exits import CommandError
from leanto.cli.model_names import gib, nearest


@dataclass(frozen=True)
class Target:
    """What a model is to run on: GPUs of one kind, as one of them or as an instance has them.

    `gpu` is None where nothing is known of its speed.
    """

    name: str
    instance: Instance
    gpu: Gpu | None

    def memory_mib(self, engine: str) -> int:
        """Return how much GPU memory an engine finds."""
        return memory_mib(self.instance, engine)


@dataclass(frozen=True)
class Fit:
    """How a model goes with a GPU: what `slots` requests of a context take, how many fit, and how fast they are.

    `reason` says why it does not go, empty when it does.
    """

    model: OpenModel
    context_tokens: int
    slots: int
    needed: Need
    room_mib: Decimal
    most_slots: int
    speed: Throughput | None
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it: sizes in MiB, speeds in tokens a second."""
        parts = {"weights": self.needed.weights, "cache": self.needed.cache, "overhead": self.needed.overhead}
        return {
            "model": self.model.id,
            "engine": self.model.engine,
            "licence": self.model.licence,
            "fits": not self.reason,
            "reason": self.reason,
            "context_tokens": self.context_tokens,
            "slots": self.slots,
            "needed_mib": round(float(self.needed.total), 1),
            **{f"{name}_mib": round(float(part), 1) for name, part in parts.items()},
            "available_mib": round(float(self.room_mib), 1),
            "largest_slots": self.most_slots,
            "tokens_per_second": _speeds(self.speed),
        }


def target(name: str, tables: Catalogue) -> Target:
    """Return what a name of a GPU or of an instance type means. Raises CommandError for others."""
    wanted = name.strip().lower()
    instances = tables.instances.values()
    for instance in instances:
        if wanted == instance.type:
            return Target(instance.type, instance, tables.gpus.get(instance.gpu))
        if wanted == instance.gpu.lower():
            return Target(instance.gpu, replace(instance, gpu_count=1), tables.gpus.get(instance.gpu))
    gpus = list(dict.fromkeys(instance.gpu for instance in instances))
    known = f"GPUs: {', '.join(gpus)}; instance types: {', '.join(tables.instances)}"
    raise CommandError(f"--gpu {name!r}: no GPU or instance type of the catalogue{nearest(name, gpus)}; {known}")


def fits_of(on: Target, context_tokens: int, slots: int | None, tables: Catalogue) -> Iterator[Fit]:
    """Yield how each model of the catalogue goes; without `slots`, with as many as would be chosen by themselves."""
    for model in tables.offered_models.values():
        memory = on.memory_mib(model.engine)
        count = slots or max(1, automatic_slots(model, context_tokens, memory))
        needed, room = need(model, context_tokens, count), room_mib(model.engine, memory)
        reason = _reason(model, on, context_tokens, needed, room)
        speed = throughput(model, on.gpu, context_tokens, count, tables) if on.gpu and not reason else None
        most = largest_slots(model, context_tokens, memory)
        yield Fit(model, context_tokens, count, needed, room, most, speed, reason)


def _reason(model: OpenModel, on: Target, context_tokens: int, needed: Need, room: Decimal) -> str:
    engine = ENGINES[model.engine]
    if not runs_on(engine, on.gpu):
        return f"{engine.name} needs a GPU known to be of compute capability {engine.compute_capability} or later"
    if context_tokens > model.context_tokens:
        return f"no more than {model.context_tokens} tokens of context"
    if needed.total > room:
        return f"{gib(needed.total - room)} GiB short"
    return ""


def table(fits: list[Fit]) -> Table:
    """Return the fits laid out for people."""
    shown = Table(box=None, pad_edge=False)
    for title in ("Model", "Fits"):
        shown.add_column(title, no_wrap=True)
    for title in ("GiB needed", "available", "slots", "most", "tok/s one", "tok/s all"):
        shown.add_column(title, justify="right", no_wrap=True)
    for title in ("Basis", "Engine", "Licence"):
        shown.add_column(title, no_wrap=True)
    for fit in fits:
        sizes = (gib(fit.needed.total), gib(fit.room_mib), str(fit.slots), str(fit.most_slots))
        speed = fit.speed
        speeds = (_range(speed.stream), _range(speed.slots), speed.basis.value) if speed else ("-", "-", "-")
        said = "no" if fit.reason else "yes"
        shown.add_row(fit.model.id, said, *sizes, *speeds, fit.model.engine, fit.model.licence)
    return shown


def unseen_reasons(fits: list[Fit]) -> list[str]:
    """Return why models do not go where the table's sizes do not tell, each reason once."""
    unseen = [fit for fit in fits if fit.reason and fit.needed.total <= fit.room_mib]
    reasons = dict.fromkeys(fit.reason for fit in unseen)
    return [f"{reason}: {', '.join(fit.model.id for fit in unseen if fit.reason == reason)}" for reason in reasons]


def _range(speed: Range) -> str:
    """Return what is expected, with what it is at least and at most."""
    return f"{speed.expected:.0f} ({speed.low:.0f}-{speed.high:.0f})"


def _speeds(speed: Throughput | None) -> dict[str, Any] | None:
    if speed is None:
        return None
    parts = {"prompt": speed.prompt, "one_stream": speed.stream, "all_slots": speed.slots}
    return {
        **{
            name: {key: round(float(getattr(each, key)), 1) for key in ("low", "expected", "high")}
            for name, each in parts.items()
        },
        "basis": speed.basis.value,
    }
