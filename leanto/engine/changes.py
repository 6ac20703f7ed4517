"""What a run did, or would do, to each resource: gathered from the engine's events."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from leanto.engine.errors import Diagnostic, Violation

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent, StepEventMetadata

Operation = Literal["same", "create", "update", "replace", "delete", "read", "import", "refresh", "discard"]

REPLACING = frozenset({"replace", "create-replacement", "delete-replaced", "import-replacement", "read-replacement"})
"""The engine's steps of a replacement: one change to the one who looks at it."""

NAME_INPUTS = ("name", "bucket", "functionName", "alarmName", "dashboardName", "groupName")
PENDING_WARNING = "Attempting to deploy or update resources with"

UNCHANGED = frozenset({"same", "read", "refresh"})
_COLOUR = re.compile(r"<\{%[^%]*%\}>")
"""The engine's marks for colours in the text of an event."""


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    urn: str
    type: str
    operation: Operation
    properties: tuple[str, ...] = ()
    """Names of the changed properties, as far as the provider tells."""
    replacing_properties: tuple[str, ...] = ()
    """Those among them that make a replacement necessary."""

    @property
    def name(self) -> str:
        """Return the logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def is_provider(self) -> bool:
        """Tell whether this is a provider's configuration and no resource of AWS."""
        return self.type.startswith("pulumi:providers:")


@dataclass(frozen=True)
class Pending:
    """An operation that a killed run had begun and not finished: whether it took place is not known."""

    kind: Literal["creating", "updating", "deleting", "reading", "importing"]
    urn: str
    inputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def aws_name(self) -> str:
        """Return the name under which AWS would show the resource; empty for those that AWS gives an id."""
        names = (self.inputs.get(key) for key in NAME_INPUTS)
        return next((name for name in names if isinstance(name, str)), "")

    def __str__(self) -> str:
        kind, name = self.urn.split("::")[2:4]
        shown = f"{self.kind} {kind.rsplit('$', 1)[-1]} {name}"
        return f"{shown}, in AWS {self.aws_name}" if self.aws_name else shown


@dataclass(frozen=True)
class Progress:
    """One step of the engine at one resource; `planned` in a preview."""

    phase: Literal["started", "finished", "failed"]
    change: Change
    planned: bool = False


Event = Progress | Diagnostic | Violation
OnEvent = Callable[[Event], None]
"""Called from the threads of the event stream, one call at a time."""


@dataclass(frozen=True)
class Result:
    """The outcome of a run: what happened to each resource, what the stack gives out, what was warned of."""

    changes: Mapping[str, Change]
    outputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Diagnostic, ...] = ()
    duration_seconds: float = 0.0
    violations: tuple[Violation, ...] = ()
    """What the policy pack told; empty too where the run had none."""

    @property
    def changed(self) -> tuple[Change, ...]:
        """Return what is not as it was, in the order of their URNs."""
        return tuple(self.changes[urn] for urn in sorted(self.changes) if self.changes[urn].operation not in UNCHANGED)

    def counts(self) -> dict[str, int]:
        """Return operation -> number of resources, providers left out, as the engine counts."""
        return dict(Counter(change.operation for change in self.changes.values() if not change.is_provider))


class Collector:
    """Takes the engine's events from any thread and keeps the last word on each resource."""

    def __init__(self, on_event: OnEvent | None = None) -> None:
        self._on_event = on_event
        self._lock = threading.Lock()
        self._changes: dict[str, Change] = {}
        self._diagnostics: list[Diagnostic] = []
        self._violations: list[Violation] = []

    def __call__(self, event: "EngineEvent") -> None:
        """Take one event."""
        with self._lock:
            taken = self._take(event)
            if taken is not None and self._on_event is not None:
                self._on_event(taken)

    def _take(self, event: "EngineEvent") -> Event | None:
        if event.diagnostic_event is not None:
            return self._diagnose(event)
        if event.policy_event is not None:
            return self._judge(event)
        if event.resource_pre_event is not None:
            planned = bool(event.resource_pre_event.planning)
            return Progress("started", _change(event.resource_pre_event.metadata), planned)
        if event.res_op_failed_event is not None:
            return Progress("failed", _change(event.res_op_failed_event.metadata))
        if event.res_outputs_event is not None:
            change = _change(event.res_outputs_event.metadata)
            self._keep(change)
            return Progress("finished", change, bool(event.res_outputs_event.planning))
        return None

    def _keep(self, change: Change) -> None:
        """Keep a change; an update followed by nothing, or the delete half of a replacement, does not undo it."""
        before = self._changes.get(change.urn)
        if before is not None and before.operation not in UNCHANGED and not change.properties:
            return
        self._changes[change.urn] = change

    def _diagnose(self, event: "EngineEvent") -> Diagnostic | None:
        seen = event.diagnostic_event
        if seen is None or seen.severity == "debug" or seen.ephemeral:
            return None
        diagnostic = Diagnostic(seen.severity, _in_our_words(seen.message.strip()), seen.urn or "")
        self._diagnostics.append(diagnostic)
        return diagnostic

    def _judge(self, event: "EngineEvent") -> Violation | None:
        seen = event.policy_event
        if seen is None:
            return None
        mandatory = seen.enforcement_level == "mandatory"
        message = _COLOUR.sub("", seen.message).strip()
        violation = Violation(seen.policy_name, seen.resource_urn or "", mandatory, message)
        self._violations.append(violation)
        return violation

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Return what the policy pack told until now, each once."""
        with self._lock:
            return tuple(dict.fromkeys(self._violations))

    @property
    def changes(self) -> Mapping[str, Change]:
        """Return what is known until now."""
        with self._lock:
            return MappingProxyType(dict(self._changes))

    def diagnostics(self, severity: str) -> tuple[Diagnostic, ...]:
        """Return the messages of one severity, each once."""
        with self._lock:
            return tuple(dict.fromkeys(seen for seen in self._diagnostics if seen.severity == severity))


def _in_our_words(message: str) -> str:
    """Replace the engine's advice on pending operations: it names a command that asks questions."""
    if not message.startswith(PENDING_WARNING):
        return message
    begun = [line.strip("* ") for line in message.splitlines() if line.startswith("  *")]
    return (
        "a killed run had begun these and not finished: " + "; ".join(line.rsplit("::", 1)[-1] for line in begun) + ". "
        "Once you know which of them exist, `leanto refresh --forget-pending-creates` takes this note away."
    )


def _change(metadata: "StepEventMetadata") -> Change:
    engine_operation = metadata.op.value
    operation: Any = "replace" if engine_operation in REPLACING else engine_operation.split("-")[0]
    properties = sorted(metadata.detailed_diff or ()) or sorted(metadata.diffs or ())
    return Change(metadata.urn, metadata.type, operation, tuple(properties), tuple(sorted(metadata.keys or ())))
