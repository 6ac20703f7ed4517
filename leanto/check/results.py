"""What synthesis yields: the resources that a program registers, as the engine would see them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Any

STACK = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def short_type(resource_type: str) -> str:
    """Return `aws:lambda/function:Function` as `lambda function`; a component's type stays."""
    parts = resource_type.split(":")
    if len(parts) != 3 or parts[0] != "aws":
        return resource_type
    return parts[1].replace("/", " ")


@dataclass(frozen=True)
class Source:
    """The line of the program that made a resource."""

    file: str
    line: int


@dataclass(frozen=True)
class Options:
    """The resource options that change what the engine does with a resource."""

    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    deleted_with: str | None = None
    additional_secret_outputs: tuple[str, ...] = ()
    import_id: str | None = None


@dataclass(frozen=True)
class SynthesisedResource:
    """One resource. `inputs` are those after Check: named, defaulted, tagged; unknown values are `UNKNOWN`.

    `id` is None where it is not known. `read` tells a resource that the program looked up and does not own.
    `secret_inputs` names the inputs that hold a secret at some depth; their values stand in `inputs` like others.
    `incomplete` says why what stands here may not be all that would be created; empty where it is.
    """

    urn: str
    type: str
    name: str
    custom: bool
    id: str | None
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    parent: str | None
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    provider: str | None
    options: Options
    secret_inputs: tuple[str, ...]
    source: Source | None
    read: bool = False
    incomplete: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assumption:
    """Something that only the cloud, another stack or a secret store knows, and what was taken for it instead.

    `subject` is the function, stack, setting or URN that it is about.
    """

    subject: str
    text: str


@dataclass(frozen=True)
class Message:
    """A line that the program logged through Pulumi."""

    severity: str
    text: str
    urn: str


@dataclass(frozen=True)
class Synthesis:
    """A whole stack: its resources, parents and dependencies first, and its outputs.

    `provider_config` is what the default provider of AWS is set to.
    """

    project: str
    stack: str
    preview: bool
    resources: tuple[SynthesisedResource, ...]
    outputs: Mapping[str, Any]
    messages: tuple[Message, ...]
    assumptions: tuple[Assumption, ...] = ()
    provider_config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def of_type(self, token: str) -> tuple[SynthesisedResource, ...]:
        """Return the resources of one Pulumi type."""
        return tuple(resource for resource in self.resources if resource.type == token)

    def owned(self) -> tuple[SynthesisedResource, ...]:
        """Return the cloud resources that the stack would create: no components, providers, or looked-up ones."""
        return tuple(
            row for row in self.resources if row.custom and not row.read and not row.type.startswith(PROVIDER_PREFIX)
        )


@dataclass(frozen=True)
class Failure:
    """An input that the provider's Check refused."""

    urn: str
    type: str
    name: str
    property: str
    reason: str
    source: Source | None

    def __str__(self) -> str:
        """Return the refusal as one line."""
        at = f" ({self.source.file}:{self.source.line})" if self.source else ""
        return f"{self.type} {self.name!r}: {self.property}: {self.reason}{at}"


class SynthesisError(Exception):
    """The program cannot be synthesised; the message says why. `failures` lists refused inputs, if those are why."""

    def __init__(self, message: str, failures: tuple[Failure, ...] = ()) -> None:
        super().__init__(message)
        self.failures = failures


_NOT_OWN = re.compile(r"(^|/)((site|dist)-packages/|leanto/check/run_program\.py$|lib/python3\.\d+/|<frozen)")
"""Files that are not the program's own: installed packages, the standard library, what runs the program."""


def own_source(frames: Iterable[Source]) -> Source | None:
    """Return the first line, from the innermost on, that is the program's own."""
    return next((frame for frame in frames if not _NOT_OWN.search(frame.file)), None)


def in_order(resources: Iterable[SynthesisedResource]) -> tuple[SynthesisedResource, ...]:
    """Return resources with parents and dependencies first, and by URN where that leaves a choice.

    Registration runs on several threads, so the order in which resources arrive is not the same twice.
    """
    by_urn = {resource.urn: resource for resource in resources}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for resource in by_urn.values():
        needs = {*resource.dependencies, *([resource.parent] if resource.parent else [])}
        sorter.add(resource.urn, *(needs & by_urn.keys()))
    sorter.prepare()
    ordered: list[SynthesisedResource] = []
    while sorter.is_active():
        for urn in sorted(ready := sorter.get_ready()):
            ordered.append(by_urn[urn])
        sorter.done(*ready)
    return tuple(ordered)
