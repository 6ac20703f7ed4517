"""One stack of the project, run by the engine with the program inline: preview, up, refresh, destroy and the rest."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pulumi.automation import LocalWorkspace, Stack
from pulumi.automation.errors import CommandError, StackNotFoundError

from leanto.engine import environment as environments
from leanto.engine import workdir
from leanto.engine.changes import Collector, OnEvent, Pending, Result
from leanto.engine.command import EngineCommand
from leanto.engine.errors import InterruptedRunError, PoliciesBrokenError
from leanto.engine.failures import Names, explain
from leanto.engine.find import Engine
from leanto.engine.policypack import PolicyPack
from leanto.engine.program import GuardedProgram, Program


class Deployment:
    """Runs the engine on one stack.

    Args:
        root: folder with `Pulumi.yaml` and `Pulumi.<stack>.yaml`; neither is written to.
        stack: name of the stack.
        program: declares the resources; its exceptions come back to the caller as they are.
        engine: what `leanto.engine.find.ensure` gave.
        work_dir: folder of this stack's copies of the settings; kept between runs.
        state_url: where the state is, `file:///folder` or any URL of an engine's backend; None = the engine's login.
        overlay: configuration key (`leanto:mode`, `aws:region`) -> value, winning over the stack file.
        environment: all that the engine and its plugins see, from `leanto.engine.environment`.
        pulumi_home: the engine's home (plugins, credentials); None = the user's own.
        options: how this stack is named in the commands of remedies, such as `--stack dev --embedded`.
    """

    def __init__(
        self,
        root: Path,
        stack: str,
        program: Program,
        *,
        engine: Engine,
        work_dir: Path,
        state_url: str | None,
        overlay: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
        pulumi_home: Path | None = None,
        options: str | None = None,
    ) -> None:
        self.name = stack
        self._names = Names(stack, state_url or "the engine's own login", options or f"--stack {stack}")
        content = workdir.prepare(work_dir, root, stack, overlay or {})
        workdir.make_state_folder(state_url)
        full = environments.completed(
            environments.inherited() if environment is None else environment,
            state_url=state_url,
            pulumi_home=pulumi_home,
            has_own_secrets="secretsprovider" in content,
        )
        self._program = GuardedProgram(program)
        self._stack: Stack | None = None
        self._command = EngineCommand(engine, full)
        self._workspace = LocalWorkspace(
            work_dir=str(work_dir), program=self._program, env_vars={}, pulumi_command=self._command
        )

    def preview(self, on_event: OnEvent | None = None, policies: PolicyPack | None = None) -> Result:
        """Return what `up` would do; nothing is changed. `policies` is the pack that the stack is held to.

        Raises:
            PoliciesBrokenError: a mandatory rule of the pack is broken.
            EngineError: see `leanto.engine.errors`; what the program raises comes back as it is.
        """
        return self._run("preview", on_event, make=True, **_held_to(policies))

    def up(self, on_event: OnEvent | None = None, policies: PolicyPack | None = None) -> Result:
        """Create, change and delete until the account is as the program says. Raises like `preview`.

        With `policies` each resource is judged before it is created; the stack as a whole only afterwards, so do a
        `preview` with the same pack first.
        """
        return self._run("up", on_event, make=True, **_held_to(policies))

    def refresh(self, on_event: OnEvent | None = None, *, forget_pending_creates: bool = False) -> Result:
        """Read every resource back into the state; the changes are the drift. Raises like `preview`.

        `forget_pending_creates` drops the notes that a killed run has left about creations it had begun.
        """
        return self._run("refresh", on_event, make=False, clear_pending_creates=forget_pending_creates)

    def destroy(self, on_event: OnEvent | None = None) -> Result:
        """Delete every resource of the stack; the empty stack stays in the state. Raises like `preview`."""
        return self._run("destroy", on_event, make=False)

    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs of the last `up`."""
        with self._explained("outputs", Collector()):
            return _plain(self._select(make=False).outputs())

    def export(self) -> Mapping[str, Any]:
        """Return the state: `resources` and, after a killed run, `pending_operations`."""
        with self._explained("export", Collector()):
            return MappingProxyType(dict(self._select(make=False).export_stack().deployment or {}))

    def pending(self) -> tuple[Pending, ...]:
        """Return each operation that a killed run had begun and not finished."""
        operations = self.export().get("pending_operations") or ()
        return tuple(
            Pending(operation["type"], operation["resource"]["urn"], operation["resource"].get("inputs") or {})
            for operation in operations
        )

    def cancel(self) -> None:
        """Take away the lock of a run that is gone. Harmful while that run still works."""
        with self._explained("unlock", Collector()):
            self._select(make=False).cancel()

    def _run(self, operation: str, on_event: OnEvent | None, *, make: bool, **options: Any) -> Result:
        collector = Collector(on_event)
        started = time.monotonic()
        self._program.raised = None
        self._command.interrupted = False
        with self._command.cancelled_by_signals(), self._explained(operation, collector):
            run = getattr(self._select(make=make), operation)
            outcome = run(on_event=collector, color="never", suppress_progress=True, **options)
        return Result(
            collector.changes,
            _plain(getattr(outcome, "outputs", {})),
            collector.diagnostics("warning"),
            time.monotonic() - started,
            collector.violations,
        )

    def _select(self, *, make: bool) -> Stack:
        if self._stack is None:
            try:
                self._stack = Stack.select(self.name, self._workspace)
            except StackNotFoundError:
                if not make:
                    raise
                self._stack = Stack.create(self.name, self._workspace)
        return self._stack

    @contextmanager
    def _explained(self, operation: str, collector: Collector) -> Iterator[None]:
        try:
            yield
        except CommandError as error:
            if self._command.interrupted:
                raise InterruptedRunError(operation, self.name) from error
            if self._program.raised is not None:
                raise self._program.raised from None
            broken = tuple(seen for seen in collector.violations if seen.mandatory)
            if broken:
                raise PoliciesBrokenError(operation, collector.violations) from error
            raise explain(operation, self._command.last, collector, self._names) from error
        finally:
            self._program.end()


def _held_to(policies: PolicyPack | None) -> dict[str, Any]:
    if policies is None:
        return {}
    return {"policy_packs": [str(policies.path)], "policy_pack_configs": [str(policies.configuration)]}


def _plain(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType({name: output.value for name, output in outputs.items()})
