"""Runs a Pulumi program in this process, without engine, credentials or network, and returns what it registers.

Each run has its own copy of the Pulumi runtime's settings, which live in context variables: runs may follow each other,
fail, or stand beside runs of the Automation API, and leave no trace.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime import Settings, config, configure
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

from leanto.check.answers import Answers
from leanto.check.made_up import MadeUp
from leanto.check.monitor import Monitor
from leanto.check.results import Synthesis, SynthesisError, in_order
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import Resource

Program = Callable[[], Any]
"""What `main` of a program is: a function without arguments, which may be asynchronous."""

PROVIDER = "aws:"
"""Namespace of the configuration that the default provider takes."""


def synthesise(
    program: Program,
    *,
    project: str,
    stack: str,
    configuration: Mapping[str, str],
    secret_keys: frozenset[str] = frozenset(),
    preview: bool = False,
    types: Mapping[str, Resource] = RESOURCES,
    answers: Answers | None = None,
) -> Synthesis:
    """Run `program` and return the stack that it describes.

    `configuration` holds namespaced keys ("leanto:mode", "aws:region") and texts, structured values as JSON: what the
    engine would hand over, defaults included. With `preview`, ids and computed outputs are unknown, as in a first
    preview; else `answers` makes them up. Only `types` are accepted.

    Raises SynthesisError when inputs are refused, all refusals at once, or when the program does what synthesis cannot
    follow; what the program itself raises comes through as it is. Must not be called from a running event loop.
    """
    monitor = Monitor(
        project=project,
        stack=stack,
        provider_config={
            key.removeprefix(PROVIDER): value for key, value in configuration.items() if key.startswith(PROVIDER)
        },
        types=types,
        answers=answers or MadeUp(),
        preview=preview,
    )
    settings = Settings(
        project=project, stack=stack, monitor=monitor, engine=monitor, dry_run=preview, organization="organization"
    )

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(_already_raised)
        configure(settings)
        set_root_resource(None)  # type: ignore[arg-type]  # as the runtime itself does
        config.set_all_config(dict(configuration), sorted(secret_keys))
        await run_in_stack(program)

    # A loop factory keeps the runner from touching the thread's own event loop; each runner has its own context.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(run())
    if monitor.failures:
        listed = tuple(sorted(monitor.failures, key=lambda failure: (failure.urn, failure.property)))
        raise SynthesisError("the provider refuses inputs:\n  " + "\n  ".join(map(str, listed)), listed)
    return Synthesis(project, stack, preview, in_order(monitor.resources), monitor.outputs, tuple(monitor.messages))


def _already_raised(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Drop what asyncio would print of futures that nobody awaited: a failing run has raised the cause itself."""
    del loop, context
