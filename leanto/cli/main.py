"""The `leanto` command: finds the subcommand, imports only that, and turns every error into words and an exit code."""

import importlib
import os
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import click

from leanto.cli.exits import Exit, code_of, text_of

COMMANDS = MappingProxyType(
    {
        "demo": ("leanto.cli.demo", "Deploy the hybrid preset into AWS in a box, ask it a question, take it down."),
        "new": ("leanto.cli.new", "Make a stack of your own from a preset."),
        "check": ("leanto.cli.check", "Hold a stack to the rules, before anything exists and without credentials."),
        "preview": ("leanto.cli.preview", "Show what up would change."),
        "up": ("leanto.cli.up", "Deploy a stack."),
        "refresh": ("leanto.cli.refresh", "Read every resource back and show the drift."),
        "outputs": ("leanto.cli.outputs", "Show a deployed stack's outputs."),
        "destroy": ("leanto.cli.destroy", "Delete every resource of a stack."),
        "keys": ("leanto.cli.keys", "Create, list and revoke keys of the endpoint."),
        "budget": ("leanto.cli.budget", "Show, set and raise what keys, teams and the stack may spend."),
        "provider-key": ("leanto.cli.provider_key", "Store a managed provider's key, read from standard input."),
        "gateway": ("leanto.cli.gateway", "Run the gateway as a server, on this machine or on one of yours."),
        "models": ("leanto.cli.models", "List open models, tell which fit a GPU, and put one into a pool's bucket."),
        "engine-image": (
            "leanto.cli.engine_image",
            "Pin the container image that serves the model, and put it into a pool's bucket.",
        ),
        "ami": ("leanto.cli.ami", "Pin the image of the GPU nodes."),
        "bundle": ("leanto.cli.bundle", "Build the function bundles."),
        "engine": ("leanto.cli.engine", "Find, fetch or build the Pulumi engine and print where it is."),
        "box": ("leanto.cli.box", "Start, look at and stop AWS in a box."),
        "stop": ("leanto.cli.stop", "Stop a stack from spending: routes off, GPU nodes to zero."),
        "resume": ("leanto.cli.resume", "Let a stopped stack answer again."),
        "recipe": ("leanto.cli.recipe", "Print a pipeline that checks and deploys stacks."),
        "unlock": ("leanto.cli.unlock", "Let go of the lock of a run that was killed."),
    }
)
"""Name -> (module with a click command `command`, what it does)."""


class LazyGroup(click.Group):
    """A group that imports a subcommand when it is called, and for `--help` none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one subcommand."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="leanto", message="leanto %(version)s")
def cli() -> None:
    """A small LLM platform that leans on managed APIs: one OpenAI-compatible endpoint in your own AWS account.

    Each command works on a stack: --stack NAME reads Pulumi.NAME.yaml. With --embedded it works on AWS in a box, a
    process on this machine, and never on an account.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; nothing but the exit code and words reach the caller."""
    if os.environ.get("LEANTO_DEBUG") != "1":
        # Warnings of libraries are for developers, and so is what they drop when their engine was killed.
        warnings.simplefilter("ignore")
        sys.unraisablehook = lambda _: None
    try:
        # Out of standalone mode click returns the code of an Exit that a command raises.
        code = cli.main(list(arguments), prog_name="leanto", standalone_mode=False)
    except (KeyboardInterrupt, Exception) as error:
        return _told(error)
    return code if isinstance(code, int) else Exit.OK


def _told(error: BaseException) -> int:
    if os.environ.get("LEANTO_DEBUG") == "1":
        traceback.print_exception(error)
    code = code_of(error)
    if code is Exit.INTERNAL:
        _say(f"leanto has met an error of its own: {type(error).__name__}\n{_log(error)}")
    elif code is Exit.INTERRUPTED:
        _say(str(error) or "interrupted")
    else:
        _say(f"error: {text_of(error)}")
        if isinstance(error, click.ClickException):
            context: Any = getattr(error, "ctx", None)
            _say(f"See `{context.command_path if context else 'leanto'} --help`.")
    return code


def _log(error: BaseException) -> str:
    """Write the traceback, which shows lines of code and no values, to a file and return where it is."""
    text = "".join(traceback.format_exception(error))
    from leanto.engine.cache import root  # noqa: PLC0415 - only needed here

    path = root(os.environ) / "log" / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError:
        return "LEANTO_DEBUG=1 shows where."
    return f"Where it happened is in {path}; LEANTO_DEBUG=1 shows it here."


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """Start the command."""
    sys.exit(run(sys.argv[1:]))
