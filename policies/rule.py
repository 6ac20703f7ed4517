"""What a rule is: a pure check of one resource or of a stack, with what people need to know of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from policies.reading import Unread
from policies.stack import Item, Settings, Stack

Row = TypeVar("Row")
Parameters = Mapping[str, Any]


class Severity(StrEnum):
    """How bad it is when a rule is broken."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a broken rule does: `mandatory` stops, `advisory` tells, `disabled` is not run."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Levels:
    """A rule's level in each profile, when no configuration says otherwise."""

    dev: Level
    prod: Level
    eu: Level

    def of(self, profile: str) -> Level:
        """Return the level in a profile: "dev", "prod" or "eu"."""
        return {"dev": self.dev, "prod": self.prod, "eu": self.eu}[profile]


ALWAYS = Levels(Level.MANDATORY, Level.MANDATORY, Level.MANDATORY)
PROD = Levels(Level.ADVISORY, Level.MANDATORY, Level.MANDATORY)
ADVISORY = Levels(Level.ADVISORY, Level.ADVISORY, Level.ADVISORY)


@dataclass(frozen=True)
class Parameter:
    """A value that a team may set for a rule. `kind` is "integer", "number", "boolean", "text" or "texts".

    `defaults` overrides `default` in single profiles. `minimum`, `maximum` and `allowed` bound what may be given.
    """

    name: str
    kind: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def default_in(self, profile: str) -> Any:
        """Return the value that holds in a profile when none is given."""
        return self.defaults.get(profile, self.default)


@dataclass(frozen=True)
class Problem:
    """Why a rule is broken: the property, and a message that never repeats a value that could be secret.

    `item` is the resource it is about, for checks of a whole stack; None stands for the stack itself.
    """

    path: str
    message: str
    item: Item | None = None


@dataclass(frozen=True)
class Unevaluated:
    """What a rule could not read: never a pass."""

    path: str
    reason: str
    item: Item | None = None


Outcome = Problem | Unevaluated
Check = Callable[[Item, Settings], Iterator[Outcome]]
CheckStack = Callable[[Stack, Settings], Iterator[Outcome]]


class NotApplicable(Exception):  # noqa: N818 - a verdict, not an error
    """Raised by a check: the rule says nothing about this resource, for the given reason."""


@dataclass(frozen=True)
class Rule:
    """One rule. Exactly one of `check` (one resource) and `check_stack` (several together) is given.

    `types` are the canonical types that the rule is about; ("*",) stands for all. `guards` names the inputs whose
    changes must not be ignored, or the rule would no longer see them. `floor` forbids configuration to weaken the rule
    in the profiles prod and eu. `references` holds ids of the same demand elsewhere: checkov, fsbp, cis, nag, trivy,
    prowler, owasp-llm-2026, guard.
    """

    id: str
    area: str
    title: str
    severity: Severity
    levels: Levels
    types: tuple[str, ...]
    rationale: str
    fix: str
    check: Check | None = None
    check_stack: CheckStack | None = None
    floor: bool = False
    guards: tuple[str, ...] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        if (self.check is None) == (self.check_stack is None):
            raise ValueError(f"rule {self.id}: give either check or check_stack")

    def applies_to(self, kind: str) -> bool:
        """Tell whether the rule is about a canonical type."""
        return self.types == ("*",) or kind in self.types

    def values(self, profile: str, given: Parameters) -> Parameters:
        """Return the parameters in a profile: those given, over the defaults."""
        return MappingProxyType({row.name: given.get(row.name, row.default_in(profile)) for row in self.parameters})


def each(rows: Iterable[Row], check: Callable[[Row], Iterator[Outcome]], item: Item | None = None) -> Iterator[Outcome]:
    """Check each row for itself: what cannot be read in one does not hide what is wrong in the next.

    `item` is the resource that an unread value belongs to, in checks of a whole stack.
    """
    for row in rows:
        try:
            yield from check(row)
        except Unread as error:
            yield Unevaluated(error.path, error.reason, item)


def each_item(items: Iterable[Item], check: Callable[[Item], Iterator[Outcome]]) -> Iterator[Outcome]:
    """Check each resource of a stack for itself: what is found is about it, unless it names another resource."""
    for item in items:
        for outcome in each((item,), check, item):
            yield outcome if outcome.item else replace(outcome, item=item)
