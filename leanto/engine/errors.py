"""What can go wrong between the command and the Pulumi engine, each with the remedy in its message."""

from dataclasses import dataclass


class EngineError(Exception):
    """The engine, or a run of it, did not do what was asked; the message is written for the user."""


@dataclass(frozen=True)
class Attempt:
    """One step of the ladder that gave no engine: where we looked and why it was not taken."""

    step: str
    reason: str


class EngineMissingError(EngineError):
    """No Pulumi engine could be found, downloaded or built."""

    def __init__(self, attempts: tuple[Attempt, ...], remedy: str) -> None:
        self.attempts = attempts
        tried = "\n".join(f"  - {attempt.step}: {attempt.reason}" for attempt in attempts)
        super().__init__(f"no Pulumi engine could be had\n{tried}\n{remedy}")


class StepFailedError(Exception):
    """A step of the ladder cannot give an engine; the ladder goes on to the next one with this reason."""


class ProjectFileError(EngineError):
    """`Pulumi.yaml` or a stack file cannot be read, or is not what Pulumi reads."""


class StateLockedError(EngineError):
    """The stack's state is locked by another run, or by one that was killed."""


class StateUnreadableError(EngineError):
    """The stack's state is damaged, or its place cannot be read or written."""


class StackUnknownError(EngineError):
    """There is no such stack in the state, or no settings file for it."""


class InterruptedRunError(EngineError):
    """The run was cancelled by the user; what was done until then is in the state."""

    def __init__(self, operation: str, stack: str) -> None:
        super().__init__(
            f"{operation} of stack {stack!r} was cancelled; what was done until then is in the state, "
            "and running it again goes on from there"
        )


@dataclass(frozen=True)
class Diagnostic:
    """A message of the engine about one resource, or about the run when `urn` is empty."""

    severity: str
    message: str
    urn: str = ""

    @property
    def resource(self) -> str:
        """Return `type name` of the resource, or an empty string."""
        parts = self.urn.split("::")
        return f"{parts[2].rsplit('$', 1)[-1]} {parts[3]}" if len(parts) > 3 else ""

    def __str__(self) -> str:
        kind, _, name = self.resource.partition(" ")
        says_itself = kind in self.message and name in self.message
        return self.message if says_itself else f"{self.resource}: {self.message}"


class DeploymentFailedError(EngineError):
    """The engine could not bring the stack to the wanted state."""

    def __init__(self, operation: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.operation = operation
        self.diagnostics = diagnostics
        lines = "\n".join(f"  - {diagnostic}" for diagnostic in diagnostics)
        super().__init__(f"{operation} failed:\n{lines}")


@dataclass(frozen=True)
class Violation:
    """What the policy pack tells of a resource; of the stack where `urn` is that of the stack or empty.

    A `mandatory` one stops the deployment. `message` is what `policies.telling` has written.
    """

    rule: str
    urn: str
    mandatory: bool
    message: str


class PoliciesBrokenError(EngineError):
    """A mandatory rule of the policy pack is broken; `violations` has all that the pack told, the advisory too."""

    def __init__(self, operation: str, violations: tuple[Violation, ...]) -> None:
        self.operation = operation
        self.violations = violations
        broken = sorted({seen.rule for seen in violations if seen.mandatory})
        super().__init__(f"{operation} stopped: {len(broken)} rules of the policy pack are broken: {', '.join(broken)}")
