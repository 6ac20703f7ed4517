"""What `leanto check` looks at: the stack of a program, or what an exported state says exists."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leanto.cli import screen
from leanto.cli.project import find_root

if TYPE_CHECKING:
    from leanto.check.results import Synthesis


@dataclass(frozen=True)
class Subject:
    """A stack to check. `profile` is the one that its settings ask for; `folder` is where exemptions are looked for."""

    folder: Path
    origin: str
    profile: str
    environment: str
    synthesise: "Callable[[], Synthesis]"


def open_subject(stack: str | None, program: Path | None, state: Path | None) -> Subject:
    """Return what the options name. Raises click.UsageError for options that do not go together."""
    if state is not None:
        if stack or program:
            raise click.UsageError("--state checks what was exported: it goes with neither --stack nor --program")
        return _state(state)
    if program is None and stack is None:
        raise click.UsageError("name what to check: --stack NAME, --program DIR or --state FILE")
    return _program(program, stack)


def _state(path: Path) -> Subject:
    from leanto.check.state import read_state  # noqa: PLC0415 - brings the plugin's values
    from policies.profiles import STRICTEST  # noqa: PLC0415

    synthesis = read_state(path)
    folder = next((above for above in path.absolute().parents if (above / "Pulumi.yaml").is_file()), path.parent)
    return Subject(folder, f"state {path.name}", STRICTEST, "", lambda: synthesis)


def _program(program: Path | None, stack: str | None) -> Subject:
    from leanto.check.folder import choose_stack, program_folder  # noqa: PLC0415
    from leanto.check.pins import missing_pins  # noqa: PLC0415
    from leanto.check.programs import synthesise_program  # noqa: PLC0415
    from leanto.check.project import stack_configuration  # noqa: PLC0415
    from policies.profiles import environment_of, profile_of  # noqa: PLC0415

    # Our own checkout is what this interpreter has installed; another program has its own.
    python = None if program else Path(sys.executable)
    root = program_folder(program.absolute() if program else find_root(), python).root
    name = choose_stack(root, stack)
    values = stack_configuration(root, name, needs_file=stack is not None).values
    overlay = missing_pins(values)

    def synthesise() -> "Synthesis":
        screen.say(f"leanto: synthesising the stack {name}")
        return synthesise_program(root, stack, overlay=overlay, python=python, strict=program is None)

    return Subject(root, f"program of {name}", profile_of(values), environment_of(values), synthesise)
