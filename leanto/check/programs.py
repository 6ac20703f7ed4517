"""Synthesises a Pulumi program in a process of its own: ours, or any other team's that uses pulumi-aws."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from leanto.check.folder import ProgramFolder, choose_stack, program_folder
from leanto.check.process import End, child
from leanto.check.program_errors import failure
from leanto.check.project import StackConfiguration, stack_configuration
from leanto.check.results import Assumption, Synthesis, SynthesisError, in_order

if TYPE_CHECKING:
    from leanto.check.open_monitor import OpenMonitor

TIMEOUT_SECONDS = 120.0
ORGANIZATION = "organization"
PROVIDER = "aws:"


def synthesise_program(
    root: Path,
    stack: str | None = None,
    *,
    overlay: Mapping[str, object] | None = None,
    python: Path | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    strict: bool = False,
) -> Synthesis:
    """Return the stack that the program of the project at `root` describes.

    Its interpreter is the one that Pulumi.yaml names, else ours; `python` overrides that. Without `stack` the only one
    that has a file is taken, or the project's defaults where none has. Values that only the cloud knows are unknown or
    made up, see `Synthesis.assumptions`. Files of resources are relative to `root` where they lie in it. With `strict`
    inputs that the plugin of the box refuses are errors; other programs may use AWS in ways that it does not know.

    Raises ProjectError: a file of the project is missing or wrong. SynthesisError: the program fails, takes longer than
    `timeout_seconds`, or does what synthesis cannot follow. Must not run where the process may not start others.
    """
    folder = program_folder(root, python)
    name = choose_stack(folder.root, stack)
    configuration = stack_configuration(folder.root, name, overlay, needs_file=stack is not None)
    with child(folder.python, folder.cwd, timeout_seconds) as process:
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # it tells of each connection that ends, on standard error
        # Brings all of Pulumi, while the program's own interpreter does the same.
        from leanto.check import open_monitor, service  # noqa: PLC0415

        path = process.ready()
        if not isinstance(path, tuple):
            raise failure(folder, name, path, timeout_seconds)
        monitor = _monitor(name, configuration, path, strict=strict)
        with service.serve(monitor) as served:
            end = process.run(_task(folder, name, configuration, served.address))
        if served.error is not None and not isinstance(served.error, SynthesisError | ValueError):
            raise served.error
        if served.error is not None:
            raise SynthesisError(str(served.error).replace(f"{folder.root}/", "")) from None
        if end.error is not None or end.timed_out:
            raise failure(folder, name, end, timeout_seconds)
    if monitor.failures:
        listed = tuple(sorted(monitor.failures, key=lambda one: (one.urn, one.property)))
        raise SynthesisError("the provider refuses inputs:\n  " + "\n  ".join(map(str, listed)), listed)
    return Synthesis(
        project=configuration.project,
        stack=name,
        preview=False,
        resources=open_monitor.relative(in_order(monitor.resources), str(folder.root)),
        outputs=monitor.outputs,
        messages=tuple(monitor.messages),
        assumptions=(*_closed_environments(configuration), *_unreached(end), *monitor.assumptions),
        provider_config=MappingProxyType(_provider_config(configuration)),
    )


def _provider_config(configuration: StackConfiguration) -> dict[str, str]:
    given = configuration.values.items()
    return {key.removeprefix(PROVIDER): value for key, value in given if key.startswith(PROVIDER)}


def _monitor(stack: str, configuration: StackConfiguration, path: tuple[str, ...], *, strict: bool) -> "OpenMonitor":
    from leanto.check.made_up import MadeUp  # noqa: PLC0415 - as above
    from leanto.check.open_monitor import OpenMonitor  # noqa: PLC0415
    from leanto.check.sdk_source import SdkSource  # noqa: PLC0415
    from leanto.embedded.plugin.registry import RESOURCES  # noqa: PLC0415

    return OpenMonitor(
        project=configuration.project,
        stack=stack.rpartition("/")[2],
        provider_config=_provider_config(configuration),
        types=RESOURCES,
        answers=MadeUp(),
        source=SdkSource(path),
        region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "",
        strict=strict,
    )


def _task(folder: ProgramFolder, stack: str, configuration: StackConfiguration, address: str) -> dict[str, Any]:
    parts = stack.split("/")
    return {
        "address": address,
        "project": configuration.project,
        "stack": parts[-1],
        "organization": parts[0] if len(parts) > 1 else ORGANIZATION,
        "root": str(folder.root),
        "program": str(folder.program),
        "cwd": str(folder.cwd),
        "configuration": dict(configuration.values),
        "secret_keys": sorted(configuration.secret_keys),
    }


def _closed_environments(configuration: StackConfiguration) -> tuple[Assumption, ...]:
    text = "only Pulumi Cloud can open it: the values that the stack takes from it are missing"
    return tuple(Assumption(f"environment {name}", text) for name in configuration.environments)


def _unreached(end: End) -> tuple[Assumption, ...]:
    text = "the program wants to reach it, and went on without: it may describe something else where it can"
    return tuple(Assumption(f"network {host}", text) for host in end.refused)
